import { isUtf8 } from 'node:buffer';

/** One line that is not blank, or its fault. */
export type Line = { readonly text: string } | { readonly fault: 'too long' | 'not UTF-8' };

const LF = 0x0a;
const FIRST_BYTES = 1_024;
const EMPTY = Buffer.alloc(0);

/**
 * Cuts a stream of bytes into lines. However the bytes come in pieces, taking them in costs a time linear in their
 * number, and no more than about twice the bytes that wait are held.
 */
export class LineBuffer {
  /** The bytes from `start` to `end` wait; those before `searched` contain no line feed. */
  private bytes: Buffer = EMPTY;
  private start = 0;
  private searched = 0;
  private end = 0;

  /** @param lineBytesMax a line may be this long without its line feed; a carriage return counts */
  constructor(private readonly lineBytesMax: number) {}

  /** How many bytes wait, complete lines and the beginning of one. */
  get length(): number {
    return this.end - this.start;
  }

  /** The memory held for the waiting bytes, in bytes. */
  get capacity(): number {
    return this.bytes.length;
  }

  /** Takes in the next bytes. The chunk is not copied when nothing waits, so it must not change. */
  push(chunk: Buffer): void {
    if (this.length === 0) {
      this.bytes = chunk;
      this.start = this.searched = 0;
      this.end = chunk.length;
      return;
    }
    this.makeRoom(chunk.length);
    this.end += chunk.copy(this.bytes, this.end);
  }

  /** Takes out the next line; undefined when none is complete. After a line that is too long, nothing waits. */
  next(): Line | undefined {
    for (;;) {
      const lineFeed = this.bytes.subarray(0, this.end).indexOf(LF, this.searched);
      this.searched = lineFeed < 0 ? this.end : lineFeed;
      if (this.searched - this.start > this.lineBytesMax) {
        this.clear();
        return { fault: 'too long' };
      }
      if (lineFeed < 0) return undefined;
      const line = read(this.bytes.subarray(this.start, lineFeed));
      this.start = this.searched = lineFeed + 1;
      if (this.length === 0) this.clear();
      if (line !== undefined) return line;
    }
  }

  /** Whether the beginning of a line that waits is a whole JSON text already. */
  holdsJson(): boolean {
    const text = this.bytes.toString('utf8', this.start, this.end).trim();
    // Only an object is a message: a text that does not end like one need not be parsed.
    if (!text.endsWith('}')) return false;
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  }

  clear(): void {
    this.bytes = EMPTY;
    this.start = this.searched = this.end = 0;
  }

  /** Copies the waiting bytes into a buffer of its own: a pushed chunk must not be written to, and has no room. */
  private makeRoom(length: number): void {
    if (this.end + length <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * (this.length + length)));
    this.bytes.copy(grown, 0, this.start, this.end);
    this.searched -= this.start;
    this.end -= this.start;
    this.start = 0;
    this.bytes = grown;
  }
}

/** Undefined when the line is blank. */
function read(bytes: Buffer): Line | undefined {
  if (!isUtf8(bytes)) return { fault: 'not UTF-8' };
  const text = bytes.toString();
  if (/^[ \t\r]*$/.test(text)) return undefined;
  return { text: text.endsWith('\r') ? text.slice(0, -1) : text };
}
