import type { Election, FaultSpan, RunMs, ServerId, StatusSample } from '../runRecord.js';
import { conditionsOf, type Conditions } from './conditions.js';

/** A stretch of time in which the servers could have had a leader and had none. */
export interface LeaderGap {
  readonly neededAt: RunMs;
  /** When there was one, or when a fault took away the majority, or the end of the run. */
  readonly endedAt: RunMs;
  readonly before: ServerId | null;
  /** Null: it did not end with a leader. */
  readonly elected: { readonly leader: ServerId; readonly term: number } | null;
}

interface Leadership {
  readonly leader: ServerId;
  readonly term: number;
}

/**
 * The times without a leader, from what the servers said and what was done to them.
 *
 * A leader counts while it runs and a majority hears it, itself included. One that is deaf but heard keeps its followers quiet: that is
 * how Raft is without the option of a check quorum, and no gap. A leader is needed while servers that make a majority hear one another;
 * whoever hears a leader that does not count is not among them, as it refuses its vote.
 */
export function leaderGaps(
  serverCount: number,
  faults: readonly FaultSpan[],
  samples: readonly StatusSample[],
  end: RunMs,
): LeaderGap[] {
  const gaps: LeaderGap[] = [];
  let neededAt: RunMs | null = null;
  let before: ServerId | null = null;
  for (const { at, conditions, latest } of moments(serverCount, faults, samples, end)) {
    const leading = leadershipIn(conditions, latest);
    if (leading !== undefined) {
      // Between two looks one leader can have followed on another.
      if (neededAt === null && before !== null && before !== leading.leader) neededAt = at;
      if (neededAt !== null) gaps.push({ neededAt, endedAt: at, before, elected: leading });
      neededAt = null;
      before = leading.leader;
    } else if (isNeeded(conditions, latest)) {
      neededAt ??= at;
    } else {
      if (neededAt !== null) gaps.push({ neededAt, endedAt: at, before, elected: null });
      neededAt = null;
    }
  }
  if (neededAt !== null) gaps.push({ neededAt, endedAt: end, before, elected: null });
  return gaps;
}

/** The gaps that ended with a leader other than the one before, or with the same in a later term. */
export function electionsOf(gaps: readonly LeaderGap[]): Election[] {
  const elections: Election[] = [];
  for (const { neededAt, endedAt, before, elected } of gaps) {
    const last = elections.at(-1);
    if (elected === null) continue;
    const { leader: to, term } = elected;
    // Servers of the assignment tell no terms: then a leader that comes back counts as the same leadership.
    if (term === 0 ? last?.to === to : last?.term === term) continue;
    elections.push({ neededAt, electedAt: endedAt, from: before, to, term });
  }
  return elections;
}

interface Moment {
  readonly at: RunMs;
  readonly conditions: Conditions;
  readonly latest: ReadonlyMap<ServerId, StatusSample>;
}

/** Every moment at which something changed, with all that was known then. */
function* moments(
  serverCount: number,
  faults: readonly FaultSpan[],
  samples: readonly StatusSample[],
  end: RunMs,
): Generator<Moment> {
  const inOrder = samples.toSorted((a, b) => a.at - b.at);
  const latest = new Map<ServerId, StatusSample>();
  let next = 0;
  for (const conditions of conditionsOf(serverCount, faults, end)) {
    yield { at: conditions.from, conditions, latest };
    for (let sample = inOrder[next]; sample !== undefined && sample.at < conditions.to;) {
      latest.set(sample.server, sample);
      yield { at: Math.max(sample.at, conditions.from), conditions, latest };
      next += 1;
      sample = inOrder[next];
    }
  }
}

function leadershipIn(
  conditions: Conditions,
  latest: ReadonlyMap<ServerId, StatusSample>,
): Leadership | undefined {
  let found: Leadership | undefined;
  for (const { server: leader, term } of leadersIn(latest)) {
    const counts = conditions.audienceOf(leader).length >= conditions.majority;
    if (counts && (found === undefined || term > found.term)) found = { leader, term };
  }
  return found;
}

function isNeeded(conditions: Conditions, latest: ReadonlyMap<ServerId, StatusSample>): boolean {
  const kept = new Set(leadersIn(latest).flatMap(({ server }) => conditions.audienceOf(server)));
  return conditions.hasMajority(conditions.servers.filter((server) => !kept.has(server)));
}

function leadersIn(latest: ReadonlyMap<ServerId, StatusSample>): StatusSample[] {
  return [...latest.values()].filter(({ role, crashed }) => role === 'leader' && !crashed);
}
