import type { VirtualTime } from './simHost.js';

interface Upload {
  /** The service at which it has left entirely; see {@link SimLink}. */
  readonly doneAt: number;
  readonly done: () => void;
}

/**
 * One direction between two servers: how often it is cut, how slow it is, and what is being uploaded over it. Uploads share
 * the bandwidth fairly, as the connections of requests that are in flight at the same time do.
 *
 * `service` counts the bytes that each upload has been given so far. An upload that begins at service `s` has left when
 * the service is `s` plus its size, however many others come and go meanwhile.
 */
export class SimLink {
  private cuts = 0;
  private slownessMs = 0;
  private bytesPerMs = Number.POSITIVE_INFINITY;
  private uploads: Upload[] = [];
  private service = 0;
  private servedMs = 0;
  private cancelTimer: () => void = () => undefined;

  constructor(private readonly time: VirtualTime) {}

  get isCut(): boolean {
    return this.cuts > 0;
  }

  /** Added to the latency of every message. */
  get extraMs(): number {
    return this.slownessMs;
  }

  /** Cuts it once more; it works again when every cut is joined. */
  cut(): void {
    this.cuts += 1;
  }

  join(): void {
    this.cuts = Math.max(0, this.cuts - 1);
  }

  slow(extraMs: number): void {
    this.slownessMs = Math.max(0, this.slownessMs + extraMs);
  }

  heal(): void {
    this.cuts = 0;
    this.slownessMs = 0;
  }

  setBandwidth(bytesPerSecond: number): void {
    this.serve();
    this.bytesPerMs = bytesPerSecond / 1000;
    this.awaitNext();
  }

  /** Uploads so many bytes, then calls `done`; the returned function breaks the upload off. */
  upload(bytes: number, done: () => void): () => void {
    if (this.bytesPerMs === Number.POSITIVE_INFINITY) {
      done();
      return () => undefined;
    }
    this.serve();
    const upload: Upload = { doneAt: this.service + bytes, done };
    this.uploads.push(upload);
    this.awaitNext();
    return () => {
      this.serve();
      this.uploads = this.uploads.filter((each) => each !== upload);
      this.awaitNext();
    };
  }

  /** Accounts for the time since this was last done. */
  private serve(): void {
    const { nowMs } = this.time;
    if (this.uploads.length > 0)
      this.service += ((nowMs - this.servedMs) * this.bytesPerMs) / this.uploads.length;
    this.servedMs = nowMs;
  }

  private awaitNext(): void {
    this.cancelTimer();
    if (this.uploads.length === 0) return;
    const nextAt = this.uploads.reduce((least, { doneAt }) => Math.min(least, doneAt), Infinity);
    const waitMs = (Math.max(0, nextAt - this.service) * this.uploads.length) / this.bytesPerMs;
    this.cancelTimer = this.time.after(waitMs, () => {
      this.serve();
      // Whatever rounding says: the one that was waited for has left.
      this.service = Math.max(this.service, nextAt);
      const left = this.uploads.filter(({ doneAt }) => doneAt <= this.service);
      this.uploads = this.uploads.filter(({ doneAt }) => doneAt > this.service);
      this.awaitNext();
      for (const { done } of left) done();
    });
  }
}
