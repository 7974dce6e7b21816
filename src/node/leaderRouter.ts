import type { NodeId } from '../raft/types.js';
import { errorOf, ServiceError, type ErrorKind } from './errors.js';
import type { PendingCall } from './pendingRequests.js';
import type { RaftNode } from './raftNode.js';
import { SharedReadIndex } from './sharedReadIndex.js';
import type { Clock } from './clock.js';

/**
 * How a server asks the one that leads. The outcome of a ServiceError says what may have been done; any other rejection ends
 * the call.
 */
export interface LeaderCalls<Result> {
  propose(leader: NodeId, command: string): PendingCall<Result>;
  /** An index that is committed and that a majority has confirmed since the call. */
  readIndex(leader: NodeId): PendingCall<number>;
}

/** A result, and whether an attempt before the one that gave it may have had its effect. */
export interface RoutedResult<Result> {
  readonly result: Result;
  readonly repeated: boolean;
}

/** What a router needs of the node it stands before. */
export type RoutedNode<Result> = Pick<
  RaftNode<Result>,
  'propose' | 'read' | 'whenApplied' | 'requireRunning' | 'isLeader' | 'knownLeader'
>;

/** Pause after a leader refused or did not answer; a new leader ends it early. */
const RETRY_MS = 50;

/** Where calls are answered: on this server, or on the one that leads. */
type Place = NodeId | 'here';

/** What may wait at the same time; more is refused as `overloaded`. */
interface RouterLimits {
  readonly callsMax: number;
  /** Commands together, in UTF-16 units. */
  readonly charsMax: number;
}

/**
 * Makes every server serve every call: here when it leads, else through the leader, whoever that becomes until the
 * time is over. A call may be sent more than once, so a command must carry a request id.
 */
export class LeaderRouter<Result> {
  private readonly open = new Set<{ reconsider(): void }>();
  private readonly readIndexes = new Map<NodeId, SharedReadIndex>();

  private waitingChars = 0;

  constructor(
    private readonly node: RoutedNode<Result>,
    private readonly calls: LeaderCalls<Result>,
    private readonly clock: Clock,
    private readonly limits: RouterLimits,
  ) {}

  /** As `RaftNode.propose`, but with an end: `noLeader` or `timedOut`, which says whether it may still be done. */
  propose(command: string, timeoutMs: number): PendingCall<RoutedResult<Result>> {
    return this.begin(
      'write',
      timeoutMs,
      (place) => (place === 'here' ? this.node.propose(command) : this.calls.propose(place, command)),
      command.length,
    );
  }

  /** As `RaftNode.read`, but with an end. */
  read(timeoutMs: number): PendingCall<unknown> {
    return this.begin('read', timeoutMs, (place) =>
      place === 'here' ? this.node.read() : this.readThrough(place),
    );
  }

  /** Who leads, as soon as this server knows it. */
  findLeader(timeoutMs: number): PendingCall<RoutedResult<Place>> {
    return this.begin('read', timeoutMs, (place) => ({
      promise: Promise.resolve(place),
      cancel: () => undefined,
    }));
  }

  /** To be called whenever the node's role, known leader or lifecycle has changed. */
  reconsider(): void {
    for (const call of this.open) call.reconsider();
  }

  private begin<T>(
    kind: 'read' | 'write',
    timeoutMs: number,
    ask: (place: Place) => PendingCall<T>,
    chars = 0,
  ): PendingCall<RoutedResult<T>> {
    this.node.requireRunning();
    const { callsMax, charsMax } = this.limits;
    if (this.open.size >= callsMax || this.waitingChars + chars > charsMax)
      throw new ServiceError('overloaded', `${this.open.size} calls are waiting already; try again later`);
    const call = new RoutedCall<T>(kind, ask, this.node, this.clock, () => {
      this.open.delete(call);
      this.waitingChars -= chars;
    });
    this.open.add(call);
    this.waitingChars += chars;
    call.start(timeoutMs);
    return { promise: call.promise, cancel: () => call.abandon() };
  }

  private sharedReadIndex(leader: NodeId): SharedReadIndex {
    const known = this.readIndexes.get(leader);
    if (known !== undefined) return known;
    const shared = new SharedReadIndex(() => this.calls.readIndex(leader), this.clock);
    this.readIndexes.set(leader, shared);
    return shared;
  }

  private readThrough(leader: NodeId): PendingCall<void> {
    const index = this.sharedReadIndex(leader).read();
    let cancel = index.cancel;
    const promise = index.promise.then((confirmed) => {
      const applied = this.node.whenApplied(confirmed);
      cancel = applied.cancel;
      return applied.promise;
    });
    return { promise, cancel: () => cancel() };
  }
}

/** One call from its first attempt to its end. */
class RoutedCall<T> {
  readonly promise: Promise<RoutedResult<T>>;
  private resolve!: (routed: RoutedResult<T>) => void;
  private reject!: (error: Error) => void;
  private attempt: { readonly place: Place; readonly cancel: () => void } | undefined;
  /** Whether an attempt that is over may have had its effect. */
  private mayBeDone = false;
  private lastError: Error | undefined;
  private ended = false;
  private cancelTimeout: () => void = () => undefined;
  private cancelRetry: () => void = () => undefined;

