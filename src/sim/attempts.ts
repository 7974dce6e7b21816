import type { ClientSessions, NumberedCall } from '../node/clientSessions.js';
import { ServiceError } from '../node/errors.js';
import type { PendingCall } from '../node/pendingRequests.js';
import { encodeOpenSession, sessionIn, type CommandResult } from '../stateMachine/command.js';
import type { Prng } from './prng.js';
import { answerTo, commandOf, isWrite, type RequestOutcome, type Request } from './requests.js';
import { SafetyViolation } from './safety.js';
import type { SimProcess, SimServer } from './simServer.js';
import type { VirtualTime } from './simHost.js';

/** How long a message between client and server takes, at most. */
const LATENCY_MAX_MS = 3;
/** Pause before another server is tried. */
const RETRY_MS = 100;

/** Whom a client asks: the server that it takes for the leader, or any server, which asks the leader for it. */
export type ClientRoute = 'straight' | 'routed';

/** How far a client goes for one operation. */
export interface ClientBehaviour {
  /** It gives up after so long; null: never. */
  readonly patienceMs: number | null;
  readonly attemptsMax: number;
  /** Its connection breaks, on the way there or back. */
  readonly breaks: number;
  readonly way: ClientRoute;
  /** Its time limit for a server that routes to the leader. */
  readonly routedMs: number;
  /** It hangs up on an attempt after this time, and continues with the next; null: never. */
  readonly attemptMs: number | null;
}

/** Counts of the clients' attempts, for the summary. */
export interface ClientCounts {
  /** Attempts at a write that may have been done before. */
  repeats: number;
  /** Writes that were answered in the end although an attempt before may have been done. */
  repeatedAndDone: number;
  /** Calls on a server that was to ask the leader. */
  routed: number;
  /** Sessions that were opened. */
  opened: number;
  /** Sessions that were found to be forgotten. */
  expired: number;
}

/** The client's callbacks for an attempt. */
interface AttemptEvents {
  choose(way: ClientRoute): SimServer;
  hint(leader: number | null): void;
  /** A server has answered a call that reached it at `arrivedMs`. */
  answered(server: number, arrivedMs: number): void;
  done(server: SimServer, outcome: RequestOutcome): void;
}

type Reply =
  | { readonly outcome: RequestOutcome }
  | { readonly result: CommandResult; readonly repeated: boolean }
  /** Certainly not done. */
  | { readonly retry: ServiceError | 'connection refused' }
  | { readonly unknown: string };

interface Attempt {
  readonly server: SimServer;
  readonly way: ClientRoute;
  /** Of a write, or the one that opens a session for it. */
  readonly command: string;
}

/** One operation from its first attempt to its end: one operation in the history, however often it is sent. */
export class RepeatedRequest {
  private ended = false;
  private failures = 0;
  private mayBeDone = false;
  private numbered: NumberedCall | undefined;
  private hangUp: () => void = () => undefined;
  private server: SimServer | undefined;

  constructor(
    private readonly request: Request,
    private readonly manners: ClientBehaviour,
    /** Undefined for a client that does not number its writes, and so must not repeat them. */
    private readonly sessions: ClientSessions | undefined,
    private readonly random: Prng,
    private readonly time: VirtualTime,
    private readonly events: AttemptEvents,
    private readonly counts: ClientCounts,
  ) {}

  run(): void {
    if (isWrite(this.request)) this.numbered = this.sessions?.begin();
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
    if (way === 'routed') this.counts.routed += 1;
    if (isWrite(this.request) && this.sessions !== undefined && this.numbered === undefined) {
      this.call({ server, way, command: encodeOpenSession() }, (reply) => this.takeSession(reply));
      return;
    }
    if (this.mayBeDone) this.counts.repeats += 1;
    const command = isWrite(this.request) ? commandOf(this.request, this.numbered?.request) : '';
    this.call({ server, way, command }, (reply) => this.take(reply));
  }

  /** A router repeats by itself, so it gets what may be repeated. */
  private way(): ClientRoute {
    return isWrite(this.request) && this.sessions === undefined ? 'straight' : this.manners.way;
  }

  /** Whatever became of the opening, nothing was done of the write: a session that nobody knows of is forgotten. */
  private takeSession(reply: Reply): void {
    if (this.ended) return;
    const sessionId = 'result' in reply ? sessionIn(reply.result) : undefined;
    if (sessionId !== undefined) {
      this.counts.opened += 1;
      this.numbered = this.sessions?.beginIn(sessionId);
      this.attempt();
    } else if ('unknown' in reply) this.again(reply.unknown);
    else if ('retry' in reply) this.refused(reply.retry);
    else throw new SafetyViolation('a session is opened by its entry', JSON.stringify(reply));
  }

  private take(reply: Reply): void {
    if (this.ended) return;
    if ('outcome' in reply) this.end(reply.outcome);
    else if ('result' in reply) this.takeResult(reply.result, this.mayBeDone || reply.repeated);
    else if ('unknown' in reply) this.lose(reply.unknown);
    else this.refused(reply.retry);
  }

  private refused(reason: ServiceError | 'connection refused'): void {
    this.events.hint(reason instanceof ServiceError ? reason.leader : null);
    this.again(String(reason));
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
          this.numbered = undefined;
          this.again(result);
        }
        return;
      case 'stale':
      case 'reused':
      case 'epochMoved':
      case 'none':
      default:
        throw new SafetyViolation(
          'a client with one request at a time is told what became of it',
          `${JSON.stringify(this.numbered?.request)} is "${result}"`,
        );
    }
  }

  /** The outcome of an attempt is unknown. */
  private lose(reason: string): void {
    if (isWrite(this.request)) this.mayBeDone = true;
    if (this.sessions === undefined) this.end({ kind: 'unknown', reason });
    else this.again(reason);
  }

  private again(reason: string): void {
    this.failures += 1;
    if (this.failures >= this.manners.attemptsMax)
      this.end({ kind: this.mayBeDone ? 'unknown' : 'failed', reason });
    else this.time.after(RETRY_MS * this.random.next(), () => this.attempt());
  }

  private end(outcome: RequestOutcome, how?: Parameters<NumberedCall['end']>[0]): void {
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
    if (attemptMs !== null && this.sessions !== undefined) {
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

function writeOutcome({ kind }: Request, isApplied: boolean): RequestOutcome {
  if (kind === 'update') return { kind: 'updated', applied: isApplied };
  return kind === 'kvDelete' ? { kind: 'removed', existed: isApplied } : { kind: 'written' };
}

function replyToError(error: unknown): Reply {
  if (!(error instanceof ServiceError)) throw error;
  return error.outcome === 'notDone' ? { retry: error } : { unknown: error.message };
}
