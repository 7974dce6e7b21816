import { SnapshotError, type SnapshotReader } from './stateMachine.js';

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
