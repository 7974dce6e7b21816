import { ServiceError, type ErrorKind } from '../../../src/node/errors.js';
import { LeaderRouter, type LeaderCalls, type RoutedNode } from '../../../src/node/leaderRouter.js';
import type { PendingCall } from '../../../src/node/pendingRequests.js';
import type { NodeId } from '../../../src/raft/types.js';
import { ManualClock } from '../../support/manualParts.js';

/** A call of the router to the node or to a leader; the test decides how it ends. */
export interface Asked {
  /** Such as `here: propose x` or `2: readIndex`. */
  readonly text: string;
  readonly cancelled: boolean;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A call to the router, and how it has ended so far. */
export interface Watched {
  /** The value, or the error; `waits` until then. */
  outcome: unknown;
  readonly cancel: () => void;
}

/** A router before a node and leaders that do what the test says. */
export class RouterBench {
  readonly clock = new ManualClock();
  readonly asked: Asked[] = [];
  readonly router: LeaderRouter<string>;
  isLeader = false;
  knownLeader: NodeId | null = null;
  /** Why the node is down, if it is. */
  down: ErrorKind | undefined;
  /** With what the next call of a node or a leader fails at once. */
  failAtOnce: Error | undefined;

  constructor() {
    const leaders: LeaderCalls<string> = {
      propose: (leader, command) => this.ask(`${leader}: propose ${command}`),
      readIndex: (leader) => this.ask(`${leader}: readIndex`),
    };
    this.router = new LeaderRouter<string>(this.node(), leaders, this.clock, {
      callsMax: 5,
      charsMax: 1_000,
    });
  }

  /** A bench that knows this leader: another server, or the node itself. */
  static knowing(leader: NodeId | 'here'): RouterBench {
    const bench = new RouterBench();
    bench.elect(leader);
    return bench;
  }

  /** All that was asked so far. */
  get texts(): string[] {
    return this.asked.map(({ text }) => text);
  }

  /** The last call. */
  get last(): Asked {
    const last = this.asked.at(-1);
    if (last === undefined) throw new Error('nothing was asked');
    return last;
  }

  /** Calls that the router has not forgotten. */
  get kept(): number {
    return (Reflect.get(this.router, 'open') as ReadonlySet<unknown>).size;
  }

  /** The node hears of a leader, or of none. */
  elect(leader: NodeId | 'here' | null): void {
    this.isLeader = leader === 'here';
    this.knownLeader = leader === 'here' ? 0 : leader;
    this.router.reconsider();
  }

  takeDown(kind: ErrorKind): void {
    this.down = kind;
    this.isLeader = false;
    this.knownLeader = null;
    this.router.reconsider();
  }

  write(command = 'x', timeoutMs = 1_000): Watched {
    return watched(this.router.propose(command, timeoutMs));
  }

  readAll(timeoutMs = 1_000): Watched {
    return watched(this.router.read(timeoutMs));
  }

  private node(): RoutedNode<string> {
    const isLeader = (): boolean => this.isLeader;
    const knownLeader = (): NodeId | null => this.knownLeader;
    return {
      get isLeader() {
        return isLeader();
      },
      get knownLeader() {
        return knownLeader();
      },
      propose: (command) => this.ask(`here: propose ${command}`),
      read: () => this.ask('here: read'),
      whenApplied: (index) => this.ask(`here: whenApplied ${index}`),
      requireRunning: () => {
        if (this.down !== undefined) throw new ServiceError(this.down, 'this server is down');
      },
    };
  }

  private ask<T>(text: string): PendingCall<T> {
    const { failAtOnce } = this;
    this.failAtOnce = undefined;
    if (failAtOnce !== undefined) throw failAtOnce;
    let settle: { resolve: (value: T) => void; reject: (error: Error) => void } | undefined;
    const promise = new Promise<T>((resolve, reject) => (settle = { resolve, reject }));
    const asked = {
      text,
      cancelled: false,
      resolve: (value: unknown) => settle?.resolve(value as T),
      reject: (error: Error) => settle?.reject(error),
    };
    this.asked.push(asked);
    return { promise, cancel: () => (asked.cancelled = true) };
  }
}

export function watched(call: PendingCall<unknown>): Watched {
  const result: Watched = { outcome: 'waits', cancel: call.cancel };
  const note = (outcome: unknown): unknown => (result.outcome = outcome);
  call.promise.then(note, note);
  return result;
}

export function failure(kind: ErrorKind): ServiceError {
  return new ServiceError(kind, 'because');
}

/** Lets everything that was settled be heard of. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The kind of the error that the call ended with. */
export function kindOf({ outcome }: Watched): unknown {
  return outcome instanceof ServiceError ? outcome.kind : outcome;
}
