import type { Outcome } from '../node/errors.js';
import type { NumberedCall, RequestLanes } from '../node/requestLanes.js';
import type { RequestId } from '../stateMachine/command.js';

/** The request id of one write, the same for all its attempts: however many of them arrive, it takes effect once. */
export class NumberedWrite {
  private call: NumberedCall;

  constructor(private readonly lanes: RequestLanes) {
    this.call = lanes.begin();
  }

  get request(): RequestId {
    return this.call.request;
  }

  /**
   * Takes the next free lane, for a service that does not know this one any more, and nobody uses this one again. False
   * when it was new: there is no reason to refuse that, and another one would do no better.
   */
  renew(): boolean {
    const wasNew = this.call.request.sequence === 1;
    this.call.end('expired');
    this.call = this.lanes.begin();
    return !wasNew;
  }

  /** The number is free again only when nothing was done under it. */
  end(outcome: Outcome): void {
    this.call.end(outcome === 'unknown' ? 'used' : 'unused');
  }
}
