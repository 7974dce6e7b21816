import { ServiceError } from '../../node/errors.js';
import { noNodeEvents, type NodeEvents, type WaitingCall } from '../../node/events.js';
import type { PendingCall } from '../../node/pendingRequests.js';
import type { NodeId } from '../../raft/types.js';
import { encodePut, type CommandResult } from '../../stateMachine/command.js';

/**
 * A call of a client. `refused` has had no effect and never will; `unknown`: the client cannot tell whether it has, or will
 * have, an effect.
 */
export interface ObservedCall {
  readonly number: number;
  readonly server: NodeId;
  /** The write that it asks for. */
  readonly label: string;
  readonly atMs: number;
  endMs: number | null;
  outcome: 'waiting' | 'done' | 'refused' | 'unknown';
  /** The answer in words. */
  text: string;
}

/** A server that can be asked. */
interface Asked {
  propose(command: string): PendingCall<CommandResult>;
}

/**
 * The calls of clients and what they were told. The driver says so at the very event, before the promise settles: a world must
 * not depend on when promises do.
 */
export class CallBook {
  private readonly calls: ObservedCall[] = [];
  private readonly waiting = new Map<WaitingCall, ObservedCall>();
  private opening: ObservedCall | undefined;

  readonly events: NodeEvents = {
    ...noNodeEvents,
    callStarted: (call) => {
      if (this.opening !== undefined) this.waiting.set(call, this.opening);
    },
    callAnswered: (call) => this.end(this.waiting.get(call), 'done', 'done'),
    callFailed: (call, error) => this.failed(this.waiting.get(call), error),
  };

  constructor(
    private readonly now: () => number,
    private readonly ended: (call: ObservedCall) => void,
  ) {}

  get all(): readonly ObservedCall[] {
    return this.calls;
  }

  /** Asks a server for the next write; returns its label. */
  request(server: NodeId, asked: Asked | undefined): string {
    const number = this.calls.length + 1;
    const call: ObservedCall = {
      number,
      server,
      label: `x=${number}`,
      atMs: this.now(),
      endMs: null,
      outcome: 'waiting',
      text: 'waits',
    };
    this.calls.push(call);
    if (asked === undefined) this.end(call, 'refused', 'the connection is refused: the server is stopped');
    else this.ask(call, asked);
    return call.label;
  }

  /** The process of a server is gone, and its connections with it. */
  connectionLost(server: NodeId): void {
    for (const call of this.calls) {
      if (call.server === server)
        this.end(call, 'unknown', 'the connection is lost: the write may take effect yet');
    }
  }

  private ask(call: ObservedCall, asked: Asked): void {
    this.opening = call;
    try {
      asked.propose(encodePut('x', call.number)).promise.catch(() => undefined);
    } catch (error) {
      this.failed(call, error);
    } finally {
      this.opening = undefined;
    }
  }

  private failed(call: ObservedCall | undefined, error: unknown): void {
    if (!(error instanceof ServiceError)) throw error;
    this.end(call, error.outcome === 'notDone' ? 'refused' : 'unknown', error.message);
  }

  private end(call: ObservedCall | undefined, outcome: ObservedCall['outcome'], text: string): void {
    if (call?.outcome !== 'waiting') return;
    call.outcome = outcome;
    call.text = text;
    call.endMs = this.now();
    this.ended(call);
  }
}
