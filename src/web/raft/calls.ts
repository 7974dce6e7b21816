import { ServiceError } from '../../node/errors.js';
import { noNodeEvents, type NodeEvents, type WaitingCall } from '../../node/events.js';
import type { PendingCall } from '../../node/pendingRequests.js';
import type { NodeId } from '../../raft/types.js';
import {
  encodeOpenSession,
  encodePut,
  isCommandResult,
  sessionIn,
  type CommandResult,
  type JsonValue,
} from '../../stateMachine/command.js';
import { CLIENTS, type OnClient } from './actions.js';

/** The one key that clients of a world use. */
export const KEY = 'x';

/**
 * A call of a client. `refused` has had no effect and never will; `unknown`: the client cannot tell whether it has, or will
 * have, an effect.
 */
export interface ObservedCall {
  readonly number: number;
  readonly client: number;
  readonly server: NodeId;
  readonly kind: 'write' | 'read' | 'session';
  /** A write and its retries have the same number of an operation, as far as the servers can tell. */
  readonly operation: number;
  readonly label: string;
  readonly atMs: number;
  /** The value that is written, or was read. */
  value: JsonValue | undefined;
  endMs: number | null;
  outcome: 'waiting' | 'done' | 'refused' | 'unknown';
  /** The answer in words. */
  text: string;
}

/** A client: it sees nothing of the cluster but its answers. */
export interface ClientView {
  readonly id: number;
  /** The id of its session; null without one. */
  readonly session: string | null;
}

/** A server that can be asked, and when: a process that is paused looks at its calls later. */
interface Asked {
  readonly node: {
    propose(command: string): PendingCall<CommandResult>;
    read(): PendingCall<void>;
  };
  readonly host: { perform(run: () => void): void };
  readonly state: { readonly keys: { get(key: string): JsonValue | undefined } };
}

interface Client {
  readonly id: number;
  session: string | null;
  sequence: number;
  /** Its last write, which `retry` sends again. */
  last: Write | null;
}

/** A write of a client, which can be sent again. */
interface Write {
  readonly label: string;
  readonly value: number;
  readonly command: string;
  readonly operation: number;
  /** It has a number in a session. Without one nobody can tell a retry from another write of the same value. */
  readonly isNumbered: boolean;
}

/**
 * The calls of clients and what they were told. The driver says so at the very event, before the promise settles: a world must
 * not depend on when promises do.
 */
export class CallBook {
  private readonly calls: ObservedCall[] = [];
  private readonly waiting = new Map<WaitingCall, { call: ObservedCall; asked: Asked }>();
  private opening: { call: ObservedCall; asked: Asked } | undefined;
  private writes = 0;
  private readonly served: readonly Client[] = Array.from({ length: CLIENTS }, (_, id) => ({
    id,
    session: null,
    sequence: 0,
    last: null,
  }));

  readonly events: NodeEvents = {
    ...noNodeEvents,
    callStarted: (call) => {
      if (this.opening !== undefined) this.waiting.set(call, this.opening);
    },
    callAnswered: (call, result) => this.answered(this.waiting.get(call), result),
    callFailed: (call, error) => this.failed(this.waiting.get(call)?.call, error),
  };

  constructor(
    private readonly now: () => number,
    private readonly ended: (call: ObservedCall) => void,
  ) {}

  get all(): readonly ObservedCall[] {
    return this.calls;
  }

  get clients(): readonly ClientView[] {
    return this.served.map(({ id, session }) => ({ id, session }));
  }

  /** Asks a server for what the action says; returns the question in words, or undefined when there is none. */
  ask(action: OnClient, asked: Asked | undefined): string | undefined {
    const client = this.served[action.client ?? 0];
    if (client === undefined) throw new Error(`there is no client ${action.client ?? 0}`);
    switch (action.kind) {
      case 'request':
        return this.write(client, this.newWrite(client), action.server, asked);
      case 'retry':
        return client.last === null ? undefined : this.write(client, client.last, action.server, asked);
      case 'read': {
        const call = this.open(client, action.server, 'read', `read ${KEY}`);
        this.send(call, asked, ({ node }) => node.read());
        return call.label;
      }
      case 'session': {
        const call = this.open(client, action.server, 'session', 'session');
        this.send(call, asked, ({ node }) => node.propose(encodeOpenSession()));
        return call.label;
      }
    }
  }

  /** The process of a server is gone, and its connections with it. */
  connectionLost(server: NodeId): void {
    for (const call of this.calls) {
      if (call.server === server)
        this.end(call, 'unknown', 'the connection is lost: the write may take effect yet');
    }
  }

  private newWrite(client: Client): Write {
    this.writes += 1;
    const value = this.writes;
    const { session } = client;
    if (session !== null) client.sequence += 1;
    const request = session === null ? undefined : { clientId: session, sequence: client.sequence };
    const operation = this.calls.length + 1;
    client.last = {
      label: `${KEY}=${value}`,
      value,
      command: encodePut(KEY, value, request),
      operation,
      isNumbered: request !== undefined,
    };
    return client.last;
  }

  private write(
    client: Client,
    { label, value, command, operation, isNumbered }: Write,
    server: NodeId,
    asked: Asked | undefined,
  ): string {
    const call = this.open(client, server, 'write', label, isNumbered ? operation : undefined);
    call.value = value;
    this.send(call, asked, ({ node }) => node.propose(command));
    return label;
  }

  private open(
    client: Client,
    server: NodeId,
    kind: ObservedCall['kind'],
    label: string,
    operation = this.calls.length + 1,
  ): ObservedCall {
    const call: ObservedCall = {
      number: this.calls.length + 1,
      client: client.id,
      server,
      kind,
      operation,
      label,
      atMs: this.now(),
      value: undefined,
      endMs: null,
      outcome: 'waiting',
      text: 'waits',
    };
    this.calls.push(call);
    return call;
  }

  private send(
    call: ObservedCall,
    asked: Asked | undefined,
    put: (asked: Asked) => PendingCall<unknown>,
  ): void {
    if (asked === undefined) {
      this.end(call, 'refused', 'the connection is refused: the server is stopped');
      return;
    }
    asked.host.perform(() => {
      this.opening = { call, asked };
      try {
        put(asked).promise.catch(() => undefined);
      } catch (error) {
        this.failed(call, error);
      } finally {
        this.opening = undefined;
      }
    });
  }

  private answered(found: { call: ObservedCall; asked: Asked } | undefined, result: unknown): void {
    if (found === undefined) return;
    const { call, asked } = found;
    if (call.kind === 'read') {
      call.value = asked.state.keys.get(KEY);
      const value = call.value === undefined ? 'not there' : JSON.stringify(call.value);
      this.end(call, 'done', `${KEY} is ${value}`);
      return;
    }
    const session = isCommandResult(result) ? sessionIn(result) : undefined;
    const client = this.served[call.client];
    if (call.kind === 'session' && session !== undefined && client !== undefined) {
      client.session = session;
      client.sequence = 0;
      this.end(call, 'done', `session ${session}`);
    } else
      this.end(
        call,
        result === 'applied' ? 'done' : 'refused',
        result === 'applied' ? 'done' : String(result),
      );
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

/** The clients have letters, as the servers have numbers. */
export function clientName(client: number): string {
  return String.fromCharCode(65 + client);
}
