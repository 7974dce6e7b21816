import type { RequestId } from '../stateMachine/command.js';

/** How a numbered request ended: `unused`, it certainly has no effect; `expired`, its session is forgotten. */
export type RequestEnd = 'used' | 'unused' | 'expired';

/** A request that has its number; only the first `end` counts. */
export interface NumberedCall {
  readonly request: RequestId;
  end(how: RequestEnd): void;
}

interface Session {
  readonly id: string;
  lastSequence: number;
}

/**
 * Numbers the requests of one process within its sessions. A session has one request under way at a time (dissertation
 * section 6.3), so there are as many sessions as there ever were concurrent requests, and the most recently used ones
 * are reused first.
 */
export class ClientSessions {
  private readonly free: Session[] = [];

  /** A request in a session that is free; undefined when there is none, and one must be opened. */
  begin(): NumberedCall | undefined {
    const session = this.free.pop();
    return session && this.next(session);
  }

  /** A request in a session that was opened for it; the session is reused afterwards. */
  beginIn(sessionId: string): NumberedCall {
    return this.next({ id: sessionId, lastSequence: 0 });
  }

  private next(session: Session): NumberedCall {
    const sequence = session.lastSequence + 1;
    let ended = false;
    return {
      request: { clientId: session.id, sequence },
      end: (how) => {
        if (ended) return;
        ended = true;
        if (how === 'expired') {
          // The free sessions were used before this one, so they are forgotten, too.
          this.free.length = 0;
          return;
        }
        if (how === 'used') session.lastSequence = sequence;
        this.free.push(session);
      },
    };
  }
}
