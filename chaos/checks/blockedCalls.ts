import type { Attempt } from '../clients/attempts.js';
import type { CheckResult, RunMs } from '../runRecord.js';
import { conditionsOf, type Conditions } from '../watch/conditions.js';
import type { RunFacts } from './facts.js';
import { counted, duration } from './words.js';

/** So long after a majority is back a call may still wait. */
const ANSWER_MS = 5_000;
/** The time that the answer and its measurement may take on a busy machine. */
const SLACK_MS = 500;
/** A call that waited longer than this without a majority was blocked. */
const BLOCKED_MS = 500;
/** A call that was to be answered within a deadline may be so much late. */
const LATE_MS = 2_000;

interface Waited {
  readonly attempt: Attempt;
  /** How long it waited while its server had no majority. */
  readonly blockedMs: number;
  /** The longest time at a stretch that it waited while its server was one of a majority that hear one another. */
  readonly servedMs: number;
  /** The last such stretch: how long after the majority was back the wait ended. */
  readonly afterMs: number;
}

/**
 * Whether every call that waited was answered within 5 s of a majority being back, in so far as the server that it was sent to
 * stayed up and was one of that majority. Any answer will do, a fault too: what must not be is a call that is forgotten. One with a
 * deadline of its own is answered by then, majority or not, unless the process stands still or is gone.
 */
export function blockedCalls(facts: RunFacts): CheckResult {
  const name = 'blocked calls finish';
  const stretches = conditionsOf(facts.serverCount, facts.faults, facts.endedAt);
  const inMajority = new Map(stretches.map((stretch) => [stretch, membersOf(stretch)] as const));
  const unlimited = facts.attempts.filter(({ deadlineMs }) => deadlineMs === undefined);
  const waited = unlimited.map((attempt) => waitedBy(attempt, inMajority, facts.endedAt));
  const forgotten = waited
    .filter(({ servedMs }) => servedMs > ANSWER_MS * facts.allowance + SLACK_MS)
    .map(waitText);
  const late = facts.attempts
    .filter((attempt) => isLate(attempt, facts))
    .map((attempt) => lateText(attempt, facts));
  const blocked = waited.filter(({ blockedMs }) => blockedMs > BLOCKED_MS);
  const details = [...forgotten, ...late];
  if (details.length > 0) {
    const summary = `${counted(details.length, 'call')} had no answer in time: ${details[0] ?? ''}.`;
    return { name, verdict: 'fail', summary, details };
  }
  if (blocked.length === 0)
    return { name, verdict: 'unknown', summary: 'No call had to wait for a majority.', details: [] };
  const answered = blocked.filter(({ attempt }) => attempt.answered);
  const longestMs = Math.max(0, ...answered.map(({ afterMs }) => afterMs));
  const longestWaitMs = Math.max(...blocked.map(({ blockedMs }) => blockedMs));
  const summary =
    `${counted(blocked.length, 'call')} waited for a majority, up to ${duration(longestWaitMs)}; ` +
    `${answered.length} were answered, at most ${duration(longestMs)} after it was back; of the others the client gave up or the connection broke.`;
  return { name, verdict: 'pass', summary, details: [] };
}

function membersOf(stretch: Conditions): ReadonlySet<number> {
  return new Set(stretch.servers.filter((server) => stretch.hasMajority(stretch.servers, server)));
}

function waitedBy(
  attempt: Attempt,
  inMajority: ReadonlyMap<Conditions, ReadonlySet<number>>,
  end: RunMs,
): Waited {
  let blockedMs = 0;
  let servedMs = 0;
  let afterMs = 0;
  for (const [stretch, members] of inMajority) {
    const ms = Math.min(stretch.to, attempt.endedAt ?? end) - Math.max(stretch.from, attempt.sentAt);
    if (ms <= 0) continue;
    if (members.has(attempt.server)) {
      afterMs += ms;
      servedMs = Math.max(servedMs, afterMs);
    } else {
      blockedMs += ms;
      afterMs = 0;
    }
  }
  return { attempt, blockedMs, servedMs, afterMs };
}

/** Of a server that was stopped or killed meanwhile nobody can ask that. */
function isLate(attempt: Attempt, { faults, endedAt }: RunFacts): boolean {
  const { server, sentAt, deadlineMs } = attempt;
  const until = attempt.endedAt ?? endedAt;
  if (deadlineMs === undefined || until - sentAt <= deadlineMs + LATE_MS) return false;
  return !faults.some(
    (fault) =>
      fault.server === server &&
      (fault.kind === 'pause' || fault.kind === 'kill') &&
      fault.startedAt < until &&
      (fault.endedAt ?? endedAt) > sentAt,
  );
}

function lateText({ operation, server, sentAt, endedAt, deadlineMs = 0 }: Attempt, facts: RunFacts): string {
  const waitedMs = (endedAt ?? facts.endedAt) - sentAt;
  return `the call of operation #${operation} at server ${server}, sent at ${duration(sentAt)}, waited ${duration(waitedMs)} though it had a deadline of ${duration(deadlineMs)}`;
}

function waitText({ attempt, blockedMs, servedMs }: Waited): string {
  const blocked = blockedMs > 0 ? ` after ${duration(blockedMs)} without a majority` : '';
  return (
    `the call of operation #${attempt.operation} at server ${attempt.server}, sent at ${duration(attempt.sentAt)}, ` +
    `waited ${duration(servedMs)} with a majority up${blocked}`
  );
}
