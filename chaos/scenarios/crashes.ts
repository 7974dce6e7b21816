import type { Scenario } from './scenario.js';

export const rollingLeaders: Scenario = {
  name: 'rolling-leaders',
  shows:
    'Whoever leads is crashed and restored, over and over: there is always a next leader, and nothing is lost.',
  serversMin: 3,
  needs: [],
  repeats: true,
  steps: [
    { expect: 'leader' },
    { crash: 'leader' },
    { expect: 'newLeader' },
    { wait: 1 },
    { restore: 'all' },
    { wait: 1 },
  ],
};

export const rollingCrashes: Scenario = {
  name: 'rolling-crashes',
  shows:
    'One server after the other is crashed for a while, leader or not: the others go on, and it catches up.',
  serversMin: 3,
  needs: [],
  repeats: true,
  steps: [
    { crash: 0 },
    { wait: 1.5 },
    { restore: 0 },
    { wait: 1 },
    { crash: 1 },
    { wait: 1.5 },
    { restore: 1 },
    { wait: 1 },
    { crash: 2 },
    { wait: 1.5 },
    { restore: 2 },
    { wait: 1 },
    { crash: 'minority' },
    { wait: 1.5 },
    { restore: 'all' },
    { wait: 1 },
  ],
};

export const majorityLost: Scenario = {
  name: 'majority-lost',
  shows:
    'The leader loses so many followers that no majority is left: updates wait, and are answered when the followers are back.',
  serversMin: 3,
  needs: [],
  repeats: true,
  steps: [
    { expect: 'leader' },
    { crash: 'enoughFollowers' },
    { expect: 'blocked' },
    { wait: 1 },
    { expect: 'sameLeader' },
    { restore: 'all' },
    { expect: 'answered' },
    { wait: 1 },
  ],
};
