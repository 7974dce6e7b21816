import type { FrozenView } from './copyOnWriteMap.js';
import { SnapshotError, type SnapshotReader } from './stateMachine.js';

/** A part of a snapshot that is being loaded; nothing changes before `install`. */
export interface PartLoader<Record> {
  /** @throws SnapshotError when the record makes no sense */
  add(record: Record): void;
  install(): void;
}

/** One of the things that a state machine holds, with its own records in snapshots. */
export interface StatePart<Record> {
  /** Everything it holds at this moment as values for JSON; what is changed while they are read does not show. */
  records(): Iterator<unknown>;
  load(): PartLoader<Record>;
}

/**
 * The records of a map, made when they are asked for. No generator: one that was never begun would not release its view
 * when it is ended early.
 */
export function recordsFrom<Value>(
  view: FrozenView<Value>,
  toRecords: (key: string, value: Value) => readonly unknown[],
): Iterator<unknown> {
  let ready: Iterator<unknown> = [].values();
  return {
    next: () => {
      for (;;) {
        const record = ready.next();
        if (record.done !== true) return record;
        const step = view.next();
        if (step.done === true) return step;
        ready = toRecords(...step.value).values();
      }
    },
    return: () => {
      view.release();
      ready = [].values();
      return { done: true, value: undefined };
    },
  };
}

/** One after another; ending it early ends them all. */
export function chained(parts: readonly Iterator<unknown>[]): Iterator<unknown> {
  let current = 0;
  return {
    next: () => {
      for (let part = parts[current]; part !== undefined; part = parts[current]) {
        const step = part.next();
        if (step.done !== true) return step;
        current += 1;
      }
      return { done: true, value: undefined };
    },
    return: () => {
      current = parts.length;
      for (const part of parts) part.return?.();
      return { done: true, value: undefined };
    },
  };
}

interface ReadRecord {
  readonly record: unknown;
  readonly text: string;
}

/** Puts records together to chunks: JSON arrays. There is always one chunk, if only an empty one. */
export class ChunkReader implements SnapshotReader {
  private isFirst = true;
  /** Read, and too long for the chunk before. */
  private waiting: ReadRecord | undefined;
  private lastRecords: readonly unknown[] = [];

  /** @param records their `return` is called when the reading ends early */
  constructor(
    private readonly records: Iterator<unknown>,
    private readonly chunkChars: number,
  ) {}

  next(): IteratorResult<string, undefined> {
    const texts: string[] = [];
    const records: unknown[] = [];
    let chars = 0;
    for (let read = this.nextRecord(); read !== undefined; read = this.nextRecord()) {
      if (texts.length > 0 && chars + read.text.length > this.chunkChars) {
        this.waiting = read;
        break;
      }
      texts.push(read.text);
      records.push(read.record);
      chars += read.text.length + 1;
    }
    this.lastRecords = records;
    if (texts.length === 0 && !this.isFirst) return { done: true, value: undefined };
    this.isFirst = false;
    return { done: false, value: `[${texts.join(',')}]` };
  }

  remake(): () => string {
    const { lastRecords } = this;
    return () => JSON.stringify(lastRecords);
  }

  return(): IteratorResult<string, undefined> {
    this.records.return?.();
    this.waiting = undefined;
    this.isFirst = false;
    return { done: true, value: undefined };
  }

  private nextRecord(): ReadRecord | undefined {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting !== undefined) return waiting;
    const step = this.records.next();
    return step.done === true ? undefined : { record: step.value, text: JSON.stringify(step.value) };
  }
}

/**
 * The records of a chunk.
 *
 * @throws SnapshotError when it is no JSON array
 */
export function recordsOf(chunk: string): readonly unknown[] {
  const records = parse(chunk);
  if (!Array.isArray(records)) throw new SnapshotError('a chunk of the snapshot is not an array');
  return records as readonly unknown[];
}

function parse(chunk: string): unknown {
  try {
    return JSON.parse(chunk);
  } catch {
    throw new SnapshotError('a chunk of the snapshot is not JSON');
  }
}
