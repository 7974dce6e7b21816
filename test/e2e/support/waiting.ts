import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 20;

/** The time between two looks at a condition. */
export function pause(): Promise<void> {
  return sleep(STEP_MS);
}

/** Waits until the probe gives something other than false or undefined, and gives that. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | false | undefined> | T | false | undefined,
  deadlineMs = 10_000,
): Promise<T> {
  const endsAt = performance.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endsAt) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await sleep(STEP_MS);
  }
}

/** The outcome of the promise, which must come in time. */
export async function within<T>(promise: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** How long the promise took, in milliseconds, with what it gave. */
export async function timed<T>(action: () => Promise<T>): Promise<{ value: T; tookMs: number }> {
  const startedAt = performance.now();
  const value = await action();
  return { value, tookMs: performance.now() - startedAt };
}

/** A call that was made and may still be waiting for its answer. */
export class OpenCall<T = unknown> {
  outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  readonly settled: Promise<void>;

  constructor(promise: Promise<T>) {
    this.settled = promise.then(
      (value) => {
        this.outcome = { value };
      },
      (error: unknown) => {
        this.outcome = { error };
      },
    );
  }

  get isWaiting(): boolean {
    return this.outcome === undefined;
  }

  /** The result of the call. @throws the call's error, or an error when it takes longer */
  async value(deadlineMs: number, what = 'an answer to the call that waits'): Promise<T> {
    await within(this.settled, deadlineMs, what);
    if (this.outcome === undefined) throw new Error('settled without an outcome');
    if ('error' in this.outcome) throw this.outcome.error;
    return this.outcome.value;
  }

  /** The error with which the call failed. */
  async error(deadlineMs: number, what = 'an error of the call that waits'): Promise<unknown> {
    await within(this.settled, deadlineMs, what);
    if (this.outcome === undefined || 'value' in this.outcome) {
      throw new Error(`the call gave ${JSON.stringify(this.outcome)} and did not fail`);
    }
    return this.outcome.error;
  }
}
