import { type FileHistories, type FileHistory, firstCall, writersOf } from './fileHistories.js';
import type { Answered, FileOperation, Update } from './history.js';
import type { MapSnapshot } from './snapshots.js';

/** What happens at a moment. */
type Happening =
  /** The file gets this version. Version 0: before all else. */
  | { readonly type: 'write'; readonly file: FileHistory; readonly version: number }
  /** The map gets into a state that whole-map reads saw, or is about to leave it. */
  | { readonly type: 'begin' | 'end'; readonly snapshot: MapSnapshot };

/** Why a moment cannot be earlier. */
type Cause =
  | { readonly type: 'start' }
  /** What happens needs one of these calls made, or a read invoked then still saw the state before it. */
  | { readonly type: 'invoked'; readonly by: readonly FileOperation[] }
  | { readonly type: 'after'; readonly moment: Moment }
  /** This refusal of the next version must come before it, for that version, if ever written, is too late. */
  | { readonly type: 'refused'; readonly update: Answered<Update>; readonly next: Moment | undefined };

/** A point in time to be chosen, in the life of the file map. */
export interface Moment {
  readonly happening: Happening;
  /** The earliest possible time, as far as is known, and why. */
  earliest: number;
  cause: Cause;
  /** The latest time at which it must have been, and the operation that returned then. */
  latest: number;
  latestBy: FileOperation | undefined;
  /** Moments that come after this one. */
  readonly next: Moment[];
  /** Of a write: the write of the version before. */
  readonly before: Moment | undefined;
  /** Of a write: the refused updates to this very version, by time of return, the last one first. */
  readonly refusals: Answered<Update>[];
}

/**
 * The moments of a history: for each file the write of each version that could have been written, for each
 * snapshot its begin and its end; each with the times that single operations set, and after those it must
 * follow. They are made in an order in which each comes after all it follows, so the earliest times are
 * already passed on when all are made; only refusals are left to `settle`.
 *
 * The order among moments: the versions of a file follow each other; a snapshot follows the versions it
 * saw and comes before the versions after those. Given that snapshots are sorted, it is enough to link a
 * snapshot with the files that changed since the last one and the files that change before the next.
 */
export function momentsOf(claims: FileHistories, snapshots: readonly MapSnapshot[]): Moment[] {
  const moments: Moment[] = [];
  const files = [...claims.files.values()];
  const latestWrites = files.map((file) => write(file, 0, []));
  moments.push(...latestWrites);
  let seen: readonly number[] = files.map(() => 0);
  let lastEnd: Moment | undefined;

  /** Writes a file's next versions up to this one; the first of them comes after the last snapshot. */
  const writeUpTo = (number: number, file: FileHistory, version: number): Moment | undefined => {
    let before = latestWrites[number];
    for (let next = (seen[number] ?? 0) + 1; next <= version; next += 1) {
      const after = [before, next === (seen[number] ?? 0) + 1 ? lastEnd : undefined];
      before = write(
        file,
        next,
        after.filter((moment) => moment !== undefined),
      );
      moments.push(before);
    }
    if (before !== undefined) latestWrites[number] = before;
    return before;
  };

  for (const snapshot of snapshots) {
    const changed: Moment[] = [];
    for (const [number, file] of files.entries()) {
      const version = snapshot.versions[number] ?? 0;
      if (version === seen[number]) continue;
      const last = writeUpTo(number, file, version);
      if (last !== undefined) changed.push(last);
    }
    const begin = follow({ type: 'begin', snapshot }, changed);
    limit(begin, snapshot.firstReturned);
    lastEnd = follow({ type: 'end', snapshot }, [begin]);
    notBefore(lastEnd, [snapshot.lastInvoked], snapshot.lastInvoked.invokedAt);
    moments.push(begin, lastEnd);
    seen = snapshot.versions;
  }
  for (const [number, file] of files.entries()) writeUpTo(number, file, file.writable);
  return moments;
}

/** Makes a moment no earlier than `time`. Returns whether that is news. */
export function raise(moment: Moment, time: number, cause: Cause): boolean {
  if (time <= moment.earliest) return false;
  moment.earliest = time;
  moment.cause = cause;
  return true;
}

function write(file: FileHistory, version: number, after: readonly Moment[]): Moment {
  const claims = file.versions.get(version);
  const refused = [...(claims?.refused ?? [])].sort((a, b) => b.returnedAt - a.returnedAt);
  const before = after[0];
  const moment = follow({ type: 'write', file, version }, after, before, refused);
  if (version === 0) moment.latest = -Infinity;
  else {
    const writers = writersOf(claims);
    notBefore(moment, writers, firstCall(writers));
  }
  const lastBefore = file.versions.get(version - 1)?.lastInvoked;
  if (lastBefore !== undefined && version > 0) notBefore(moment, [lastBefore], lastBefore.invokedAt);
  const [applied] = claims?.applied ?? [];
  if (applied !== undefined) limit(moment, applied);
  if (claims?.firstReturned !== undefined) limit(moment, claims.firstReturned);
  return moment;
}

function follow(
  happening: Happening,
  after: readonly Moment[],
  before?: Moment,
  refusals: Answered<Update>[] = [],
): Moment {
  const moment: Moment = {
    happening,
    earliest: -Infinity,
    cause: { type: 'start' },
    latest: Infinity,
    latestBy: undefined,
    next: [],
    before,
    refusals,
  };
  for (const earlier of after) {
    earlier.next.push(moment);
    raise(moment, earlier.earliest, { type: 'after', moment: earlier });
  }
  return moment;
}

function notBefore(moment: Moment, by: readonly FileOperation[], time: number): void {
  raise(moment, time, { type: 'invoked', by });
}

function limit(moment: Moment, by: Answered<FileOperation>): void {
  if (by.returnedAt >= moment.latest) return;
  moment.latest = by.returnedAt;
  moment.latestBy = by;
}
