import type { Output, StorageBatch } from '../raft/output.js';
import type { Message } from '../raft/types.js';
import type { Storage } from '../storage/storage.js';
import { noNodeEvents, type NodeEvents, type Timed } from './events.js';

interface Outstanding extends Timed {
  readonly batch: StorageBatch;
  /** Sends the messages that wait until this batch is durable. */
  readonly deliveries: (() => void)[];
}

/** The listener of the queue. */
interface PersistReports {
  persisted(batch: StorageBatch): void;
  failed(error: Error): void;
}

/**
 * Holds votes and acknowledgements back until the state they promise is durable. A message without a batch of its own
 * waits for the newest batch under way: it may acknowledge entries that an earlier step appended.
 */
export class PersistQueue {
  private outstanding: Outstanding[] = [];
  private epoch = 0;
  /** Ticks for which the oldest write has been under way. */
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

  /** A tick passes; returns the number of ticks for which the oldest write has been under way. */
  tick(): number {
    this.waitingTicks = this.outstanding.length === 0 ? 0 : this.waitingTicks + 1;
    return this.waitingTicks;
  }

  /** A crash: completions of writes under way are ignored from now on. */
  reset(): void {
    this.epoch += 1;
    this.outstanding = [];
  }

  private persist(item: Outstanding): void {
    const { epoch } = this;
    this.outstanding.push(item);
    this.events.persistStarted(item);
    this.storage.persist(item.batch, (error) => {
      // A failure of the disk counts even when no message waits for the write.
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
