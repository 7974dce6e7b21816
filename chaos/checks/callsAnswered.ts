import type { Attempt } from '../clients/attempts.js';
import type { CheckResult, RunMs, StatusSample } from '../runRecord.js';
import { conditionsOf, type Conditions } from '../watch/conditions.js';
import type { RunFacts } from './facts.js';
import { counted, duration } from './words.js';

/** A server that leads again so soon after it stopped may have refused the call in between. */
const SETTLED_MS = 1_000;
/** So many calls of a leader may go wrong for reasons that nobody can see from outside. */
const SPARED = 2;
const SPARED_SHARE = 0.02;
/** Every second client gives a call up after so long, whatever the machine. */
const GIVEN_UP_MS = 1_500;
/** A majority that was up for so long could have answered something. */
const ELECTED_MS = 6_000;

/**
 * Whether calls come to a result while there is a leader and a majority. A fault is an answer that helps nobody: a server that
 * refuses everything has broken no other promise. Only calls count that were made at a leader that led before and after, and
 * heard a majority all the while.
 */
export function callsAnswered(facts: RunFacts): CheckResult {
  const name = 'calls are answered';
  const stretches = conditionsOf(facts.serverCount, facts.faults, facts.endedAt);
  const ended = facts.attempts.filter(({ endedAt }) => endedAt !== null);
  const judged = ended
    .filter((attempt) => isAtSettledLeader(attempt, facts.samples, stretches))
    .filter((attempt) => !wasGivenUpEarly(attempt, facts.allowance));
  const unanswered = judged.filter(({ gaveResult }) => !gaveResult);
  const figures = `${counted(judged.length, 'call')} of a leader with a majority`;
  const details = unanswered.map(attemptText);
  if (judged.length === 0) {
    const couldServe = stretches.some(
      (stretch) => stretch.to - stretch.from > ELECTED_MS && stretch.hasMajority(),
    );
    if (ended.length === 0 || ended.some(({ gaveResult }) => gaveResult) || !couldServe)
      return { name, verdict: 'unknown', summary: 'No call was made at a leader with a majority.', details };
    const summary = `None of ${counted(ended.length, 'call')} came to a result: ${ended[0]?.reason ?? 'no answer'}.`;
    return { name, verdict: 'fail', summary, details: ended.map(attemptText) };
  }
  if (unanswered.length > Math.max(SPARED, SPARED_SHARE * judged.length)) {
    const summary = `${unanswered.length} of ${figures} came to no result: ${details[0] ?? ''}.`;
    return { name, verdict: 'fail', summary, details };
  }
  const summary = `${judged.length - unanswered.length} of ${figures} came to a result.`;
  return { name, verdict: 'pass', summary, details };
}

function isAtSettledLeader(
  { server, sentAt, endedAt }: Attempt,
  samples: readonly StatusSample[],
  stretches: readonly Conditions[],
): boolean {
  if (endedAt === null) return false;
  const before = samples.findLast((sample) => sample.server === server && sample.at <= sentAt - SETTLED_MS);
  if (before === undefined || !leads(before)) return false;
  const [from, to]: [RunMs, RunMs] = [before.at, endedAt + SETTLED_MS];
  const wavered = samples.some(
    (sample) => sample.server === server && sample.at > from && sample.at < to && !leads(sample),
  );
  if (wavered) return false;
  return stretches
    .filter((stretch) => stretch.from < endedAt + SETTLED_MS && stretch.to > sentAt - SETTLED_MS)
    .every((stretch) => stretch.hasMajority(stretch.servers, server));
}

/** A slow machine might have answered later. */
function wasGivenUpEarly({ sentAt, endedAt, gaveResult }: Attempt, allowance: number): boolean {
  const tookMs = (endedAt ?? sentAt) - sentAt;
  return !gaveResult && tookMs >= GIVEN_UP_MS && tookMs < GIVEN_UP_MS * allowance;
}

function leads({ role, crashed }: StatusSample): boolean {
  return role === 'leader' && !crashed;
}

function attemptText({ operation, server, sentAt, endedAt, reason = 'no result' }: Attempt): string {
  const took = endedAt === null ? 'never ended' : `ended after ${duration(endedAt - sentAt)}`;
  return `the call of operation #${operation} at server ${server}, sent at ${duration(sentAt)}, ${took}: ${reason}`;
}
