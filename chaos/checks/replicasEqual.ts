import { isDeepStrictEqual } from 'node:util';
import type { CheckResult } from '../runRecord.js';
import type { Replica, RunFacts } from './facts.js';
import { counted, duration } from './words.js';

/** Whether all servers had applied the same, within 10 s of everything being healed. */
export function replicasEqual({ replicas: seen, unhealed }: RunFacts): CheckResult {
  const name = 'replicas are equal';
  if (seen === undefined)
    return { name, verdict: 'unknown', summary: 'Nobody looked at them.', details: unhealed };
  // A server that ends on its own, or does not come back when it is started or restored, has failed, whoever is to blame.
  if (unhealed.length > 0) {
    const summary = `Not all servers lasted, or came back: ${unhealed.join('; ')}.`;
    return { name, verdict: 'fail', summary, details: unhealed };
  }
  const details = seen.replicas.map((replica, server) =>
    replica === undefined ? `server ${server}: no answer` : replicaText(replica),
  );
  if (!areEqual(seen.replicas)) {
    const differing = differingLists(seen.replicas);
    const summary = `Not equal ${duration(seen.afterMs)} after all was healed: ${[...details, ...differing.slice(0, 2)].join('; ')}.`;
    return { name, verdict: 'fail', summary, details: [...details, ...differing] };
  }
  const [first] = seen.replicas;
  const hasSomething = [...Object.values(first?.versions ?? {}), ...Object.values(first?.lists ?? {})].some(
    (value) => value !== 0 && value !== null,
  );
  if (!hasSomething)
    return {
      name,
      verdict: 'unknown',
      summary: 'Nothing was written: there is nothing to be equal.',
      details,
    };
  const summary =
    `${counted(seen.replicas.length, 'server')} equal ${duration(seen.afterMs)} after all was healed: ` +
    `commit index ${first?.commitIndex ?? 0}, ${counted(Object.keys(first?.versions ?? {}).length, 'file')}, ${counted(Object.keys(first?.lists ?? {}).length, 'key')}.`;
  return { name, verdict: 'pass', summary, details };
}

/** Whether all of them answered, and have the same. */
export function areEqual(replicas: readonly (Replica | undefined)[]): boolean {
  const [first] = replicas;
  return replicas.every(
    (replica) =>
      replica !== undefined &&
      replica.commitIndex === first?.commitIndex &&
      replica.lastApplied === first.lastApplied &&
      replica.lastApplied === replica.commitIndex &&
      isDeepStrictEqual(replica.versions, first.versions) &&
      isDeepStrictEqual(replica.lists, first.lists),
  );
}

/** For each key of which not all have the same, what each has. */
function differingLists(replicas: readonly (Replica | undefined)[]): string[] {
  const there = replicas.filter((replica) => replica !== undefined);
  const keys = new Set(there.flatMap(({ lists }) => Object.keys(lists)));
  return [...keys].flatMap((key) => {
    const lists = there.map(({ lists }) => JSON.stringify(lists[key]));
    if (new Set(lists).size === 1) return [];
    return there.map(({ server }, index) => `server ${server}: "${key}" is ${lists[index] ?? 'not there'}`);
  });
}

function replicaText({ server, commitIndex, lastApplied, versions }: Replica): string {
  const files = Object.entries(versions).map(([file, version]) => `${file} ${version}`);
  return `server ${server}: commit index ${commitIndex}, applied ${lastApplied}, ${files.join(', ')}`;
}
