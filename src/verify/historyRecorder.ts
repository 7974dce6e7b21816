import type { Call, Failed, Kind, Operation, Outcome, Results, Unknown } from './history.js';

type CallOf<K extends Kind> = Extract<Call, { kind: K }>;

interface Recorded {
  readonly id: number;
  readonly client: string;
  readonly call: Call;
  readonly invokedAt: number;
  returnedAt: number | null;
  outcome: Outcome;
}

/** One call under way. The first of `ok`, `fail` and `unknown` settles it; what comes after is an error. */
export class RecordedCall<K extends Kind = Kind> {
  private isSettled = false;

  constructor(
    private readonly recorded: Recorded,
    private readonly now: () => number,
  ) {}

  get id(): number {
    return this.recorded.id;
  }

  /**
   * The call was answered.
   *
   * @throws Error when it was settled before
   */
  ok(result: Results[K]): void {
    this.settle({ ...result, status: 'ok' });
  }

  /**
   * The call certainly had no effect and never will.
   *
   * @throws Error when it was settled before
   */
  fail(reason?: string): void {
    this.settle(withReason({ status: 'failed' }, reason));
  }

  /**
   * The caller stopped waiting without knowing what became of the call.
   *
   * @throws Error when it was settled before
   */
  unknown(reason?: string): void {
    this.settle(withReason({ status: 'unknown' }, reason));
  }

  private settle(outcome: Outcome): void {
    if (this.isSettled) throw new Error(`operation ${this.id} was settled twice`);
    this.isSettled = true;
    this.recorded.returnedAt = this.now();
    this.recorded.outcome = outcome;
  }
}

/**
 * Writes down who called what, when, and what came of it.
 *
 * ```ts
 * const recorder = new HistoryRecorder(() => performance.now());
 * const call = recorder.invoke('c1', { kind: 'update', file: 'a', version: 1, content: '["h"]' });
 * call.ok({ applied: true });
 * check(recorder.operations());
 * ```
 */
export class HistoryRecorder {
  private readonly recorded: Recorded[] = [];

  /** @param now the clock of the history: any unit, never running backwards */
  constructor(private readonly now: () => number) {}

  /** Number of calls made so far. */
  get size(): number {
    return this.recorded.length;
  }

  /** A call begins now. */
  invoke<K extends Kind>(client: string, call: CallOf<K> & { readonly kind: K }): RecordedCall<K> {
    const recorded: Recorded = {
      id: this.recorded.length + 1,
      client,
      call: call,
      invokedAt: this.now(),
      returnedAt: null,
      outcome: { status: 'unknown' },
    };
    this.recorded.push(recorded);
    return new RecordedCall<K>(recorded, this.now);
  }

  /** The history so far, in order of invocation. Calls still under way have an unknown outcome. */
  operations(): Operation[] {
    return this.recorded.map(
      ({ id, client, call, invokedAt, returnedAt, outcome }) =>
        ({ id, client, ...call, invokedAt, returnedAt, outcome }) as Operation,
    );
  }
}

function withReason<O extends Failed | Unknown>(outcome: O, reason: string | undefined): O {
  return reason === undefined ? outcome : { ...outcome, reason };
}
