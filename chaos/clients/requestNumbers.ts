import type { RequestName } from '../calls/keyServer.js';

/** Names a client's requests, so that each is done once. Sequences of a session rise from 1; gaps do not matter. */
export class RequestNumbers {
  private sessionId: string | undefined;
  private sequence = 1;

  /** The request that is to be sent, once or more often; undefined as long as there is no session. */
  get current(): RequestName | undefined {
    const { sessionId, sequence } = this;
    return sessionId === undefined ? undefined : { clientId: sessionId, sequence };
  }

  isOpened(sessionId: string): void {
    this.sessionId = sessionId;
    this.sequence = 1;
  }

  /** The request was done, or nobody knows. One that certainly was not leaves its number to the next. */
  isUsed(): void {
    this.sequence += 1;
  }

  /** The servers take nothing more in this session. */
  isOver(): void {
    this.sessionId = undefined;
  }
}
