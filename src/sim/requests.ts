import {
  encodeAppend,
  encodeDelete,
  encodePut,
  encodeUpdateFile,
  type HashList,
  type JsonValue,
  type RequestId,
} from '../stateMachine/command.js';
import type { ServiceState } from '../stateMachine/serviceState.js';
import type { Prng } from './prng.js';

/** File -> version and content. */
type FileMap = ReadonlyMap<string, { readonly version: number; readonly content: string }>;

/**
 * A write. Each has something in it that no other write of the run has, so that what is read tells who wrote it; of a
 * delete that is its key.
 */
export type Write =
  | { readonly kind: 'update'; readonly file: string; readonly version: number; readonly content: string }
  | { readonly kind: 'kvPut'; readonly key: string; readonly value: JsonValue }
  | { readonly kind: 'kvAppend'; readonly key: string; readonly value: string }
  | { readonly kind: 'kvDelete'; readonly key: string };

export type Read = { readonly kind: 'readMap' } | { readonly kind: 'kvGet'; readonly key: string };

/** A client's request. */
export type Request = Write | Read;

/** How an operation ended, as the client sees it; `failed` is certain to have had no effect, ever. */
export type RequestOutcome =
  | { readonly kind: 'updated'; readonly applied: boolean }
  /** A put or an append is done. */
  | { readonly kind: 'written' }
  | { readonly kind: 'read'; readonly files: FileMap }
  /** A delete is done; there may have been no such key. */
  | { readonly kind: 'removed'; readonly existed: boolean }
  /** No value: there is no such key. */
  | { readonly kind: 'got'; readonly value?: JsonValue }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

export function isWrite(request: Request): request is Write {
  return request.kind !== 'readMap' && request.kind !== 'kvGet';
}

/**
 * Whether the operation was answered with what it asked for; a refused version is not, nor a key that was not there.
 */
export function isSuccess(outcome: RequestOutcome | null): boolean {
  switch (outcome?.kind) {
    case 'updated':
      return outcome.applied;
    case 'removed':
      return outcome.existed;
    case 'written':
    case 'read':
    case 'got':
      return true;
    case 'failed':
    case 'unknown':
    case undefined:
      return false;
  }
}

/** The command of a write as it is in the log. */
export function commandOf(write: Write, request?: RequestId): string {
  switch (write.kind) {
    case 'update':
      return encodeUpdateFile(write.file, write.version, write.content, request);
    case 'kvPut':
      return encodePut(write.key, write.value, request);
    case 'kvAppend':
      return encodeAppend(write.key, [write.value], request);
    case 'kvDelete':
      return encodeDelete(write.key, request);
  }
}

/** An identifier of a write that is unique in the run; the same for its command in the log. */
export function markOf(write: Write): string {
  if (write.kind === 'kvDelete') return `delete ${write.key}`;
  if (write.kind === 'update') return `${write.file} ${write.version} ${write.content}`;
  return JSON.stringify(write.value);
}

/** A hash list as the one text that clients of the simulator write. */
export function contentOf(hashList: HashList): string {
  return typeof hashList === 'string' ? hashList : JSON.stringify(hashList);
}

/** The answer to a read from this state. */
export function answerTo(read: Read, { files, keys }: ServiceState): RequestOutcome {
  if (read.kind === 'readMap') return { kind: 'read', files: listing(files.list()) };
  const value = keys.get(read.key);
  return value === undefined ? { kind: 'got' } : { kind: 'got', value };
}

/** The result of a read of the whole map. */
function listing(files: ReturnType<ServiceState['files']['list']>): FileMap {
  return new Map(
    files.map(([name, { version, hashList }]) => [name, { version, content: contentOf(hashList) }]),
  );
}

/** One operation of a client; `returnedAt` is null while it is under way. Times in simulated milliseconds. */
export interface SimOperation {
  readonly id: number;
  readonly client: number;
  readonly request: Request;
  readonly invokedAt: number;
  returnedAt: number | null;
  outcome: RequestOutcome | null;
}

/** Few enough for the checker to search quickly, however many writes have an unknown outcome. */
const WRITES_PER_KEY = 30;

interface Slot {
  generation: number;
  writes: number;
  isRemoved: boolean;
}

/** The keys that all clients share. One that was written often is left for a fresh one, so that lists stay short. */
export class KeyNames {
  private readonly slots: Slot[];

  constructor(count: number) {
    this.slots = Array.from({ length: count }, () => ({ generation: 0, writes: 0, isRemoved: false }));
  }

  /** A key to read, or one to write. */
  draw(random: Prng, isWrite: boolean): string {
    const [number, slot] = this.drawSlot(random);
    if (isWrite) slot.writes += 1;
    if (slot.writes > WRITES_PER_KEY) {
      slot.generation += 1;
      slot.writes = 1;
      slot.isRemoved = false;
    }
    return nameOf(number, slot);
  }

  /** A key to remove, which nobody else is to remove; undefined when the one that was drawn is none. */
  drawToRemove(random: Prng): string | undefined {
    const [number, slot] = this.drawSlot(random);
    if (slot.isRemoved || slot.writes === 0) return undefined;
    slot.isRemoved = true;
    return nameOf(number, slot);
  }

  private drawSlot(random: Prng): [number, Slot] {
    const number = random.between(0, this.slots.length - 1);
    const slot = this.slots[number];
    if (slot === undefined) throw new Error('there are no keys');
    return [number, slot];
  }
}

function nameOf(number: number, { generation }: Slot): string {
  return `k${number}.${generation}`;
}
