import type { Scenario } from './scenario.js';

/** The assignment's own example, for five servers: "Strawman testing strategy". */
export const strawman: Scenario = {
  name: 'strawman',
  shows:
    "The assignment's example: no leader with two of five servers up, one with the third, the same one with all; each leader that " +
    'is crashed has a successor, until the majority is gone.',
  serversMin: 5,
  serversMax: 5,
  needs: [],
  repeats: false,
  steps: [
    { expect: 'leader' },
    { crash: 'all' },
    { restore: 0 },
    { expect: 'noLeader' },
    { restore: 1 },
    { expect: 'noLeader' },
    { restore: 2 },
    { expect: 'leader' },
    { restore: 3 },
    { wait: 1 },
    { expect: 'sameLeader' },
    { restore: 4 },
    { wait: 1 },
    { expect: 'sameLeader' },
    { crash: 'leader' },
    { expect: 'newLeader' },
    { wait: 1 },
    { crash: 'leader' },
    { expect: 'newLeader' },
    { wait: 1 },
    { crash: 'leader' },
    { expect: 'noLeader' },
    { restore: 'all' },
    { expect: 'leader' },
    { wait: 1 },
  ],
};
