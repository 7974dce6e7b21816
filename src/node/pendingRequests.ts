import type { RequestNumber } from '../raft/output.js';
import type { Entry, EntryId } from '../raft/types.js';
import { ServiceError } from './errors.js';
import { noNodeEvents, type NodeEvents, type WaitingCall } from './events.js';

/** When a write is answered: its commit known on a majority (the assignment's rule), or committed here (the paper's). */
export type ReplyAfter = 'majority' | 'commit';

/** A call that waits. `cancel` frees its place when nobody waits for the answer any more; the promise then never settles. */
export interface PendingCall<T> {
  readonly promise: Promise<T>;
  readonly cancel: () => void;
}

/** Waits for the answer; a client that hangs up frees its place. */
export function waitFor<T>(
  { promise, cancel }: PendingCall<T>,
  caller: { onHangUp(listener: () => void): void },
): Promise<T> {
  caller.onHangUp(cancel);
  return promise;
}

interface Waiting<Result> extends WaitingCall {
  resolve(result: Result | undefined): void;
  reject(error: Error): void;
}

interface AppliedWrite<Result> {
  readonly index: number;
  readonly request: RequestNumber;
  readonly result: Result;
}

/**
 * The calls that wait for the log, and the only place where promises are made. A write is matched to its
 * entry by index and term: an entry of another leader at the same index is not its own.
 */
export class PendingRequests<Result> {
  private lastRequest: RequestNumber = 0;
  private readonly waiting = new Map<RequestNumber, Waiting<Result>>();
  private readonly writesByIndex = new Map<number, { request: RequestNumber; term: number }>();
  private applied: AppliedWrite<Result>[] = [];
  private readable: { request: RequestNumber; index: number }[] = [];
  private acknowledgedIndex = 0;

  constructor(
    private readonly waitingMax: number,
    private readonly replyAfter: ReplyAfter,
    private readonly events: NodeEvents = noNodeEvents,
  ) {}

  get size(): number {
    return this.waiting.size;
  }

  /** @throws ServiceError `overloaded` when as many calls wait as may */
  openWrite(): PendingCall<Result> & { request: RequestNumber } {
    return this.open<Result>('write', (resolve) => (result) => resolve(result as Result));
  }

  /** @throws ServiceError `overloaded` when as many calls wait as may */
  openRead(kind: 'read' | 'whenApplied'): PendingCall<void> & { request: RequestNumber } {
    return this.open<undefined>(kind, (resolve) => () => resolve(undefined));
  }

  /** The write's entry is in the leader's log. */
  accepted(request: RequestNumber, entry: EntryId): void {
    this.writesByIndex.set(entry.index, { request, term: entry.term });
  }

  /** An entry was applied here; entries come in order. */
  entryApplied(entry: Entry, result: Result): void {
    const write = this.writesByIndex.get(entry.index);
    if (write === undefined) return;
    this.writesByIndex.delete(entry.index);
    if (write.term === entry.term) this.applied.push({ index: entry.index, request: write.request, result });
    else
      this.fail(write.request, new ServiceError('superseded', 'another leader wrote this place of the log'));
  }

  /** A majority is known to have committed everything up to `index`. */
  acknowledged(index: number): void {
    this.acknowledgedIndex = index;
  }

  /** The read may be answered once `index` is applied here. */
  confirmRead(request: RequestNumber, index: number): void {
    this.readable.push({ request, index });
  }

  /** Answers every call whose time has come, now that everything up to `lastApplied` is applied here. */
  settle(lastApplied: number): void {
    const answerable = this.replyAfter === 'majority' ? this.acknowledgedIndex : lastApplied;
    const writes = countWhile(this.applied, ({ index }) => index <= answerable);
    for (const { request, result } of this.applied.splice(0, writes)) this.answer(request, result);
    if (this.readable.length === 0) return;
    const { readable } = this;
    // Reads that were confirmed elsewhere come in no order.
    this.readable = readable.filter(({ index }) => index > lastApplied);
    for (const { request, index } of readable) if (index <= lastApplied) this.answer(request, undefined);
  }

  fail(request: RequestNumber, error: Error): void {
    const call = this.take(request);
    if (call === undefined) return;
    this.events.callFailed(call, error);
    call.reject(error);
  }

  /** This server stopped leading: no write that still waits can be told its fate. */
  failWrites(makeError: () => Error): void {
    for (const [request, call] of this.waiting) {
      if (call.kind === 'write') this.fail(request, makeError());
    }
    this.writesByIndex.clear();
    this.applied = [];
    this.acknowledgedIndex = 0;
  }

  /** Crash, failure or shutdown: nobody is answered any more. */
  failAll(makeError: () => Error): void {
    this.failWrites(makeError);
    for (const request of this.waiting.keys()) this.fail(request, makeError());
    this.readable = [];
  }

  private open<T>(
    kind: Waiting<Result>['kind'],
    settler: (resolve: (value: T) => void) => Waiting<Result>['resolve'],
  ): PendingCall<T> & { request: RequestNumber } {
    if (this.waiting.size >= this.waitingMax) {
      throw new ServiceError('overloaded', `${this.waitingMax} calls are waiting already; try again later`);
    }
    this.lastRequest += 1;
    const request = this.lastRequest;
    const promise = new Promise<T>((resolve, reject) => {
      const call: Waiting<Result> = { kind, startedAt: 0, resolve: settler(resolve), reject };
      this.waiting.set(request, call);
      this.events.callStarted(call);
    });
    return { request, promise, cancel: () => this.forget(request) };
  }

  private answer(request: RequestNumber, result: Result | undefined): void {
    const call = this.take(request);
    if (call === undefined) return;
    this.events.callAnswered(call, result);
    call.resolve(result);
  }

  private forget(request: RequestNumber): void {
    const call = this.take(request);
    if (call === undefined) return;
    this.events.callAbandoned(call);
    if (this.readable.length > 0) this.readable = this.readable.filter((read) => read.request !== request);
  }

  private take(request: RequestNumber): Waiting<Result> | undefined {
    const call = this.waiting.get(request);
    this.waiting.delete(request);
    return call;
  }
}

function countWhile<T>(items: readonly T[], holds: (item: T) => boolean): number {
  const end = items.findIndex((item) => !holds(item));
  return end === -1 ? items.length : end;
}
