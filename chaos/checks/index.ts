import { asExpected } from './asExpected.js';
import { blockedCalls } from './blockedCalls.js';
import { callsAnswered } from './callsAnswered.js';
import type { CheckResult } from '../runRecord.js';
import type { Check, RunFacts } from './facts.js';
import { elementsOnce } from './elementsOnce.js';
import { idleTraffic } from './idleTraffic.js';
import { leaderInTime } from './leaderInTime.js';
import { linearizable } from './linearizable.js';
import { noMajorityNoAnswer } from './noMajorityNoAnswer.js';
import { nothingLost } from './nothingLost.js';
import { oneLeaderAtATime } from './oneLeaderAtATime.js';
import { oneLeaderPerTerm } from './oneLeaderPerTerm.js';
import { replicasEqual } from './replicasEqual.js';
import { standStill } from './standStill.js';

/**
 * Every verdict of a run, in the order in which they are shown. A story that expects nothing is not judged by itself, and what
 * servers of the assignment do not have is not judged of them.
 */
export function judge(facts: RunFacts): CheckResult[] {
  const isOwn = facts.dialect === 'own';
  const left: readonly (Check | false)[] = [
    facts.expectations.length === 0 && asExpected,
    !isOwn && elementsOnce,
    isOwn ? oneLeaderAtATime : oneLeaderPerTerm,
    !isOwn && facts.idle === undefined && idleTraffic,
  ];
  const applicable = checks.filter((check) => !left.includes(check));
  return applicable.map((check) => check(facts));
}

const checks: readonly Check[] = [
  linearizable,
  nothingLost,
  elementsOnce,
  callsAnswered,
  noMajorityNoAnswer,
  oneLeaderPerTerm,
  oneLeaderAtATime,
  leaderInTime,
  standStill,
  blockedCalls,
  replicasEqual,
  idleTraffic,
  asExpected,
];
