import { crc32 } from 'node:zlib';
import type { ClassicLevel, Snapshot as View } from 'classic-level';
import type { Entry, EntryId, Snapshot } from '../../raft/types.js';
import { isSame } from '../entryIds.js';
import {
  chunkKey,
  chunkOf,
  entryKey,
  entryOf,
  META_KEY,
  metaOf,
  type Meta,
  type SnapshotRecord,
} from './levelRecord.js';
import { Damage } from '../storageError.js';
import type { StoredState } from '../storage.js';

/** How much is read and verified before the event loop gets its turn. */
const SLICE_BYTES = 256 * 1024;
const SLICE_RECORDS = 1000;

/** What was read, and the record that said what to read. */
export interface Reading {
  readonly meta: Meta;
  readonly stored: StoredState;
}

/**
 * Reads all that counts, as it is in `view`, and verifies it.
 * @throws Damage
 */
export async function readAll(db: ClassicLevel, view: View): Promise<Reading> {
  const meta = metaOf(await db.get(META_KEY, { snapshot: view }));
  const { hardState, identity, before, last } = meta;
  const entries = await readEntries(db, view, before, last);
  const snapshot = meta.snapshot === null ? null : await readSnapshot(db, view, meta.snapshot);
  verifyFit(meta, entries);
  return { meta, stored: { hardState, identity, snapshot, before, entries } };
}

async function readEntries(
  db: ClassicLevel,
  view: View,
  before: EntryId,
  last: EntryId,
): Promise<readonly Entry[]> {
  if (last.index < before.index) throw new Damage('the log ends before it begins');
  const entries: Entry[] = [];
  let previous = before;
  const range = { gte: entryKey(before.index + 1), lte: entryKey(last.index) };
  for await (const [key, value] of recordsOf(db, view, range)) {
    const index = previous.index + 1;
    if (key !== entryKey(index)) throw new Damage(`entry ${index} is missing`);
    const { entry, previousTerm } = entryOf(index, value);
    if (previousTerm !== previous.term || entry.term < previous.term)
      throw new Damage(`entry ${index} of term ${entry.term} does not follow the entry before it`);
    entries.push(entry);
    previous = entry;
  }
  if (previous.index !== last.index) throw new Damage(`entry ${previous.index + 1} is missing`);
  if (previous.term !== last.term)
    throw new Damage(`entry ${last.index} is of term ${previous.term} instead of term ${last.term}`);
  return entries;
}

async function readSnapshot(
  db: ClassicLevel,
  view: View,
  { last, id, chunkCount, digest }: SnapshotRecord,
): Promise<Snapshot> {
  const chunks: string[] = [];
  let found = 0;
  const range = { gte: chunkKey(id, 0), lt: chunkKey(id, chunkCount) };
  for await (const [key, value] of recordsOf(db, view, range)) {
    if (key !== chunkKey(id, chunks.length)) break;
    const chunk = chunkOf(id, chunks.length, value);
    found = digestOf(found, chunk);
    chunks.push(chunk);
  }
  if (chunks.length !== chunkCount) throw new Damage(`chunk ${chunks.length} of the snapshot is missing`);
  if (found !== digest) throw new Damage('the snapshot is not the one that was written');
  return { last, chunks };
}

/** The digest of a snapshot up to and with `chunk`, from the digest up to it; 0 at first. */
export function digestOf(digest: number, chunk: string): number {
  return crc32(chunk, digest);
}

/** The log must begin right after the snapshot or still hold its last entry. */
function verifyFit({ before, snapshot }: Meta, entries: readonly Entry[]): void {
  if (snapshot === null) {
    if (before.index > 0)
      throw new Damage(`the log begins after entry ${before.index} and there is no snapshot`);
    if (before.term > 0) throw new Damage('the log begins before its first entry');
    return;
  }
  const { last } = snapshot;
  const held = last.index === before.index ? before : entries[last.index - before.index - 1];
  if (held === undefined || !isSame(held, last))
    throw new Damage(`the log does not fit the snapshot, which ends with entry ${last.index}`);
}

/** All records of a range in order, read in slices off the main thread. */
async function* recordsOf(
  db: ClassicLevel,
  view: View,
  range: { readonly gte: string; readonly lt?: string; readonly lte?: string },
): AsyncGenerator<[key: string, value: string], void, undefined> {
  const iterator = db.iterator({ ...range, snapshot: view, highWaterMarkBytes: SLICE_BYTES });
  try {
    for (;;) {
      const slice = await iterator.nextv(SLICE_RECORDS);
      if (slice.length === 0) return;
      yield* slice;
    }
  } finally {
    await iterator.close();
  }
}
