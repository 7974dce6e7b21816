import type { RequestId } from '../stateMachine/command.js';

/** How a numbered request ended: `unused`, it certainly has no effect; `expired`, its session is forgotten. */
export type RequestEnd = 'used' | 'unused' | 'expired';

/** A request that has its number; only the first `end` counts. */
export interface NumberedCall {
  readonly request: RequestId;
  end(how: RequestEnd): void;
}

interface Lane {
  readonly clientId: string;
  lastSequence: number;
}

/**
 * Numbers the requests of one process. A session has one request under way at a time (dissertation section 6.3), so
 * there are as many sessions as there ever were requests at the same time, and the ones used last are used again.
 */
export class RequestLanes {
  private readonly free: Lane[] = [];

  /** @param newClientId gives a name that nobody else in the world uses, another one each time */
  constructor(private readonly newClientId: () => string) {}

  begin(): NumberedCall {
    const lane = this.free.pop() ?? { clientId: this.newClientId(), lastSequence: 0 };
    const sequence = lane.lastSequence + 1;
    let ended = false;
    return {
      request: { clientId: lane.clientId, sequence },
      end: (how) => {
        if (ended) return;
        ended = true;
        if (how === 'expired') {
          // Those that are free were used before this one: they are forgotten, too.
          this.free.length = 0;
          return;
        }
        if (how === 'used') lane.lastSequence = sequence;
        this.free.push(lane);
      },
    };
  }
}
