import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Entry, EntryId } from '../raft/types.js';
import type { LogMeta } from './logMeta.js';
import { ALIGNMENT, groupAt, recordsOf, seedOf, type Group, type LogRecord } from './records.js';
import { isZero, segmentNameOf, segmentPathOf, segmentsOf } from './segments.js';
import { isSame, nothingStored, Damage } from './storage.js';

/** Bytes that are read before the event loop gets its turn. */
const SLICE_BYTES = 256 * 1024;

/** A place in the log. */
interface LogPosition {
  readonly segment: number;
  readonly position: number;
}

/** The contents of a log, as they were read. */
export interface RecoveredLog {
  readonly meta: LogMeta;
  readonly entries: readonly Entry[];
  /** How many groups were ever written. */
  readonly groups: number;
  /** Where the next group goes. */
  readonly end: LogPosition;
  /** Something stands behind the end: a write that was never completed. */
  readonly isTorn: boolean;
  /** The segments, in order, and the highest index of an entry that was ever written to each. */
  readonly segments: readonly { readonly number: number; readonly highestIndex: number }[];
}

/**
 * Reads a log and verifies it.
 *
 * A group is written when the one before it is durable. So where something is no group, and a group comes after it,
 * that place is damaged. Where no group comes after it, it is either a write that was never completed, or an
 * acknowledged one that is damaged: the latter if its number is not above `acknowledged`.
 *
 * @param acknowledged the newest group that was acknowledged
 * @param until where to stop; without it, reading continues to the end of the log
 * @throws Damage, or an error of the file system
 */
export async function readLog(
  directory: string,
  logId: string,
  acknowledged: number,
  until?: LogPosition,
): Promise<RecoveredLog> {
  const numbers = (await segmentsOf(directory)).filter((number) => number <= (until?.segment ?? number));
  if (numbers[0] === undefined) throw new Damage('the log is missing');
  const replay = new Replay(numbers[0]);
  for (const number of numbers) {
    if (number !== replay.end.segment && number !== replay.end.segment + 1)
      throw new Damage(`the file ${segmentNameOf(number - 1)} is missing`);
    const bytes = await readFile(segmentPathOf(directory, number));
    const isLast = number === until?.segment;
    await readSegment(isLast ? bytes.subarray(0, until.position) : bytes, number, logId, replay);
  }
  if (replay.groups === 0 && (acknowledged > 0 || numbers[0] > 1))
    throw new Damage(`the beginning of the file ${segmentNameOf(numbers[0])} is missing or damaged`);
  if (replay.groups < acknowledged)
    throw new Damage(
      `group ${replay.groups + 1} of the log, which was acknowledged, is missing or damaged ` +
        `(${segmentPathOf(directory, replay.end.segment)}, byte ${replay.end.position})`,
    );
  replay.verify();
  return replay;
}

/** Reads what is in a segment, or finds that the log has ended before it. */
async function readSegment(bytes: Buffer, number: number, logId: string, replay: Replay): Promise<void> {
  const seed = seedOf(logId, number);
  let at = 0;
  if (!replay.isTorn)
    for (let group = groupAt(bytes, 0, seed); group !== null; group = groupAt(bytes, at, seed)) {
      replay.apply(bytes, group, number);
      if (Math.floor(group.end / SLICE_BYTES) > Math.floor(at / SLICE_BYTES)) await nextTurn();
      at = group.end;
    }
  const rest = bytes.subarray(at);
  if (isZero(rest)) return;
  const later = groupAnywhere(rest, seed);
  if (later !== null)
    throw new Damage(
      `byte ${at} of the file ${segmentNameOf(number)} does not begin group ${replay.groups + 1}, and group ${later} comes after it`,
    );
  replay.isTorn = true;
}

/** The number of the first group that is found, wherever it begins. */
function groupAnywhere(bytes: Buffer, seed: number): number | null {
  for (let at = 0; at < bytes.length; at += ALIGNMENT) {
    const group = groupAt(bytes, at, seed);
    if (group !== null) return group.number;
  }
  return null;
}

/** Replays the changes of the log, record by record. */
class Replay implements RecoveredLog {
  meta: LogMeta = {
    hardState: nothingStored.hardState,
    identity: nothingStored.identity,
    base: nothingStored.base,
    last: nothingStored.base,
    snapshot: null,
  };
  entries: Entry[] = [];
  groups = 0;
  end: LogPosition;
  isTorn = false;
  readonly segments: { number: number; highestIndex: number }[] = [];
  /** The log's entries up to this one were in segments that were deleted, because a snapshot covers them. */
  private deletedUpTo = 0;

