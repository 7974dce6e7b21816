import { ServiceError } from '../../src/node/errors.js';
import type { PendingCall } from '../../src/node/pendingRequests.js';
import type { NodeId } from '../../src/raft/types.js';

/** A client's call and what became of it. */
export interface Call {
  readonly number: number;
  readonly server: NodeId;
  readonly text: string;
  readonly startedMs: number;
  /** Undefined while the call waits. */
  readonly outcome: unknown;
  readonly endedMs: number | undefined;
  readonly cancel: () => void;
}

/** Makes calls and notes how they end. */
export class Calls {
  readonly all: Call[] = [];

  constructor(private readonly nowMs: () => number) {}

  get waiting(): readonly Call[] {
    return this.all.filter(({ outcome }) => outcome === undefined);
  }

  /** @param answer what the caller sees once the call has ended well */
  make<T>(server: NodeId, text: string, begin: () => PendingCall<T>, answer: (value: T) => unknown): Call {
    const call: { -readonly [K in keyof Call]: Call[K] } = {
      number: this.all.length + 1,
      server,
      text,
      startedMs: this.nowMs(),
      outcome: undefined,
      endedMs: undefined,
      cancel: () => undefined,
    };
    this.all.push(call);
    const end = (outcome: unknown): void => {
      call.outcome = outcome;
      call.endedMs = this.nowMs();
    };
    try {
      const { promise, cancel } = begin();
      call.cancel = cancel;
      promise.then((value) => end(answer(value)), end);
    } catch (error) {
      end(error);
    }
    return call;
  }
}

/** The kind of the error a call ended with; undefined for any other end. */
export function errorKind(call: Call): string | undefined {
  return call.outcome instanceof ServiceError ? call.outcome.kind : undefined;
}
