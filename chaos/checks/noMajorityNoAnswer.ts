import type { Attempt } from '../clients/attempts.js';
import type { CheckResult, FaultSpan } from '../runRecord.js';
import { conditionsOf, type Conditions } from '../watch/conditions.js';
import type { RunFacts } from './facts.js';
import { counted, duration } from './words.js';

/** After a fault took effect, messages that were under way may still arrive. */
const UNDER_WAY_MS = 100;

/**
 * Whether nothing was answered by a server that could not talk to a majority: neither updates nor reads, and no refusal of a
 * version either, since that it is wrong is only known to a majority. Calls of keys have a deadline, and may end in an error.
 */
export function noMajorityNoAnswer(facts: RunFacts): CheckResult {
  const name = 'nothing is answered without a majority';
  const stretches = conditionsOf(facts.serverCount, facts.faults.flatMap(certain), facts.endedAt);
  const lonely = stretches.filter((stretch) => stretch.servers.some((server) => isAlone(stretch, server)));
  const asked = facts.attempts.filter((attempt) => lonely.some((stretch) => wasSentIn(attempt, stretch)));
  const answered = asked.filter(
    (attempt) =>
      attempt.gaveResult &&
      lonely.some((stretch) => wasSentIn(attempt, stretch) && hasEndedIn(attempt, stretch)),
  );
  if (answered.length > 0) {
    const details = answered.map(answerText);
    const summary = `${counted(answered.length, 'call')} got a result from a server without a majority: ${details[0] ?? ''}.`;
    const operations = [...new Set(answered.map(({ operation }) => operation))].slice(0, 3);
    return { name, verdict: 'fail', summary, details, operations };
  }
  if (asked.length === 0)
    return {
      name,
      verdict: 'unknown',
      summary: 'No server without a majority was asked anything.',
      details: [],
    };
  const summary = `${counted(asked.length, 'call')} of servers without a majority got no result before there was one.`;
  return { name, verdict: 'pass', summary, details: [] };
}

/** The time during which the fault certainly had its effect; nothing if that is not known. */
function certain(span: FaultSpan): FaultSpan[] {
  const { heldFrom, heldTo } = span;
  if (heldFrom === undefined) return [];
  return [{ ...span, startedAt: heldFrom + UNDER_WAY_MS, endedAt: heldTo ?? span.endedAt }].filter(
    ({ startedAt, endedAt }) => endedAt === null || endedAt > startedAt,
  );
}

/** Whether fewer than a majority can exchange anything with it. */
function isAlone(stretch: Conditions, server: number): boolean {
  if (!stretch.isUp(server)) return false;
  const partners = stretch.servers.filter(
    (other) => other === server || stretch.hears(other, server) || stretch.hears(server, other),
  );
  return partners.length < stretch.majority;
}

function wasSentIn({ server, sentAt }: Attempt, stretch: Conditions): boolean {
  return sentAt >= stretch.from && sentAt < stretch.to && isAlone(stretch, server);
}

function hasEndedIn({ endedAt }: Attempt, stretch: Conditions): boolean {
  return endedAt !== null && endedAt <= stretch.to;
}

function answerText({ operation, server, sentAt, endedAt }: Attempt): string {
  const after = endedAt === null ? '' : ` ${duration(endedAt - sentAt)} after it was asked`;
  return `server ${server} answered operation #${operation} at ${duration(endedAt ?? sentAt)},${after}`;
}