  constructor(firstSegment: number) {
    this.end = { segment: firstSegment, position: 0 };
  }

  apply(bytes: Buffer, group: Group, segment: number): void {
    const isFirst = this.groups === 0;
    const name = segmentNameOf(segment);
    if (!isFirst && group.number !== this.groups + 1)
      throw new Damage(
        `group ${this.groups + 1} of the log is missing: ${name} goes on with group ${group.number}`,
      );
    const startsSegment = this.segments.at(-1)?.number !== segment;
    if (startsSegment) this.segments.push({ number: segment, highestIndex: 0 });
    const records = recordsOf(bytes, group);
    if (startsSegment) this.begin(records.next().value ?? null, isFirst, name);
    for (const record of records) this.add(record);
    this.groups = group.number;
    this.end = { segment, position: group.end };
  }

  /** @throws Damage when required parts are missing, or do not fit together */
  verify(): void {
    const { base, last, snapshot } = this.meta;
    if (last.index > base.index && this.deletedUpTo > base.index)
      throw new Damage(`entry ${base.index + 1} is missing`);
    if (this.entries.length !== last.index - base.index)
      throw new Damage(
        `the log ends with entry ${base.index + this.entries.length}, not with entry ${last.index}`,
      );
    if (snapshot === null) {
      if (base.index > 0)
        throw new Damage(`the log begins after entry ${base.index} and there is no snapshot`);
      return;
    }
    const held =
      snapshot.last.index === base.index ? base : this.entries[snapshot.last.index - base.index - 1];
    if (held === undefined || !isSame(held, snapshot.last))
      throw new Damage(`the log does not fit the snapshot, which ends with entry ${snapshot.last.index}`);
  }

  /** Takes the first record of a segment, which holds the metadata at that point. */
  private begin(record: LogRecord | null, isFirst: boolean, name: string): void {
    if (record?.kind !== 'start') throw new Damage(`the file ${name} does not begin with all that counts`);
    if (isFirst) {
      this.meta = record.meta;
      this.deletedUpTo = record.meta.last.index;
    } else if (!isDeepStrictEqual(record.meta, this.meta))
      throw new Damage(`the file ${name} does not go on from the one before it`);
  }

  private add(record: LogRecord): void {
    switch (record.kind) {
      case 'start':
        throw new Damage(`group ${this.groups + 1} of the log begins a segment in the middle of one`);
      case 'entry':
        this.append(record.entry);
        break;
      case 'truncate':
        this.truncate(record.last);
        break;
      case 'compact':
        this.compact(record.base);
        break;
      case 'hardState':
        this.meta = { ...this.meta, hardState: record.hardState };
        break;
      case 'identity':
        this.meta = { ...this.meta, identity: record.identity };
        break;
      case 'snapshot':
        this.meta = { ...this.meta, snapshot: record.snapshot };
        break;
    }
  }

  private append(entry: Entry): void {
    const { last } = this.meta;
    if (entry.index !== last.index + 1 || entry.term < last.term)
      throw new Damage(`entry ${entry.index} of term ${entry.term} does not follow entry ${last.index}`);
    this.entries.push(entry);
    this.setLast(entry);
    const segment = this.segments.at(-1);
    if (segment !== undefined) segment.highestIndex = Math.max(segment.highestIndex, entry.index);
  }

  private truncate(last: EntryId): void {
    if (last.index > this.meta.last.index || last.index < this.meta.base.index)
      throw new Damage(`the log is said to end with entry ${last.index}, which it does not hold`);
    const kept = Math.max(0, this.entries.length - (this.meta.last.index - last.index));
    this.entries.length = kept;
    this.deletedUpTo = Math.min(this.deletedUpTo, last.index);
    this.setLast(last);
  }

  private compact(base: EntryId): void {
    const { last } = this.meta;
    if (base.index >= last.index) {
      this.entries = [];
      this.setLast(base.index > last.index ? base : last);
    } else {
      const kept = Math.min(this.entries.length, last.index - base.index);
      this.entries = this.entries.slice(this.entries.length - kept);
    }
    this.meta = { ...this.meta, base };
  }

  private setLast({ term, index }: EntryId): void {
    this.meta = { ...this.meta, last: { term, index } };
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
