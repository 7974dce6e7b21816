import type { RequestName } from '../calls/keyServer.js';

/**
 * Names a client's requests, so that each is done once. Sequences rise from 1; a server that knows nothing of a client takes only
 * its first one.
 */
export class RequestNumbers {
  private names = 1;
  private sequence = 1;
  /** Whether a request of this name was done: then the servers know the client. */
  private isKnown = false;

  /** @param client a name that no other client has, nor had in an earlier run on the same servers */
  constructor(private readonly client: string) {}

  /** The request that is to be sent, once or more often. */
  get current(): RequestName {
    return { clientId: `${this.client}-${this.names}`, sequence: this.sequence };
  }

  /** The request was done. One that certainly was not leaves its number to the next. */
  isDone(): void {
    this.isKnown = true;
    this.sequence += 1;
  }

  /** Nobody knows what became of the request. */
  isUnknown(): void {
    if (this.isKnown) this.sequence += 1;
    else this.beginAnew();
  }

  /** The servers cannot tell this client from one they do not know. */
  beginAnew(): void {
    this.names += 1;
    this.sequence = 1;
    this.isKnown = false;
  }
}
