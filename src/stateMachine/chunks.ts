import { SnapshotError, type SnapshotReader } from './stateMachine.js';

/** Puts records together to chunks: JSON arrays. There is always one chunk, if only an empty one. */
export class ChunkReader implements SnapshotReader {
  private isFirst = true;

  /** @param records their `return` is called when the reading ends early */
  constructor(
    private readonly records: Iterator<unknown>,
    private readonly chunkChars: number,
  ) {}

  next(): IteratorResult<string, undefined> {
    const texts: string[] = [];
    let chars = 0;
    while (chars < this.chunkChars) {
      const step = this.records.next();
      if (step.done === true) break;
      const text = JSON.stringify(step.value);
      texts.push(text);
      chars += text.length + 1;
    }
    if (texts.length === 0 && !this.isFirst) return { done: true, value: undefined };
    this.isFirst = false;
    return { done: false, value: `[${texts.join(',')}]` };
  }

  return(): IteratorResult<string, undefined> {
    this.records.return?.();
    return { done: true, value: undefined };
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
