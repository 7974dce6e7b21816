import type { Socket } from 'node:net';

/** The client's side of a call, as services see it. */
export interface Caller {
  /**
   * The listener is called once if the client goes away before it has its answer; at once when that has happened
   * already. Never after the answer.
   */
  onHangUp(listener: () => void): void;
}

/**
 * Receives the events of all calls of clients and peers, on whatever surface; must not throw. Each call that is counted
 * starts once and ends once, in one of three ways.
 */
export interface CallEvents {
  started(call: ClientCall): void;
  /** @param outcome a word of a bounded set, such as `ok` or `503` */
  answered(call: ClientCall, outcome: string): void;
  /** The client received a fault or an error reply, made of this. */
  failed(call: ClientCall, error: unknown): void;
  /** The client went away first. */
  abandoned(call: ClientCall): void;
  /** A fault of the program: an error that is not meant for a client. */
  internalError(call: ClientCall, error: unknown): void;
}

/** Ignores all events; for a front without a listener. */
export const noCallEvents: CallEvents = {
  started: () => undefined,
  answered: () => undefined,
  failed: () => undefined,
  abandoned: () => undefined,
  internalError: () => undefined,
};

/**
 * One call of a client, on whatever surface, from its arrival to its answer: it is answered once, notices when its
 * client has gone, and publishes its outcome.
 */
export class ClientCall implements Caller {
  /** The kind of interface, such as `xmlrpc`, and the method called; both of bounded sets. Empty until it has begun. */
  surface = '';
  method = '';
  /** For the listener to its events: when it began, by the listener's clock. */
  startedAt = 0;
  private state: 'waiting' | 'answered' | 'hung up' = 'waiting';
  private listeners: (() => void)[] = [];
  private readonly unwatch: () => void;

  constructor(
    readonly connection: Socket,
    private readonly events: CallEvents,
  ) {
    if (connection.destroyed) this.state = 'hung up';
    this.unwatch = onSocketClose(connection, () => this.hangUp());
  }

  /** From now on it is counted. */
  begin(surface: string, method: string): void {
    this.surface = surface;
    this.method = method;
    this.events.started(this);
    if (this.state === 'hung up') this.events.abandoned(this);
  }

  onHangUp(listener: () => void): void {
    if (this.state === 'hung up') this.notify(listener);
    else if (this.state === 'waiting') this.listeners.push(listener);
  }

  /** The answer leaves now. Without effect when the call is over. */
  answered(outcome: string): void {
    if (this.settle()) this.events.answered(this, outcome);
  }

  /** The answer leaves now, and it is an error. Without effect when the call is over. */
  failed(error: unknown): void {
    if (this.settle()) this.events.failed(this, error);
  }

  /** Reports an error that its client must not see. Never throws. */
  internalError(error: unknown): void {
    try {
      this.events.internalError(this, error);
    } catch {
      // A listener that throws cannot be reported; the call is answered all the same.
    }
  }

  private settle(): boolean {
    const isFirst = this.state === 'waiting';
    if (isFirst) this.state = 'answered';
    this.listeners = [];
    this.unwatch();
    return isFirst && this.surface !== '';
  }

  private hangUp(): void {
    if (this.state !== 'waiting') return;
    this.state = 'hung up';
    if (this.surface !== '') this.events.abandoned(this);
    for (const listener of this.listeners.splice(0)) this.notify(listener);
  }

  private notify(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.internalError(error);
    }
  }
}

/** Listeners by socket: one real listener each, because a client may have many pipelined calls on one connection. */
const watched = new WeakMap<Socket, Set<() => void>>();

/** @returns takes the listener away again */
function onSocketClose(socket: Socket, listener: () => void): () => void {
  let listeners = watched.get(socket);
  if (listeners === undefined) {
    const made = new Set<() => void>();
    listeners = made;
    watched.set(socket, made);
    socket.once('close', () => {
      for (const each of made) each();
      made.clear();
    });
  }
  const present = listeners;
  present.add(listener);
  return () => void present.delete(listener);
}
