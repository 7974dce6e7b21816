import type { Scenario } from './scenario.js';

export const killEverything: Scenario = {
  name: 'kill-everything',
  shows:
    'All processes are killed at one moment and started again on what their disks kept: nothing that was acknowledged is lost.',
  serversMin: 1,
  needs: ['kill'],
  needsDisk: true,
  repeats: true,
  steps: [
    { expect: 'leader' },
    { kill: 'leader' },
    { expect: 'newLeader' },
    { start: 'all' },
    { wait: 1 },
    { kill: 'all' },
    { wait: 0.5 },
    { start: 'all' },
    { expect: 'leader' },
    { wait: 2 },
  ],
};

export const pausedLeader: Scenario = {
  name: 'paused-leader',
  shows:
    'The leader is stopped in the middle of its work and goes on after another one was elected: it must not answer from what it knew.',
  serversMin: 3,
  needs: ['pause'],
  repeats: true,
  steps: [
    { expect: 'leader' },
    { pause: 'leader' },
    { expect: 'newLeader' },
    { wait: 1 },
    { resume: 'all' },
    { wait: 1.5 },
  ],
};
