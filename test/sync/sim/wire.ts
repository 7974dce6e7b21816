import { ServiceError } from '../../../src/node/errors.js';
import type { PendingCall } from '../../../src/node/pendingRequests.js';
import type { Prng } from '../../../src/sim/prng.js';
import type { SimHost, VirtualTime } from '../../../src/sim/simHost.js';
import type { SimProcess, SimServer } from '../../../src/sim/simServer.js';

/** How calls of clients fare; the figures but for times are probabilities. */
export interface WireBehaviour {
  /** A call does not arrive. */
  readonly lost: number;
  /** An answer does not arrive. */
  readonly unanswered: number;
  /** A call is late, so that its client may long have repeated it, or be dead. */
  readonly late: number;
  readonly lateMs: number;
}

/** One attempt waits so long for an answer, and then hangs up. */
const ATTEMPT_MS = 3_000;
const LATENCY_MAX_MS = 3;

/** How one attempt ended; undefined: without an answer. */
type Attempt<T> = { readonly value: T } | { readonly error: ServiceError } | undefined;

/** Carries calls from processes outside of the cluster to its servers. */
export class Wire {
  /** Calls of which nobody knows whether they were carried out. */
  unknown = 0;

  constructor(
    private readonly time: VirtualTime,
    private readonly servers: readonly SimServer[],
    private readonly random: Prng,
    private behaviour: WireBehaviour,
  ) {}

  /** From now on every call arrives at once, and is answered. */
  heal(): void {
    this.behaviour = { lost: 0, unanswered: 0, late: 0, lateMs: 0 };
  }

  ask<T>(
    from: SimHost,
    to: number,
    serve: (process: SimProcess) => PendingCall<T>,
    attemptMs = ATTEMPT_MS,
  ): Promise<Attempt<T>> {
    const { random, behaviour } = this;
    return new Promise((resolve) => {
      let hangUp = (): void => undefined;
      let isOver = false;
      const end = (attempt: Attempt<T>): void => {
        if (isOver) return;
        isOver = true;
        if (attempt === undefined) this.unknown += 1;
        resolve(attempt);
      };
      from.after(attemptMs, () => {
        if (!isOver) hangUp();
        end(undefined);
      });
      from.onKill(() => hangUp());
      const isUnanswered = random.chance(behaviour.unanswered);
      const answer = (attempt: Attempt<T>): void => {
        if (!isUnanswered) from.after(this.latencyMs(), () => end(attempt));
      };
      if (random.chance(behaviour.lost)) return;
      const lateMs = random.chance(behaviour.late) ? random.next() * behaviour.lateMs : 0;
      this.time.after(lateMs + this.latencyMs(), () => {
        const process = this.servers[to]?.process;
        if (process === undefined) answer(undefined);
        else hangUp = this.arrive(process, serve, answer);
      });
    });
  }

  private arrive<T>(
    process: SimProcess,
    serve: (process: SimProcess) => PendingCall<T>,
    answer: (attempt: Attempt<T>) => void,
  ): () => void {
    let cancel = (): void => undefined;
    const forget = process.host.onKill(() => answer(undefined));
    const end = (attempt: Attempt<T>): void => {
      forget();
      answer(attempt);
    };
    const fail = (error: unknown): void => {
      if (!(error instanceof ServiceError)) throw error;
      end({ error });
    };
    process.host.perform(() => {
      try {
        const pending = serve(process);
        ({ cancel } = pending);
        pending.promise.then((value) => end({ value }), fail);
      } catch (error) {
        fail(error);
      }
    });
    return () => cancel();
  }

  private latencyMs(): number {
    return LATENCY_MAX_MS * this.random.next();
  }
}
