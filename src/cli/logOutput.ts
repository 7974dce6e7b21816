import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** What is kept for a reader that does not read, in UTF-16 units. */
const KEPT_MAX = 1024 * 1024;
const TRY_AGAIN_MS = 100;

/**
 * Where log lines go. `write` never waits; it takes all of the text or a part of it and gives the rest, which is to be tried
 * again later. It throws when the text cannot be written at all.
 */
export interface LogSink {
  write(text: Buffer): Buffer;
}

/**
 * A log that can stop nobody: a reader that does not read gets what fits into a bounded buffer once it reads again; what a
 * full disk or a closed terminal does not take is dropped. A line says how many were lost as soon as one can be written.
 */
export class LogOutput {
  private rest: Buffer = Buffer.alloc(0);
  private kept: string[] = [];
  private keptChars = 0;
  private lost = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly sink: LogSink) {}

  /** One line of the log, its newline included. */
  write(line: string): void {
    if (this.isBlocked) this.flush();
    if (!this.isBlocked && this.tryLine(line)) return;
    if (!this.isBlocked || this.keptChars + line.length > KEPT_MAX) {
      this.lost += 1;
      return;
    }
    this.kept.push(line);
    this.keptChars += line.length;
  }

  private get isBlocked(): boolean {
    return this.rest.length > 0;
  }

  /** Whether the line, and before it the number of those lost, was taken or is on its way. */
  private tryLine(line: string): boolean {
    const note = this.lost === 0 ? '' : `${lossLine(this.lost)}\n`;
    try {
      this.rest = this.sink.write(Buffer.from(note + line));
    } catch {
      this.rest = Buffer.alloc(0);
      return false;
    }
    this.lost = 0;
    if (this.isBlocked) this.tryLater();
    return true;
  }

  private flush(): void {
    try {
      this.rest = this.sink.write(this.rest);
    } catch {
      this.rest = Buffer.alloc(0);
      this.lost += 1;
    }
    while (!this.isBlocked) {
      const line = this.kept.shift();
      if (line === undefined) break;
      this.keptChars -= line.length;
      if (!this.tryLine(line)) this.lost += 1;
    }
    if (this.isBlocked) this.tryLater();
  }

  private tryLater(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, TRY_AGAIN_MS).unref();
  }
}

function lossLine(lines: number): string {
  return JSON.stringify({
    level: 40,
    time: new Date().toISOString(),
    lines,
    msg: 'lines of the log were lost',
  });
}

/** stderr as a sink that never waits, whatever it is. */
export function stderrSink(): LogSink {
  const descriptor = descriptorThatNeverWaits();
  return descriptor === undefined ? streamSink(process.stderr) : descriptorSink(descriptor);
}

function descriptorSink(descriptor: number): LogSink {
  return {
    write: (text) => {
      try {
        return text.subarray(writeSync(descriptor, text));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return text;
        throw error;
      }
    },
  };
}

/** For pipes and sockets, on which Node does not wait; it keeps what they do not take yet. */
function streamSink(stream: NodeJS.WriteStream): LogSink {
  return {
    write: (text) => {
      if (stream.destroyed) throw new Error('the stream is closed');
      if (stream.writableLength > KEPT_MAX) return text;
      stream.write(text);
      return text.subarray(text.length);
    },
  };
}

/**
 * A terminal that is stopped (Ctrl-S) makes whoever writes to it wait, so it is opened once more in a way that does not, which
 * changes nothing for the others that write to it. Files, and devices such as /dev/null, make nobody wait.
 */
function descriptorThatNeverWaits(): number | undefined {
  try {
    if (isatty(2))
      return openSync('/dev/tty', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const status = fstatSync(2);
    return status.isFile() || status.isCharacterDevice() ? 2 : undefined;
  } catch {
    return undefined;
  }
}
