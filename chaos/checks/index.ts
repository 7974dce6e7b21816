import { asExpected } from './asExpected.js';
import { blockedCalls } from './blockedCalls.js';
import type { CheckResult } from '../runRecord.js';
import type { Check, RunFacts } from './facts.js';
import { elementsOnce } from './elementsOnce.js';
import { idleTraffic } from './idleTraffic.js';
import { leaderInTime } from './leaderInTime.js';
import { linearizable } from './linearizable.js';
import { nothingLost } from './nothingLost.js';
import { oneLeaderPerTerm } from './oneLeaderPerTerm.js';
import { replicasEqual } from './replicasEqual.js';
import { standStill } from './standStill.js';

/** Every verdict of a run, in the order in which they are shown. A story that expects nothing is not judged by itself. */
export function judge(facts: RunFacts): CheckResult[] {
  const applicable = checks.filter((check) => check !== asExpected || facts.expectations.length > 0);
  return applicable.map((check) => check(facts));
}

const checks: readonly Check[] = [
  linearizable,
  nothingLost,
  elementsOnce,
  oneLeaderPerTerm,
  leaderInTime,
  standStill,
  blockedCalls,
  replicasEqual,
  idleTraffic,
  asExpected,
];
