import type { AppendEntries, PreVote, RequestVote } from '../../../src/raft/types.js';
import type { Prng } from '../../../src/sim/prng.js';

/** Numbers that a peer might send by mistake or on purpose, beside those that it should send. */
const absurd: readonly unknown[] = [
  ...[-1, 0.5, 1e308, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, 2 ** 53, 2 ** 64, -(2 ** 53)],
  ...['1', '', null, true, [], {}, [1], { valueOf: 1 }],
];

/** Texts that are no message at all. */
export const garbage: readonly string[] = [
  '',
  ' ',
  'null',
  '0',
  '"appendEntries"',
  '[]',
  '{}',
  '{',
  '{"type":"appendEntries"}',
  '{"type":"requestVote"}',
  '{"type":"__proto__"}',
  '{"__proto__":{"type":"requestVote"}}',
  '{"type":"appendEntriesResponse","from":1,"to":0,"term":1,"success":true}',
  '{"type":"requestVoteResponse","from":1,"to":0,"term":1,"granted":true}',
  '['.repeat(200_000),
  '{"a":'.repeat(200_000),
  '1'.repeat(200_000),
  `"${'\\u0000'.repeat(100_000)}"`,
];

export function heartbeat(from: number, to: number, term: number): AppendEntries {
  return {
    type: 'appendEntries',
    from,
    to,
    term,
    prevLogIndex: 0,
    prevLogTerm: 0,
    entries: [],
    leaderCommit: 0,
    hasQuorum: true,
    sequence: 1,
    readRound: 0,
  };
}

export function vote(
  type: 'preVote' | 'requestVote',
  from: number,
  to: number,
  term: number,
): PreVote | RequestVote {
  return { type, from, to, term, lastLogIndex: 2 ** 50, lastLogTerm: term };
}

/** A valid message with one field, at any depth, replaced by nonsense or left out. */
export function spoiled(valid: object, prng: Prng): object {
  const copy = structuredClone(valid) as Record<string, unknown>;
  const entries = copy['entries'];
  if (Array.isArray(entries) && entries.length > 0 && prng.chance(0.5)) {
    const position = prng.between(0, entries.length - 1);
    entries[position] = spoiled(entries[position] as object, prng);
    return copy;
  }
  const field = prng.pick(Object.keys(copy));
  // Fields left out one by one make the text invalid; numbers that are too large may be valid, and must do no harm.
  if (prng.chance(0.2)) return Object.fromEntries(Object.entries(copy).filter(([name]) => name !== field));
  copy[field] = prng.pick(absurd);
  return copy;
}
