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
