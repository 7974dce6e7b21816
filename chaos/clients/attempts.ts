import { isAnswer } from '../calls/outcome.js';
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
  /** Whether the answer was a result, and not a fault. */
  gaveResult: boolean;
  /** Why there was no result, for people. */
  reason?: string;
  /** The server was asked to answer within so long; undefined: it may take as long as it takes. */
  readonly deadlineMs?: number;
}

/** Every call that the clients made, by time. */
export class AttemptLog {
  readonly attempts: Attempt[] = [];

  constructor(private readonly now: () => RunMs) {}

  /** Makes the call and notes it. */
  async make<T>(
    called: Pick<Attempt, 'operation' | 'server' | 'deadlineMs'>,
    call: () => Promise<T>,
  ): Promise<T> {
    const attempt: Attempt = {
      ...called,
      sentAt: this.now(),
      endedAt: null,
      answered: false,
      gaveResult: false,
    };
    this.attempts.push(attempt);
    try {
      const answer = await call();
      attempt.answered = true;
      attempt.gaveResult = true;
      return answer;
    } catch (error) {
      attempt.answered = isAnswer(error);
      attempt.reason = error instanceof Error ? error.message : String(error);
      throw error;
    } finally {
      attempt.endedAt = this.now();
    }
  }
}
