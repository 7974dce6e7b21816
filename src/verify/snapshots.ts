import { violation, type Violation } from './history.js';
import type { Answered, FileOperation, ReadMap } from './history.js';

/** One state of the file map that whole-map reads saw. */
export interface MapSnapshot {
  /** Version by number of file; 0 for a file not listed. */
  readonly versions: readonly number[];
  /** Of the reads that saw it: the one that returned first and the one invoked last. */
  readonly firstReturned: Answered<ReadMap>;
  readonly lastInvoked: Answered<ReadMap>;
}

/**
 * The states that whole-map reads saw, oldest first. Versions only grow, so of two states of the map the older
 * one is at most the newer one in every file: states that cannot be compared so are a violation. It is
 * enough to sort by the sum of versions and to compare neighbours, for the comparison is transitive.
 *
 * @param fileNames their order gives each file its number
 */
export function orderSnapshots(
  mapReads: readonly Answered<ReadMap>[],
  fileNames: readonly string[],
): MapSnapshot[] | Violation<FileOperation> {
  const numbers = new Map(fileNames.map((name, number) => [name, number]));
  const rows = mapReads.map((read) => row(read, numbers)).sort((a, b) => a.sum - b.sum);
  const snapshots: MapSnapshot[] = [];
  for (const { read, versions } of rows) {
    const last = snapshots.at(-1);
    if (last !== undefined) {
      const isUp = (version: number, file: number): boolean => version >= (last.versions[file] ?? 0);
      const backwards = versions.findIndex((version, file) => !isUp(version, file));
      if (backwards >= 0) {
        const forwards = versions.findIndex((version, file) => version > (last.versions[file] ?? 0));
        const [older, newer] = [fileNames[backwards] ?? '', fileNames[forwards] ?? ''].map((name) =>
          JSON.stringify(name),
        );
        return violation(
          `two map reads cannot be put in order: each saw a newer version than the other, of ${older} and of ${newer}`,
          [last.firstReturned, read],
        );
      }
      if (versions.every((version, file) => version === last.versions[file])) {
        snapshots[snapshots.length - 1] = joined(last, read);
        continue;
      }
    }
    snapshots.push({ versions, firstReturned: read, lastInvoked: read });
  }
  return snapshots;
}

interface Row {
  readonly read: Answered<ReadMap>;
  readonly versions: readonly number[];
  readonly sum: number;
}

function row(read: Answered<ReadMap>, numbers: ReadonlyMap<string, number>): Row {
  const versions = new Array<number>(numbers.size).fill(0);
  let sum = 0;
  for (const [name, { version }] of Object.entries(read.outcome.files)) {
    versions[numbers.get(name) ?? 0] = version;
    sum += version;
  }
  return { read, versions, sum };
}

function joined(snapshot: MapSnapshot, read: Answered<ReadMap>): MapSnapshot {
  const { versions, firstReturned, lastInvoked } = snapshot;
  return {
    versions,
    firstReturned: read.returnedAt < firstReturned.returnedAt ? read : firstReturned,
    lastInvoked: read.invokedAt > lastInvoked.invokedAt ? read : lastInvoked,
  };
}
