import type { RequestMessage, ResponseMessage } from '../raft/types.js';
import type { Transport } from '../transport/transport.js';

/** What a channel reports. */
export interface ChannelEvents {
  answered(request: RequestMessage, response: ResponseMessage): void;
  failed(request: RequestMessage, reason: string): void;
}

/**
 * The way to one peer: one request in flight, and of those that would have to wait only the newest is kept,
 * since it carries everything that the older ones did.
 */
export class PeerChannel {
  private giveUp: (() => void) | undefined;
  private waiting: RequestMessage | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly events: ChannelEvents,
  ) {}

  send(request: RequestMessage): void {
    if (this.giveUp === undefined) this.start(request);
    else this.waiting = request;
  }

  /** Forgets everything: an answer that still comes is not delivered. */
  reset(): void {
    this.giveUp?.();
    this.giveUp = undefined;
    this.waiting = undefined;
  }

  private start(request: RequestMessage): void {
    this.giveUp = this.transport.send(request, (outcome) => {
      this.giveUp = undefined;
      const waiting = this.waiting;
      this.waiting = undefined;
      if ('response' in outcome) this.events.answered(request, outcome.response);
      else this.events.failed(request, outcome.failure);
      // The answer may have led to a newer request, which then is the one to go.
      if (waiting !== undefined && this.isIdle()) this.start(waiting);
    });
  }

  private isIdle(): boolean {
    return this.giveUp === undefined;
  }
}
