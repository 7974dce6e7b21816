import { ServiceError } from '../node/errors.js';
import type { PendingCall } from '../node/pendingRequests.js';
import type { NumberedCall, RequestLanes } from '../node/requestLanes.js';
import type { CommandResult } from '../stateMachine/command.js';
import type { Prng } from './prng.js';
import { answerTo, commandOf, isWrite, type Outcome, type Request } from './requests.js';
import { SafetyViolation } from './safetyViolation.js';
import type { SimProcess, SimServer } from './simServer.js';
import type { VirtualTime } from './virtualTime.js';

/** How long a message between client and server takes, at most. */
const LATENCY_MAX_MS = 3;
/** Pause before another server is tried. */
const RETRY_MS = 100;

/** Whom a client asks: the server that it takes for the leader, or any server, which asks the leader for it. */
export type Way = 'straight' | 'routed';

/** How far a client goes for one operation. */
export interface Manners {
  /** It gives up after so long; null: never. */
  readonly patienceMs: number | null;
  readonly attemptsMax: number;
  /** Its connection breaks, on the way there or back. */
  readonly breaks: number;
  readonly way: Way;
  /** What it lets a server take that asks the leader. */
  readonly routedMs: number;
  /** It hangs up on one attempt after so long, and goes on with the next; null: never. */
  readonly attemptMs: number | null;
}

/** What numbers the writes of a client that may repeat them. */
export interface Numbering {
  readonly lanes: RequestLanes;
  /**
   * Whether servers may forget sessions. Then the first request of a session must not be repeated: a copy that comes when
   * the session is forgotten would be taken for the first request of a new client, and take effect again.
   */
  readonly forgets: boolean;
}

/** What clients went through, for the summary. */
export interface ClientCounts {
  /** Attempts at a write that may have been done before. */
  repeats: number;
  /** Writes that were answered in the end although an attempt before may have been done. */
  repeatedAndDone: number;
  /** Calls on a server that was to ask the leader. */
  routed: number;
  /** Sessions that were found to be forgotten. */
  expired: number;
}

/** What an attempt needs of the client that makes it. */
export interface AttemptEvents {
  choose(way: Way): SimServer;
  hint(leader: number | null): void;
  /** A server has answered a call that reached it at `arrivedMs`. */
  answered(server: number, arrivedMs: number): void;
  done(server: SimServer, outcome: Outcome): void;
}

type Reply =
  | { readonly outcome: Outcome }
  | { readonly result: CommandResult; readonly repeated: boolean }
  /** Certainly not done. */
  | { readonly retry: ServiceError | 'connection refused' }
  | { readonly unknown: string };

interface Attempt {
  readonly server: SimServer;
  readonly way: Way;
  /** Of a write. */
  readonly command: string;
}

/** One operation from its first attempt to its end: one operation in the history, however often it is sent. */
export class Attempts {
  private ended = false;
  private attempts = 0;
  private mayBeDone = false;
  private numbered: NumberedCall | undefined;
  private hangUp: () => void = () => undefined;
  private server: SimServer | undefined;

  constructor(
    private readonly request: Request,
    private readonly manners: Manners,
    private readonly numbering: Numbering | undefined,
    private readonly random: Prng,
    private readonly time: VirtualTime,
    private readonly events: AttemptEvents,
    private readonly counts: ClientCounts,
  ) {}

  run(): void {
    if (isWrite(this.request)) this.numbered = this.numbering?.lanes.begin();
    const { patienceMs } = this.manners;
    if (patienceMs !== null) {
      this.time.after(patienceMs, () => {
        if (this.ended) return;
        this.hangUp();
        this.end({ kind: 'unknown', reason: 'the client lost patience' });
      });
    }
    this.attempt();
  }

  private attempt(): void {
    if (this.ended) return;
    const way = this.way();
    const server = this.events.choose(way);
    this.server = server;
    this.attempts += 1;
    if (this.mayBeDone) this.counts.repeats += 1;
    if (way === 'routed') this.counts.routed += 1;
    const command = isWrite(this.request) ? commandOf(this.request, this.numbered?.request) : '';
    this.call({ server, way, command }, (reply) => this.take(reply));
  }

  /** A router repeats by itself, so it gets what may be repeated. */
  private way(): Way {
    return isWrite(this.request) && !this.mayRepeat() ? 'straight' : this.manners.way;
  }

  private mayRepeat(): boolean {
    if (this.numbering === undefined || this.numbered === undefined) return false;
    return !this.numbering.forgets || this.numbered.request.sequence > 1;
  }

  private take(reply: Reply): void {
    if (this.ended) return;
    if ('outcome' in reply) this.end(reply.outcome);
    else if ('result' in reply) this.takeResult(reply.result, this.mayBeDone || reply.repeated);
    else if ('unknown' in reply) this.lose(reply.unknown);
    else {
      this.events.hint(reply.retry instanceof ServiceError ? reply.retry.leader : null);
      this.again(String(reply.retry));
    }
  }

