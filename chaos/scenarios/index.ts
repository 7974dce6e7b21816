import { majorityLost, rollingCrashes, rollingLeaders } from './crashes.js';
import { evaluation } from './evaluation.js';
import { bridge, flakyLinks, oneWay, splitBrain } from './partitions.js';
import { killEverything, pausedLeader } from './processes.js';
import type { Scenario } from './scenario.js';
import { strawman } from './strawman.js';

/** Every story, in the order in which `--list` shows them. */
export const scenarios: readonly Scenario[] = [
  strawman,
  rollingLeaders,
  rollingCrashes,
  majorityLost,
  splitBrain,
  oneWay,
  bridge,
  flakyLinks,
  pausedLeader,
  killEverything,
  evaluation,
];
