import type { CheckResult, RunMs, ServerId } from '../runRecord.js';
import { conditionsOf, type Conditions } from '../watch/conditions.js';
import type { RunFacts } from './facts.js';
import { counted, duration } from './words.js';

/** So long an old leader may need to hear of its successor: a heartbeat or two, and the looks at both. */
const TOGETHER_MS = 2_000;

interface Reign {
  readonly leader: ServerId;
  readonly from: RunMs;
  readonly to: RunMs;
}

/**
 * Whether never two servers led at the same time for longer than a leader needs to hear of another one, in the sight of a
 * majority each. This is as much as can be seen of servers that do not tell their terms.
 */
export function oneLeaderAtATime(facts: RunFacts): CheckResult {
  const name = 'one leader at a time';
  const reigns = reignsOf(facts);
  const details = reigns.map(reignText);
  if (reigns.length === 0) return { name, verdict: 'unknown', summary: 'Nobody was seen to lead.', details };
  const stretches = conditionsOf(facts.serverCount, facts.faults, facts.endedAt);
  const limitMs = TOGETHER_MS + facts.blindMs;
  for (const [place, one] of reigns.entries()) {
    for (const other of reigns.slice(place + 1)) {
      if (one.leader === other.leader) continue;
      const together = longestTogether(one, other, stretches);
      if (together <= limitMs) continue;
      const summary = `Servers ${one.leader} and ${other.leader} both led for ${duration(together)}: ${reignText(one)}; ${reignText(other)}.`;
      return { name, verdict: 'fail', summary, details };
    }
  }
  return {
    name,
    verdict: 'pass',
    summary: `${counted(reigns.length, 'leadership')} came one after the other.`,
    details,
  };
}

function reignsOf({ samples, endedAt }: RunFacts): Reign[] {
  const reigns: Reign[] = [];
  const since = new Map<ServerId, RunMs>();
  const end = (leader: ServerId, to: RunMs): void => {
    const from = since.get(leader);
    if (from !== undefined) reigns.push({ leader, from, to });
    since.delete(leader);
  };
  for (const { server, at, role, crashed } of samples.toSorted((a, b) => a.at - b.at)) {
    if (role !== 'leader' || crashed) end(server, at);
    else if (!since.has(server)) since.set(server, at);
  }
  for (const leader of [...since.keys()]) end(leader, endedAt);
  return reigns.sort((a, b) => a.from - b.from);
}

/** The longest time at a stretch during which a majority could hear the one and the other. */
function longestTogether(one: Reign, other: Reign, stretches: readonly Conditions[]): number {
  let longestMs = 0;
  let ms = 0;
  for (const stretch of stretches) {
    const from = Math.max(one.from, other.from, stretch.from);
    const to = Math.min(one.to, other.to, stretch.to);
    if (to <= from) continue;
    const areHeard = [one, other].every(
      ({ leader }) => stretch.audienceOf(leader).length >= stretch.majority,
    );
    ms = areHeard ? ms + to - from : 0;
    longestMs = Math.max(longestMs, ms);
  }
  return longestMs;
}

function reignText({ leader, from, to }: Reign): string {
  return `server ${leader} led from ${duration(from)} to ${duration(to)}`;
}