  constructor(
    private readonly kind: 'read' | 'write',
    private readonly ask: (place: Place) => PendingCall<T>,
    private readonly node: RoutedNode<unknown>,
    private readonly clock: Clock,
    private readonly onEnd: () => void,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  start(timeoutMs: number): void {
    this.cancelTimeout = this.clock.schedule(timeoutMs, () => this.expire(timeoutMs));
    this.next();
  }

  /** Something has changed: the leader asked may be none any more, or there is one at last. */
  reconsider(): void {
    if (this.ended) return;
    try {
      this.node.requireRunning();
    } catch (error) {
      this.fail(this.afterAttempts(error as ServiceError));
      return;
    }
    const place = this.place();
    if (place === undefined || place === this.attempt?.place) return;
    // A local call is told when this server stops leading; what another server does is not heard of any more.
    if (this.attempt?.place === 'here') return;
    if (this.attempt !== undefined) {
      this.attempt.cancel();
      this.mayBeDone = true;
    }
    this.next();
  }

  /** Nobody waits for the answer any more; the promise never settles. */
  abandon(): void {
    if (!this.ended) this.close();
  }

  private next(): void {
    this.cancelRetry();
    this.attempt = undefined;
    const place = this.place();
    if (place === undefined) return;
    try {
      const { promise, cancel } = this.ask(place);
      const attempt = { place, cancel };
      this.attempt = attempt;
      promise.then(
        (result) => this.succeed(attempt, result),
        (error: unknown) => this.attemptFailed(attempt, error),
      );
    } catch (error) {
      this.attemptFailed(undefined, error);
    }
  }

  private place(): Place | undefined {
    return this.node.isLeader ? 'here' : (this.node.knownLeader ?? undefined);
  }

  private succeed(attempt: RoutedCall<T>['attempt'], result: T): void {
    if (this.ended || attempt !== this.attempt) return;
    this.close();
    this.resolve({ result, repeated: this.mayBeDone });
  }

  private attemptFailed(attempt: RoutedCall<T>['attempt'], error: unknown): void {
    if (this.ended || attempt !== this.attempt) return;
    this.attempt = undefined;
    if (!(error instanceof ServiceError) || isFinal(error) || this.isDown()) {
      this.fail(error instanceof ServiceError ? this.afterAttempts(error) : this.afterRefusal(error));
      return;
    }
    this.lastError = error;
    if (error.outcome === 'unknown') this.mayBeDone = true;
    this.cancelRetry = this.clock.schedule(RETRY_MS, () => this.next());
  }

  private isDown(): boolean {
    try {
      this.node.requireRunning();
      return false;
    } catch {
      return true;
    }
  }

  private expire(timeoutMs: number): void {
    const isOpen = this.kind === 'write' && (this.mayBeDone || this.attempt !== undefined);
    this.attempt?.cancel();
    const last = this.lastError === undefined ? '' : `; the last answer was: ${this.lastError.message}`;
    if (isOpen) {
      const explanation = `no majority has confirmed it within ${timeoutMs} ms; it may still take effect${last}`;
      this.fail(new ServiceError('timedOut', explanation));
      return;
    }
    const explanation =
      this.attempt === undefined
        ? `no leader was found within ${timeoutMs} ms; a majority of the servers may be down${last}`
        : `no majority has confirmed the read within ${timeoutMs} ms${last}`;
    this.fail(new ServiceError('noLeader', explanation));
  }

  /** An error that says "not done" is true of the last attempt only. */
  private afterAttempts(error: ServiceError): ServiceError {
    if (this.kind === 'read' || error.outcome === 'unknown') return error;
    const mayBeDone = this.mayBeDone || this.attempt !== undefined;
    if (!mayBeDone) return error;
    const kind = openKindOf(error);
    const why = kind === 'timedOut' ? error.message : error.explanation;
    return new ServiceError(kind, `it may have been done: ${why}`);
  }

  /** An earlier leader may have done it although a later one refuses it. */
  private afterRefusal(thrown: unknown): Error {
    const error = errorOf(thrown);
    if (this.kind === 'read' || !this.mayBeDone) return error;
    return new ServiceError(
      'timedOut',
      `it may have been done; a later attempt was refused: ${error.message}`,
    );
  }

  private fail(error: Error): void {
    this.close();
    this.reject(error);
  }

  private close(): void {
    this.ended = true;
    this.attempt?.cancel();
    this.cancelTimeout();
    this.cancelRetry();
    this.onEnd();
  }
}

/** The same word with an open outcome, for an error that is true of the last attempt only. */
function openKindOf({ kind }: ServiceError): ErrorKind {
  if (kind === 'crashed') return 'crashedWhileWaiting';
  if (kind === 'failed') return 'failedWhileWaiting';
  return kind === 'stopped' ? 'stoppedWhileWaiting' : 'timedOut';
}

/** Another attempt would end as this one did. */
function isFinal({ kind }: ServiceError): boolean {
  return kind === 'overloaded';
}
