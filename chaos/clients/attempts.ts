import type { RunMs, ServerId } from '../runRecord.js';

/** One call of one server on the way to an operation's outcome. */
export interface Attempt {
  /** Id of the operation. */
  readonly operation: number;
  readonly server: ServerId;
  readonly sentAt: RunMs;
  /** Null: it still waits. */
  endedAt: RunMs | null;
  /** Whether an answer ended it, be it a fault; otherwise the connection broke or the client gave up. */
  answered: boolean;
}

/** Every call that the clients made, by time. */
export class AttemptLog {
  readonly attempts: Attempt[] = [];

  constructor(private readonly now: () => RunMs) {}

  begin(operation: number, server: ServerId): Attempt {
    const attempt = { operation, server, sentAt: this.now(), endedAt: null, answered: false };
    this.attempts.push(attempt);
    return attempt;
  }

  end(attempt: Attempt, answered: boolean): void {
    attempt.endedAt = this.now();
    attempt.answered = answered;
  }
}
