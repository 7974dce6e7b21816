import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { receivingBytes, type Share } from '../http/byteBudget.js';
import { ClientCall, noCallEvents, type CallEvents } from '../http/clientCall.js';
import { LineBuffer, type Line } from './lineBuffer.js';
import type { LineSurface } from './surfaces.js';

/** How long a connection of lines may do nothing, in milliseconds. */
export interface LineTimeouts {
  /**
   * No message is waiting and none comes. Half of the client's side closed, it waits for an answer no longer than this.
   */
  readonly lineIdleMs: number;
  /** After this long without a byte, a complete message needs no line feed. */
  readonly quietMs: number;
  /** The client takes none of the bytes that wait for it. */
  readonly unreadMs: number;
  /** The connection has been ended, and the client continues to send. */
  readonly discardMs: number;
}

/** Bytes read ahead while a message waits, so that the end of the connection is noticed. */
const READ_AHEAD_BYTES = 1_024 * 1_024;
/** The bytes that a connection may hold without a share of what all of them may hold together. */
const FREE_BYTES = 16 * 1_024;
const DISCARD_BYTES_MAX = 16 * 1_024 * 1_024;
/** Milliseconds of the event loop's turn for the messages that one client has sent at once. */
const TURN_MS_MAX = 5;
/** A longer message needs its line feed: reading it at every pause would cost too much. */
const UNENDED_BYTES_MAX = 64 * 1_024;
const LF = Buffer.from('\n');

/**
 * Serves one connection of JSON lines: one message at a time, one reply line each, in the order of the messages. What
 * the client sends meanwhile waits in its own send buffer, and its next message waits until it has read enough of the
 * replies. It may close its half when it has sent everything: it gets all replies, and then the other half is closed.
 */
export class LineConnection {
  private readonly lines: LineBuffer;
  private busy = false;
  /** Nothing has come for a while after the beginning of a line. */
  private quiet: NodeJS.Timeout | undefined;
  /** No more input is accepted: messages that have arrived are answered, and then the connection ends. */
  private noMore = false;
  private discarded = 0;
  private readonly share: Share;
  /** A last reply that belongs to no message. */
  private lastWord: string | undefined;

  /** @param socket with `allowHalfOpen` and a listener for `error`; nothing else reads from it or writes to it */
  constructor(
    private readonly socket: Socket,
    private readonly surface: LineSurface,
    private readonly timeouts: LineTimeouts,
    private readonly events: CallEvents = noCallEvents,
  ) {
    this.lines = new LineBuffer(surface.lineBytesMax);
    this.share = (surface.receiving ?? receivingBytes).open(() => this.refuseRest());
    socket.setTimeout(timeouts.lineIdleMs);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.once('end', () => this.takeLast());
    socket.once('close', () => {
      clearTimeout(this.quiet);
      this.lines.clear();
      this.share.hold(0);
    });
    socket.once('timeout', () => socket.destroy());
  }

  /** Ends the connection: at once, or when the messages that it has sent are answered. */
  close(): void {
    this.noMore = true;
    if (!this.busy) this.socket.destroySoon();
  }

  private take(chunk: Buffer): void {
    if (this.noMore) {
      this.discard(chunk.length);
      return;
    }
    this.lines.push(chunk);
    clearTimeout(this.quiet);
    if (!this.busy) void this.work();
    else if (this.lines.length > READ_AHEAD_BYTES) this.pauseUntilAnswered();
    this.account();
  }

  /** Its end goes unnoticed now, so it gets no more time than one whose client has closed its half. */
  private pauseUntilAnswered(): void {
    this.socket.pause();
    this.socket.setTimeout(this.timeouts.lineIdleMs);
  }

  private account(): void {
    const { capacity } = this.lines;
    this.share.hold(capacity > FREE_BYTES ? capacity : 0);
  }

