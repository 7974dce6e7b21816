import type { RequestMessage, ResponseMessage } from '../raft/types.js';

/** The answer to one request, or why there is none, in a few words for a log. */
export type SendOutcome = { readonly response: ResponseMessage } | { readonly failure: string };

/** Carries requests to peers and brings back the answer to that very request. */
export interface Transport {
  /**
   * Sends `request` to its addressee. `done` is called exactly once, never before `send` returns, within a time
   * that grows with the size of the request, and not at all after a call of the returned function, which gives the request up.
   *
   * @param late receives an answer that comes after `done` has reported a failure: a vote that a slow disk has delayed
   * still counts in its term. At most one, and only for a while.
   */
  send(
    request: RequestMessage,
    done: (outcome: SendOutcome) => void,
    late: (response: ResponseMessage) => void,
  ): () => void;
  /** Closes the connections to all peers, who see it; the next request opens new ones. */
  disconnect(): void;
  close(): void;
}

/** Who answers the requests of peers: in production the driver. */
export interface PeerRequestHandler {
  /**
   * `reply` is called at most once, with null when the request deserves no answer; not at all when the request is dropped as a
   * broken network would drop it.
   */
  receive(request: RequestMessage, reply: (response: ResponseMessage | null) => void): void;
}

const KIBIBYTE_PER_MS = 1024;

/** Below this size it is the distance that counts, and the peer's disk, and not the speed of the link. */
const SMALL_BYTES = 64 * 1024;

/** Estimates stay between 64 KiB and 8 MiB a second: so every body has some time, and none has hours. */
const SLOWEST = KIBIBYTE_PER_MS / 16;
const FASTEST = 8 * KIBIBYTE_PER_MS;

/** Additional time comes in steps, so that timers of equal length are kept together. */
const STEP_MS = 100;

/** A request has twice the time that the last ones took: links are shared. */
const MARGIN = 2;

/**
 * How fast a peer takes in large requests, by experience. A request that must be uploaded within a fixed time cannot be
 * replicated over a slow link at all: it would be aborted and sent again for ever.
 */
export class LinkSpeed {
  private bytesPerMs = KIBIBYTE_PER_MS;

  /** Whether the size of a request has a part in how long it takes. */
  static isLarge(bytes: number): boolean {
    return bytes > SMALL_BYTES;
  }

  /** Milliseconds that a request of this size may take beyond what a small one may take. */
  allowanceMs(bytes: number): number {
    if (!LinkSpeed.isLarge(bytes)) return 0;
    return Math.ceil(bytes / this.bytesPerMs / STEP_MS) * STEP_MS;
  }

  /** A request of this size was answered after so long. */
  answered(bytes: number, ms: number): void {
    if (!LinkSpeed.isLarge(bytes)) return;
    const measured = bytes / Math.max(ms, 1) / MARGIN;
    this.bytesPerMs = between(SLOWEST, (this.bytesPerMs + measured) / 2, FASTEST);
  }

  /** A request of this size was given up: the next one has twice the time. */
  timedOut(bytes: number): void {
    if (LinkSpeed.isLarge(bytes)) this.bytesPerMs = between(SLOWEST, this.bytesPerMs / 2, FASTEST);
  }
}

function between(least: number, value: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