  private takeResult(result: CommandResult, repeated: boolean): void {
    switch (result) {
      case 'applied':
      case 'refused':
      case 'missing':
        if (repeated) this.counts.repeatedAndDone += 1;
        this.end(writeOutcome(this.request, result === 'applied'));
        return;
      case 'notAList':
      case 'tooLarge':
        this.end({ kind: 'failed', reason: result }, 'used');
        return;
      case 'sessionExpired':
        this.counts.expired += 1;
        if (repeated) this.end({ kind: 'unknown', reason: result }, 'expired');
        else {
          this.numbered?.end('expired');
          this.numbered = this.numbering?.lanes.begin();
          this.again(result);
        }
        return;
      case 'stale':
      case 'reused':
      case 'none':
        throw new SafetyViolation(
          'a client with one request at a time is told what became of it',
          `${JSON.stringify(this.numbered?.request)} is "${result}"`,
        );
    }
  }

  /** What became of an attempt is not known. */
  private lose(reason: string): void {
    if (isWrite(this.request)) this.mayBeDone = true;
    if (isWrite(this.request) && !this.mayRepeat()) this.end({ kind: 'unknown', reason });
    else if (isWrite(this.request) || this.numbering !== undefined) this.again(reason);
    else this.end({ kind: 'unknown', reason });
  }

  private again(reason: string): void {
    if (this.attempts >= this.manners.attemptsMax)
      this.end({ kind: this.mayBeDone ? 'unknown' : 'failed', reason });
    else this.time.after(RETRY_MS * this.random.next(), () => this.attempt());
  }

  private end(outcome: Outcome, how?: Parameters<NumberedCall['end']>[0]): void {
    if (this.ended || this.server === undefined) return;
    this.ended = true;
    this.numbered?.end(how ?? (outcome.kind === 'failed' ? 'unused' : 'used'));
    this.events.done(this.server, outcome);
  }

  /** Sends the request to one server; `reply` is called at most once. */
  private call(attempt: Attempt, reply: (reply: Reply) => void): void {
    const { server } = attempt;
    let answered = false;
    const answer = (value: Reply): void => {
      if (answered) return;
      answered = true;
      this.time.after(this.latencyMs(), () => reply(value));
    };
    const lose = (reason: string): void => answer({ unknown: reason });
    if (this.random.chance(this.manners.breaks))
      this.time.after(this.latencyMs() + 20 * this.random.next(), () => lose('the connection was lost'));
    const { attemptMs } = this.manners;
    if (attemptMs !== null && this.numbering !== undefined) {
      this.time.after(attemptMs, () => {
        if (answered || this.ended) return;
        this.hangUp();
        lose('the client gave up one attempt');
      });
    }
    this.time.after(this.latencyMs(), () => {
      const { process } = server;
      if (process === undefined) {
        answer({ retry: 'connection refused' });
        return;
      }
      const forget = process.host.onKill(() => lose('the connection was lost'));
      process.host.perform(() =>
        this.serve(attempt, process, (value) => {
          forget();
          answer(value);
        }),
      );
    });
  }

  private serve(
    { server, way, command }: Attempt,
    { node, router, state }: SimProcess,
    answer: (reply: Reply) => void,
  ): void {
    const arrivedMs = this.time.nowMs;
    const { request } = this;
    const { routedMs } = this.manners;
    const waitFor = <T>({ promise, cancel }: PendingCall<T>, replyTo: (result: T) => Reply): void => {
      this.hangUp = cancel;
      promise.then((result) => {
        this.events.answered(server.id, arrivedMs);
        answer(replyTo(result));
      }, fail);
    };
    const fail = (error: unknown): void => answer(replyToError(error));
    try {
      if (!isWrite(request)) {
        const pending = way === 'routed' ? router.read(routedMs) : node.read();
        waitFor<unknown>(pending, () => ({ outcome: answerTo(request, state) }));
      } else if (way === 'routed') waitFor(router.propose(command, routedMs), (routed) => routed);
      else waitFor(node.propose(command), (result) => ({ result, repeated: false }));
    } catch (error) {
      fail(error);
    }
  }

  private latencyMs(): number {
    return 0.1 + LATENCY_MAX_MS * this.random.next();
  }
}

function writeOutcome({ kind }: Request, isApplied: boolean): Outcome {
  if (kind === 'update') return { kind: 'updated', applied: isApplied };
  return kind === 'kvDelete' ? { kind: 'removed', existed: isApplied } : { kind: 'written' };
}

function replyToError(error: unknown): Reply {
  if (!(error instanceof ServiceError)) throw error;
  return error.outcome === 'notDone' ? { retry: error } : { unknown: error.message };
}
