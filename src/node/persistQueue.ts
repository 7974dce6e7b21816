import type { Output, StorageBatch } from '../raft/output.js';
import type { Message } from '../raft/types.js';
import type { Storage } from '../storage/storage.js';
import { noNodeEvents, type NodeEvents, type Timed } from './events.js';

interface Outstanding extends Timed {
  readonly batch: StorageBatch;
  /** What may leave once this batch is durable. */
  readonly deliveries: (() => void)[];
}

/** Where the queue reports to. */
interface PersistReports {
  persisted(batch: StorageBatch): void;
  failed(error: Error): void;
}

/**
 * Keeps votes and acknowledgements back until everything they vouch for is durable. A message without a
 * batch of its own waits for the newest one under way: it may speak of what an earlier step appended.
 */
export class PersistQueue {
  private outstanding: Outstanding[] = [];
  private epoch = 0;
  /** For how long the oldest write has been under way. */
  private waitingTicks = 0;

  constructor(
    private readonly storage: Storage,
    private readonly reports: PersistReports,
    private readonly events: NodeEvents = noNodeEvents,
  ) {}

  /** Stores the step's batch, if any, and delivers its kept-back messages when that is safe. */
  add(output: Output, deliver: (message: Message) => void): void {
    const deliveries = output.messagesAfterPersist.map((message) => () => deliver(message));
    const newest = this.outstanding.at(-1);
    if (output.batch !== null) this.persist({ batch: output.batch, deliveries, startedAt: 0 });
    else if (newest !== undefined) newest.deliveries.push(...deliveries);
    else deliveries.forEach((send) => send());
  }

  /** A tick passes; for how many of them the oldest write has been under way. */
  tick(): number {
    this.waitingTicks = this.outstanding.length === 0 ? 0 : this.waitingTicks + 1;
    return this.waitingTicks;
  }

  /** A crash: completions of writes under way change nothing any more. */
  reset(): void {
    this.epoch += 1;
    this.outstanding = [];
  }

  private persist(item: Outstanding): void {
    const { epoch } = this;
    this.outstanding.push(item);
    this.events.persistStarted(item);
    this.storage.persist(item.batch, (error) => {
      // A disk that failed has failed, whoever waited for it.
      if (error !== null) {
        this.reports.failed(error);
        return;
      }
      this.events.persisted(item);
      if (epoch !== this.epoch) return;
      this.outstanding.shift();
      this.waitingTicks = 0;
      this.reports.persisted(item.batch);
      item.deliveries.forEach((send) => send());
    });
  }
}
