import type { Snapshot } from '../../raft/types.js';
import { digestOf } from './levelReader.js';
import { chunkKey, putOf, type Put, type SnapshotRecord } from './levelRecord.js';

/** So much of snapshots goes into one group at most, unless one chunk alone is longer. */
const CHARACTERS_PER_GROUP = 128 * 1024;

type Done = (error: Error | null) => void;

interface Staging {
  readonly snapshot: Snapshot;
  readonly id: number;
  readonly done: Done;
  nextChunk: number;
  digest: number;
}

/** A snapshot whose last chunk is in a group. */
export interface Staged {
  readonly record: SnapshotRecord;
  readonly done: Done;
}

/** Snapshots on their way into the database, some chunks in each group, so that they hold no batch up for long. */
export class Stagings {
  private readonly stagings: Staging[] = [];

  constructor(private nextId: number) {}

  get isEmpty(): boolean {
    return this.stagings.length === 0;
  }

  add(snapshot: Snapshot, done: Done): void {
    this.stagings.push({ snapshot, id: this.nextId, done, nextChunk: 0, digest: 0 });
    this.nextId += 1;
  }

  /** The chunks for the next group, and the snapshots that are complete with them. */
  take(): { readonly puts: Put[]; readonly staged: Staged[] } {
    const puts: Put[] = [];
    const staged: Staged[] = [];
    let room = CHARACTERS_PER_GROUP;
    for (let first = this.stagings[0]; first !== undefined && room > 0; first = this.stagings[0]) {
      room -= takeChunks(first, room, puts);
      if (first.nextChunk < first.snapshot.chunks.length) break;
      staged.push({ record: recordOf(first), done: first.done });
      this.stagings.shift();
    }
    return { puts, staged };
  }

  /** Forgets all; what is to be told that it failed. */
  abandon(): Done[] {
    return this.stagings.splice(0).map(({ done }) => done);
  }
}

/** Moves chunks to `puts` while there is room; how many characters they have. */
function takeChunks(staging: Staging, room: number, puts: Put[]): number {
  let taken = 0;
  for (; taken < room; staging.nextChunk += 1) {
    const chunk = staging.snapshot.chunks.at(staging.nextChunk);
    if (chunk === undefined) break;
    if (taken > 0 && taken + chunk.length > room) break;
    puts.push(putOf(chunkKey(staging.id, staging.nextChunk), [staging.nextChunk, chunk]));
    staging.digest = digestOf(staging.digest, chunk);
    taken += chunk.length;
  }
  return taken;
}

function recordOf({ snapshot, id, digest }: Staging): SnapshotRecord {
  return { last: snapshot.last, id, chunkCount: snapshot.chunks.length, digest };
}
