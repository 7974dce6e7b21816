import type { CheckResult } from '../runRecord.js';
import type { LeaderGap } from '../watch/leaderGaps.js';
import type { RunFacts } from './facts.js';
import { counted, duration, percentile } from './words.js';

/** The assignment's limit. */
const ELECTION_MS = 5_000;

/** Whether there was a leader within 5 s, whenever a majority was up and its members heard one another. */
export function leaderInTime({ gaps, blindMs, allowance }: RunFacts): CheckResult {
  const name = 'a leader within 5 s';
  const late = gaps.filter((gap) => lengthOf(gap) > ELECTION_MS * allowance + blindMs);
  const details = gaps.map(gapText);
  if (late.length > 0) {
    const summary = `${counted(late.length, 'time')} there was no leader in time: ${late.map(gapText).join('; ')}.`;
    return { name, verdict: 'fail', summary, details };
  }
  const lengths = gaps.filter(({ elected }) => elected !== null).map(lengthOf);
  if (lengths.length === 0) return { name, verdict: 'unknown', summary: 'No election was needed.', details };
  const [p50, p95, max] = [0.5, 0.95, 1].map((share) => duration(percentile(lengths, share)));
  const summary =
    `${counted(lengths.length, 'election')}: p50 ${p50 ?? ''}, p95 ${p95 ?? ''}, longest ${max ?? ''}` +
    ` (seen with up to ${duration(blindMs)} between two looks).`;
  return { name, verdict: 'pass', summary, details };
}

function lengthOf({ neededAt, endedAt }: LeaderGap): number {
  return endedAt - neededAt;
}

function gapText(gap: LeaderGap): string {
  const after = `needed at ${duration(gap.neededAt)}`;
  const took = duration(lengthOf(gap));
  if (gap.elected === null) return `${after}: none for ${took}, then no longer possible or the end`;
  const { leader, term } = gap.elected;
  // Servers of the assignment tell no terms.
  return `${after}: server ${leader}${term === 0 ? '' : ` in term ${term}`} after ${took}`;
}
