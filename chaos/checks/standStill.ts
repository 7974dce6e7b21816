import type { Frozen, Standstill } from '../faults/standstill.js';
import type { CheckResult } from '../runRecord.js';
import type { RunFacts } from './facts.js';
import { counted, duration } from './words.js';

/** Whether nothing of a server moved from right after `crash` to right before `restore`. */
export function standStill({ standstills }: RunFacts): CheckResult {
  const name = 'crashed servers stand still';
  if (standstills.length === 0)
    return {
      name,
      verdict: 'unknown',
      summary: 'No server was crashed and restored by its hook.',
      details: [],
    };
  const moves = standstills.flatMap((standstill) =>
    differences(standstill).map((difference) => `${whenText(standstill)}: ${difference}`),
  );
  const count = counted(standstills.length, 'crash', 'crashes');
  if (moves.length > 0) {
    const summary = `Of ${count}, ${counted(moves.length, 'thing')} moved: ${moves[0] ?? ''}.`;
    return { name, verdict: 'fail', summary, details: moves };
  }
  const longest = Math.max(...standstills.map(({ crashedAt, restoredAt }) => restoredAt - crashedAt));
  const summary = `In ${count}, the longest of ${duration(longest)}, no version, term, vote or index moved.`;
  return { name, verdict: 'pass', summary, details: [] };
}

function differences({ before, after }: Standstill): string[] {
  const names = [
    'term',
    'votedFor',
    'commitIndex',
    'lastApplied',
    'lastIndex',
  ] as const satisfies readonly Exclude<keyof Frozen, 'versions'>[];
  const moved = names
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} went from ${before[name]} to ${after[name]}`);
  const versions = Object.keys(before.versions)
    .filter((file) => before.versions[file] !== after.versions[file])
    .map(
      (file) =>
        `version of "${file}" went from ${before.versions[file] ?? '?'} to ${after.versions[file] ?? '?'}`,
    );
  return [...versions, ...moved];
}

function whenText({ server, crashedAt, restoredAt }: Standstill): string {
  return `server ${server}, crashed at ${duration(crashedAt)}, restored at ${duration(restoredAt)}`;
}
