import { explain } from './explanation.js';
import { FileHistories } from './fileHistories.js';
import { isFileOperation, type FileOperation, type Operation, type Verdict } from './history.js';
import { checkKeyValues } from './models.js';
import { momentsOf } from './moments.js';
import { settle } from './settling.js';
import { orderSnapshots } from './snapshots.js';
import type { SearchOptions } from './wgl.js';

/**
 * Whether the operations on files (`updatefile`, reads of one file, reads of the whole map) are linearizable
 * in the sense of Herlihy & Wing 1990; operations on keys are passed over. Exact, for every history, and without
 * search: about `n log n` for `n` operations, plus the number of files per map read.
 *
 * The general problem is NP-complete (Gibbons & Korach, "Testing shared memories", 1997). It is easy here because
 * a version is written at most once and versions grow by one, so the order of the writes of a file is
 * known, and only their times w(f,1) <= w(f,2) <= ... are to be found. The argument:
 *
 * 1. An order exists exactly when each operation can be given an instant between call and return, where
 *    operations at one instant may be put in any order. (From an order: give each operation the latest call so far.)
 * 2. Who wrote: version v of f is written by the update acknowledged for it; else by one of those with
 *    an unknown outcome and the content that was seen. An unknown outcome leaves the end open, so of several the
 *    one called first serves best, and one that wrote nothing is no constraint. A version with no
 *    possible writer is never written (time infinity). Operations that failed are left out.
 * 3. A read of f that saw v, from a to b, has an instant exactly when w(f,v) <= b and w(f,v+1) >= a: bounds
 *    on single moments. An acknowledged update from a to b: a <= w(f,v) <= b. A possible one: a <= w(f,v).
 * 4. Whole-map reads see vectors of versions; these must be totally ordered (`orderSnapshots`). For each vector
 *    there is a moment `begin`, after the writes of all versions in it and before all reads of it have
 *    returned, and a moment `end` after it, not before the last such read was called and before the writes of all
 *    next versions. As vectors are ordered these moments and the writes form a graph without cycles, and
 *    moments at one instant can be put in its order. A read of the vector has an instant exactly
 *    when those bounds hold, as in 3.
 * 5. A refused update of v, from a to b, has an instant exactly when w(f,v-1) >= a or w(f,v) <= b; that is,
 *    w(f,v) > b implies w(f,v-1) >= a. It changes nothing, so it constrains nothing else. With v < 1 there is always one.
 * 6. So all constraints are of the forms x >= a, x <= b, x <= y and (x > b implies y >= a). Those without the upper
 *    bounds x <= b are kept by the minimum of two solutions: they have a least solution, found by raising
 *    times until nothing moves (`settle`). Upper bounds hold in some solution exactly when they hold in the least one.
 *    This includes the refusals: no choice is ever made, so there is none to take back.
 *
 * Each earliest time remembers what set it, so a violation is told by the operations along one chain: without
 * refusals by two operations and perhaps a map read between them (where one of the two would be an update of
 * unknown outcome: by all that could have written the version).
 *
 * @returns never ok `unknown`; `operations` are enough to show the violation, whatever other updates did
 */
export function checkFiles(history: readonly Operation[]): Verdict<FileOperation> {
  const claims = FileHistories.of(history);
  if (!(claims instanceof FileHistories)) return claims;
  const snapshots = orderSnapshots(claims.mapReads, [...claims.files.keys()]);
  if (!Array.isArray(snapshots)) return snapshots;
  const conflict = settle(momentsOf(claims, snapshots));
  return conflict === undefined ? { ok: true } : explain(conflict);
}

/**
 * Whether a history is linearizable: its operations on files and its operations on keys, which are separate objects.
 *
 * @param options the budget of the search on each key
 * @returns the first violation; else ok `unknown` if the budget ran out
 */
export function checkHistory(history: readonly Operation[], options?: SearchOptions): Verdict {
  const files = history.some(isFileOperation) ? checkFiles(history) : ({ ok: true } as const);
  return files.ok === true ? checkKeyValues(history, options) : files;
}
