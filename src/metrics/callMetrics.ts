import type { Registry } from 'prom-client';
import type { CallEvents, ClientCall } from '../http/clientCall.js';
import { errorKindOf, errorTable, ServiceError } from '../node/errors.js';
import { FAULT_CODES, XmlRpcFault } from '../xmlrpc/index.js';
import { onceForEach, CheapCounters, TallyHistogram, type Now, type Series } from './tallies.js';

/** From half a millisecond to ten seconds: a call waits for a network, maybe for a disk, maybe for an election. */
export const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The outcome of a call whose client did not wait for it. */
export const ABANDONED = 'abandoned';

/** Counts and times the calls of clients and peers, on whatever surface they come: a listener to their events. */
export class CallMetrics {
  private readonly seriesOf: (surface: string) => (method: string) => Series;

  constructor(
    registry: Registry,
    private readonly now: Now,
  ) {
    const handled = new CheapCounters(
      {
        name: 'surfstore_rpc_handled_total',
        help: 'Calls of clients and peers, by what became of them',
        labelNames: ['surface', 'method', 'outcome'],
      },
      registry,
    );
    const durations = new TallyHistogram(
      {
        name: 'surfstore_rpc_duration_seconds',
        help: 'Seconds from a call, all of it received, until its answer',
        labelNames: ['surface', 'method'],
      },
      CALL_SECONDS,
      registry,
    );
    this.seriesOf = onceForEach((surface) =>
      onceForEach((method) => ({
        countOf: onceForEach((outcome) => handled.labels(surface, method, outcome)),
        durations: durations.labels(surface, method),
      })),
    );
  }

  /** @param internalError receives the errors that no client is told of */
  events(internalError: CallEvents['internalError']): CallEvents {
    return {
      started: (call) => {
        call.startedAt = this.now();
      },
      answered: (call, outcome) => this.answered(call, outcome),
      failed: (call, error) => this.answered(call, outcomeOf(error)),
      abandoned: ({ surface, method }) => this.seriesOf(surface)(method).countOf(ABANDONED).inc(),
      internalError,
    };
  }

  private answered({ surface, method, startedAt }: ClientCall, outcome: string): void {
    const { countOf, durations } = this.seriesOf(surface)(method);
    countOf(outcome).inc();
    durations.observe((this.now() - startedAt) / 1000);
  }
}

/** The word for an error, of a bounded set: that of the table of errors, or what kind of fault it is. */
export function outcomeOf(error: unknown): string {
  if (error instanceof ServiceError) return errorTable[error.kind].word;
  if (error instanceof XmlRpcFault) return wordOf(error.faultCode);
  return 'internal';
}

function wordOf(code: number): string {
  switch (code) {
    case FAULT_CODES.METHOD_NOT_FOUND:
      return 'methodNotFound';
    case FAULT_CODES.INVALID_PARAMS:
      return 'invalid';
    case FAULT_CODES.INTERNAL_ERROR:
      return 'internal';
    default: {
      const kind = errorKindOf(code);
      return kind === undefined ? 'fault' : errorTable[kind].word;
    }
  }
}
