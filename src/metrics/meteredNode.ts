import { observers } from '../node/observer.js';
import type { PendingCall } from '../node/pendingRequests.js';
import { RaftNode } from '../node/raftNode.js';
import type { RaftNodeOptions } from '../node/nodeOptions.js';
import type { CommandResult } from '../stateMachine/command.js';
import type { StateMachine } from '../stateMachine/stateMachine.js';
import type { Storage } from '../storage/storage.js';
import type { Transport } from '../transport/transport.js';
import { ABANDONED, type CallMeter, type Now } from './callMeter.js';
import type { NodeMetrics } from './nodeMetrics.js';
import { outcomeOf } from './outcome.js';
import type { Counted, Timed } from './tallies.js';

/** A node that is measured from outside: by what it is made of, what it reports, and what is asked of it. */
export class MeteredNode extends RaftNode<CommandResult> {
  private readonly proposals: CallMeter;
  private readonly reads: CallMeter;

  /** @param observerThrew hears what an observer threw */
  constructor(
    metrics: NodeMetrics,
    options: RaftNodeOptions<CommandResult>,
    observerThrew?: (error: unknown) => void,
  ) {
    super({
      ...options,
      storage: meteredStorage(options.storage, metrics.persists, metrics.now),
      transport: meteredTransport(options.transport, metrics.requests),
      stateMachine: meteredStateMachine(options.stateMachine, metrics.entriesApplied),
      observer: observers([metrics.observer, options.observer], observerThrew),
    });
    ({ proposals: this.proposals, reads: this.reads } = metrics);
  }

  override propose(command: string): PendingCall<CommandResult> {
    return metered(
      this.proposals,
      () => super.propose(command),
      // The id of a session that was opened would make a series of its own of each.
      (result) => (result.startsWith('opened:') ? 'opened' : result),
    );
  }

  override read(): PendingCall<void> {
    return metered(
      this.reads,
      () => super.read(),
      () => 'ok',
    );
  }
}

function metered<T>(
  meter: CallMeter,
  ask: () => PendingCall<T>,
  wordFor: (result: T) => string,
): PendingCall<T> {
  const call = meter.begin();
  const fail = (error: unknown): void => call.ended(outcomeOf(error));
  let pending: PendingCall<T>;
  try {
    pending = ask();
  } catch (error) {
    fail(error);
    throw error;
  }
  const { promise, cancel } = pending;
  promise.then((result) => call.answered(wordFor(result)), fail);
  return {
    promise,
    cancel: () => {
      call.ended(ABANDONED);
      cancel();
    },
  };
}

/** Times each batch from `persist` until it is durable. */
export function meteredStorage(storage: Storage, durations: Timed, now: Now): Storage {
  return {
    persist(batch, done) {
      const startedAt = now();
      storage.persist(batch, (error) => {
        if (error === null) durations.observe((now() - startedAt) / 1000);
        done(error);
      });
    },
    stage: (snapshot, done) => storage.stage(snapshot, done),
    load: (done) => storage.load(done),
    close: (done) => storage.close(done),
  };
}

/** Counts the requests to each peer by what became of them, and times those that were answered. */
export function meteredTransport(transport: Transport, meterOf: NodeMetrics['requests']): Transport {
  return {
    send(request, done, late) {
      const call = meterOf(request.to)[request.type].begin();
      const giveUp = transport.send(
        request,
        (outcome) => {
          if ('response' in outcome) call.answered('answered');
          else call.ended('failed');
          done(outcome);
        },
        late,
      );
      return () => {
        call.ended(ABANDONED);
        giveUp();
      };
    },
    disconnect: () => transport.disconnect(),
    close: () => transport.close(),
  };
}

function meteredStateMachine<Result>(
  stateMachine: StateMachine<Result>,
  applied: Counted,
): StateMachine<Result> {
  return {
    get lastApplied() {
      return stateMachine.lastApplied;
    },
    apply(entry) {
      applied.inc();
      return stateMachine.apply(entry);
    },
    snapshot: (chunkChars) => stateMachine.snapshot(chunkChars),
    load: () => stateMachine.load(),
  };
}
