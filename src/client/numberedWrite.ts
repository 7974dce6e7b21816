import type { ClientSessions, NumberedCall } from '../node/clientSessions.js';
import type { FailureOutcome } from '../node/errors.js';
import type { RequestId } from '../stateMachine/command.js';

/** The request id of one write, the same for all its attempts: however many of them arrive, it takes effect once. */
export class NumberedWrite {
  private call: NumberedCall | undefined;
  /** Whether the session was opened for this very write. */
  private isFresh = false;

  constructor(private readonly sessions: ClientSessions) {
    this.call = sessions.begin();
  }

  /** Undefined as long as it has no session: none was free, or its own is forgotten. */
  get request(): RequestId | undefined {
    return this.call?.request;
  }

  beginIn(sessionId: string): RequestId {
    this.call = this.sessions.beginIn(sessionId);
    this.isFresh = true;
    return this.call.request;
  }

  /**
   * The service does not take this session any more, and nobody uses it again. False when it was fresh: there is no
   * reason to refuse that, and another one would do no better.
   */
  leaveSession(): boolean {
    this.call?.end('expired');
    this.call = undefined;
    return !this.isFresh;
  }

  /** The number is free again only when nothing was done under it. */
  end(outcome: FailureOutcome): void {
    this.call?.end(outcome === 'unknown' ? 'used' : 'unused');
  }
}
