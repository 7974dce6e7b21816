import type { PendingCall } from './pendingRequests.js';
import type { Clock } from './clock.js';

/** A call that takes longer holds up nobody but those who are in it: the next one leaves beside it. */
const PATIENCE_MS = 50;

interface Reader {
  resolve(index: number): void;
  reject(error: Error): void;
}

/** The readers of one call. */
interface Round {
  readonly readers: Set<Reader>;
  cancel: () => void;
}

/**
 * Reads that arrive together ask a leader once. A read joins the call that has not left yet, never the one that is under way:
 * what the leader confirms for that one may be older than the read.
 */
export class SharedReadIndex {
  private underWay: Round | undefined;
  private next: Round | undefined;
  private cancelImpatience: () => void = () => undefined;

  /** @param ask asks the leader; when its call is cancelled the promise need not settle any more */
  constructor(
    private readonly ask: () => PendingCall<number>,
    private readonly clock: Clock,
  ) {}

  read(): PendingCall<number> {
    const round = this.next ?? this.openRound();
    let cancel = (): void => undefined;
    const promise = new Promise<number>((resolve, reject) => {
      const reader = { resolve, reject };
      round.readers.add(reader);
      cancel = () => this.forget(round, reader);
    });
    if (this.underWay === undefined) this.startNext();
    return { promise, cancel };
  }

  private openRound(): Round {
    const round = { readers: new Set<Reader>(), cancel: () => undefined };
    this.next = round;
    if (this.underWay !== undefined)
      this.cancelImpatience = this.clock.schedule(PATIENCE_MS, () => this.startNext());
    return round;
  }

  private startNext(): void {
    const round = this.next;
    this.cancelImpatience();
    this.underWay = round;
    this.next = undefined;
    if (round === undefined) return;
    const fail = (error: Error): void => this.end(round, (reader) => reader.reject(error));
    try {
      const { promise, cancel } = this.ask();
      round.cancel = cancel;
      promise.then((index) => this.end(round, (reader) => reader.resolve(index)), fail);
    } catch (error) {
      fail(error as Error);
    }
  }

  private end(round: Round, settle: (reader: Reader) => void): void {
    for (const reader of round.readers) settle(reader);
    round.readers.clear();
    if (this.underWay === round) this.startNext();
  }

  /** A call for which nobody waits any more is given up. */
  private forget(round: Round, reader: Reader): void {
    if (!round.readers.delete(reader) || round.readers.size > 0) return;
    round.cancel();
    if (this.next === round) {
      this.next = undefined;
      this.cancelImpatience();
    } else if (this.underWay === round) this.startNext();
  }
}