  /** There is no room for its unanswered messages; the message in progress still gets its reply. */
  private refuseRest(): void {
    this.lines.clear();
    if (this.socket.writableEnded) return;
    this.noMore = true;
    clearTimeout(this.quiet);
    const message = 'overloaded: the server holds too many unfinished lines, and these took the longest';
    this.lastWord = failReply(message, 'overloaded', 'notDone');
    if (!this.busy) void this.work();
  }

  private takeLast(): void {
    if (this.noMore) return;
    this.noMore = true;
    this.lines.push(LF);
    if (this.busy) this.socket.setTimeout(this.timeouts.lineIdleMs);
    else void this.work();
  }

  /** Never rejects. */
  private async work(): Promise<void> {
    this.busy = true;
    let turnEndsAt = performance.now() + TURN_MS_MAX;
    for (let line = this.lines.next(); line !== undefined; line = this.lines.next()) {
      if (performance.now() >= turnEndsAt) {
        await nextTurn();
        turnEndsAt = performance.now() + TURN_MS_MAX;
      }
      this.account();
      await this.serve(line);
      if (this.socket.destroyed) return;
    }
    this.busy = false;
    this.account();
    if (this.noMore) {
      this.end();
      return;
    }
    this.socket.resume();
    if (this.lines.length > 0) this.quiet = setTimeout(() => this.takeUnended(), this.timeouts.quietMs);
  }

  /** Takes a message without a line feed, whose client waits for the answer. */
  private takeUnended(): void {
    if (this.busy || this.noMore || this.lines.length > UNENDED_BYTES_MAX || !this.lines.holdsJson()) return;
    this.lines.push(LF);
    void this.work();
  }

  private async serve(line: Line): Promise<void> {
    // A client that waits for an answer is not idle. While its end would go unnoticed, it gets no more time than one
    // that has closed its half.
    this.socket.setTimeout(this.noMore || this.socket.isPaused() ? this.timeouts.lineIdleMs : 0);
    const reply = 'text' in line ? await this.answer(line.text) : this.refusal(line.fault);
    if (this.socket.destroyed) return;
    if (!this.socket.write(`${reply}\n`)) await this.drain();
    this.socket.setTimeout(this.timeouts.lineIdleMs);
  }

  /** Resolves when the client has taken everything, or is gone. */
  private async drain(): Promise<void> {
    this.socket.setTimeout(this.timeouts.unreadMs);
    // Bytes that the client sends must not count as progress in reading.
    this.socket.pause();
    await drained(this.socket);
    this.socket.resume();
  }

  private async answer(text: string): Promise<string> {
    const call = new ClientCall(this.socket, this.events);
    try {
      return await this.surface.answer(text, call);
    } catch (error) {
      call.internalError(error);
      return failReply('the server could not answer this message', 'internal', 'unknown');
    } finally {
      call.answered('internal');
    }
  }

  private refusal(fault: 'too long' | 'not UTF-8'): string {
    if (fault === 'not UTF-8') return failReply('the line is not UTF-8', 'invalid', 'notDone');
    this.noMore = true;
    this.lines.clear();
    const message = `the line is longer than the ${this.surface.lineBytesMax} bytes that are allowed`;
    return failReply(message, 'invalid', 'notDone');
  }

  /**
   * Ends the connection, and discards input for a while: unread bytes cause a reset, which could overtake the last
   * reply.
   */
  private end(): void {
    this.socket.setTimeout(this.timeouts.unreadMs);
    if (this.lastWord !== undefined) this.socket.write(`${this.lastWord}\n`);
    this.socket.end(() => {
      if (this.socket.destroyed) return;
      const giveUp = setTimeout(() => this.socket.destroy(), this.timeouts.discardMs);
      this.socket.once('close', () => clearTimeout(giveUp));
    });
    this.socket.resume();
  }

  private discard(length: number): void {
    this.discarded += length;
    if (this.discarded > DISCARD_BYTES_MAX) this.socket.destroy();
  }
}

function failReply(message: string, error: string, outcome: 'notDone' | 'unknown'): string {
  return JSON.stringify({ code: 'fail', payload: { message, error, outcome } });
}

/** Resolves when everything is written, or the connection is gone. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}
