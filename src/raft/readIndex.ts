import type { RequestNumber } from './output.js';

interface WaitingRead {
  readonly request: RequestNumber;
  readonly round: number;
  readonly index: number;
}

/**
 * Linearizable reads without writing the log (section 8; dissertation section 6.4). A read may be answered
 * from the state at `index` once a majority has shown, after the read arrived, that this server still led.
 * Every outgoing append carries the newest round and followers echo it, so reads that arrive together share
 * one exchange and ride on writes for free. An append that left before the read carries an older round, so
 * it never confirms it (etcd#20418).
 */
export class ReadIndex {
  private counter = 0;
  private waiting: WaitingRead[] = [];
  private head = 0;

  /** The newest round; 0 before the first read. */
  get round(): number {
    return this.counter;
  }

  /** Whether any read waits. */
  get isWaiting(): boolean {
    return this.head < this.waiting.length;
  }

  /** @param index what must be applied before the read is answered; never below an earlier read's */
  add(request: RequestNumber, index: number): void {
    this.counter += 1;
    this.waiting.push({ request, round: this.counter, index });
  }

  /** Takes out, in order of arrival, the reads confirmed by `confirmedRound` whose index is committed. */
  takeReady(confirmedRound: number, commitIndex: number): { request: RequestNumber; index: number }[] {
    const ready: { request: RequestNumber; index: number }[] = [];
    for (;;) {
      const first = this.waiting[this.head];
      if (first === undefined || first.round > confirmedRound || first.index > commitIndex) break;
      ready.push({ request: first.request, index: first.index });
      this.head += 1;
    }
    this.forgetAnswered();
    return ready;
  }

  /** Takes out every waiting read: this server no longer leads. */
  takeAll(): RequestNumber[] {
    const requests = this.waiting.slice(this.head).map((read) => read.request);
    this.waiting = [];
    this.head = 0;
    return requests;
  }

  /** Frees the answered part of the queue once it outweighs the rest, so that the cost per read stays constant. */
  private forgetAnswered(): void {
    if (this.head * 2 < this.waiting.length) return;
    this.waiting.splice(0, this.head);
    this.head = 0;
  }
}
