import type { Scenario } from './scenario.js';

export const splitBrain: Scenario = {
  name: 'split-brain',
  shows:
    'The network splits into {0,1,2} | {3,4}, then the leader is cut off from all: at most one side can write, and after it all agree.',
  serversMin: 5,
  serversMax: 5,
  needs: [],
  repeats: true,
  steps: [
    {
      partition: [
        [0, 1, 2],
        [3, 4],
      ],
    },
    { wait: 3 },
    { heal: 'links' },
    { wait: 1.5 },
    { isolate: 'leader' },
    { expect: 'newLeader' },
    { wait: 1.5 },
    { heal: 'links' },
    { wait: 1.5 },
  ],
};

export const oneWay: Scenario = {
  name: 'one-way',
  shows:
    'Links that fail in one direction: a follower that hears nobody deposes no leader; a leader that nobody hears is replaced; one ' +
    'that hears nobody keeps its calls waiting until the links are back.',
  serversMin: 3,
  needs: [],
  repeats: true,
  steps: [
    { expect: 'leader' },
    { oneWay: { deaf: 'follower', from: 'all' } },
    { wait: 2 },
    { expect: 'sameLeader' },
    { heal: 'links' },
    { wait: 1 },
    { oneWay: { deaf: 'all', from: 'leader' } },
    { expect: 'newLeader' },
    { wait: 1 },
    { heal: 'links' },
    { wait: 1 },
    { expect: 'leader' },
    { oneWay: { deaf: 'leader', from: 'all' } },
    { expect: 'blocked' },
    { heal: 'links' },
    { expect: 'answered' },
    { wait: 1 },
  ],
};

export const bridge: Scenario = {
  name: 'bridge',
  shows:
    'Two halves of the network that meet in one server alone: the leader is not deposed over and over, and writes go on.',
  serversMin: 4,
  needs: [],
  repeats: true,
  steps: [
    { bridge: 2 },
    { wait: 3 },
    { heal: 'links' },
    { wait: 1 },
    { bridge: 0 },
    { wait: 3 },
    { heal: 'links' },
    { wait: 1 },
  ],
};

export const flakyLinks: Scenario = {
  name: 'flaky-links',
  shows: 'Links that come and go several times a second, in one direction or both.',
  serversMin: 3,
  needs: [],
  repeats: true,
  steps: [
    { isolate: 'follower' },
    { wait: 0.3 },
    { heal: 'links' },
    { wait: 0.2 },
    { oneWay: { deaf: 'follower', from: 'leader' } },
    { wait: 0.7 },
    { oneWay: { deaf: 'leader', from: 'follower' } },
    { wait: 0.5 },
    { heal: 'links' },
    { wait: 0.3 },
    { isolate: 'leader' },
    { wait: 0.4 },
    { heal: 'links' },
    { wait: 0.6 },
  ],
};
