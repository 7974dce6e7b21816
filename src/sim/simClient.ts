import { ServiceError } from '../node/errors.js';
import { encodeUpdateFile } from '../stateMachine/fileMetadata.js';
import type { ClientPlan } from './plan.js';
import type { Prng } from './prng.js';
import type { SimProcess, SimServer } from './simServer.js';
import type { VirtualTime } from './virtualTime.js';

/** File -> version and content. */
export type FileMap = ReadonlyMap<string, { readonly version: number; readonly content: string }>;

/** What a client asks for. Each update has a content of its own, so that what is read tells who wrote it. */
export type Request =
  | { readonly kind: 'update'; readonly file: string; readonly version: number; readonly content: string }
  | { readonly kind: 'readMap' };

/** How an operation ended, as the client sees it; `failed` is certain to have had no effect, ever. */
export type Outcome =
  | { readonly kind: 'updated'; readonly applied: boolean }
  | { readonly kind: 'read'; readonly files: FileMap }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Told of what clients do. */
export interface ClientEvents {
  /** Returns the operation's number. */
  invoked(client: number, request: Request): number;
  returned(operation: number, outcome: Outcome): void;
  /** A server has answered a call that reached it at `arrivedMs`. */
  answered(server: number, arrivedMs: number): void;
}

/** How long a message between client and server takes, at most. */
const LATENCY_MAX_MS = 3;
/** Pause before another server is tried, and how often in all. */
const RETRY_MS = 100;
const ATTEMPTS_MAX = 8;

/**
 * A client as real ones are: it looks for the leader, tries again elsewhere when it is certain that nothing was
 * done, loses patience, loses connections, and believes in versions that it has seen.
 */
export class SimClient {
  private readonly versions = new Map<string, number>();
  private presumedLeader: number;
  private remaining: number;
  private isStopped = false;

  constructor(
    private readonly id: number,
    private readonly plan: ClientPlan,
    private readonly files: readonly string[],
    private readonly servers: readonly SimServer[],
    private readonly time: VirtualTime,
    private readonly random: Prng,
    private readonly events: ClientEvents,
  ) {
    this.remaining = plan.operations;
    this.presumedLeader = random.between(0, servers.length - 1);
  }

  /** Begins to work; goes on until its operations are used up, or it is stopped. */
  start(): void {
    this.think();
  }

  /** Begins nothing more. */
  stop(): void {
    this.isStopped = true;
  }

  /** One operation outside the plan; it is tried until it has an answer. */
  perform(request: Request): void {
    this.begin(request, null, Number.POSITIVE_INFINITY);
  }

  private think(): void {
    if (this.isStopped || this.remaining <= 0) return;
    this.remaining -= 1;
    const { thinkMinMs, thinkMaxMs } = this.plan;
    this.time.after(thinkMinMs + (thinkMaxMs - thinkMinMs) * this.random.next(), () => {
      if (!this.isStopped) this.begin(this.draw(), this.plan.patienceMs, ATTEMPTS_MAX);
    });
  }

  private draw(): Request {
    if (this.random.chance(this.plan.reads)) return { kind: 'readMap' };
    const file = this.random.pick(this.files);
    const next = (this.versions.get(file) ?? 0) + 1;
    const version = this.random.chance(this.plan.wrongVersions) ? next + this.random.pick([-1, 1, 2]) : next;
    return { kind: 'update', file, version, content: `c${this.id}.${this.remaining}` };
  }

  private begin(request: Request, patienceMs: number | null, attemptsMax: number): void {
    const operation = this.events.invoked(this.id, request);
    new Attempts(
      request,
      { patienceMs, attemptsMax, breaks: this.plan.breaks },
      this.random,
      this.time,
      this.events,
    ).run(
      () => this.chooseServer(),
      (server, outcome) => {
        this.learn(server, request, outcome);
        this.events.returned(operation, outcome);
        this.think();
      },
      (leader) => (this.presumedLeader = leader ?? this.random.between(0, this.servers.length - 1)),
    );
  }

  private chooseServer(): SimServer {
    return this.servers[this.presumedLeader] ?? this.random.pick(this.servers);
  }

  private learn(server: SimServer, request: Request, outcome: Outcome): void {
    if (outcome.kind === 'updated' || outcome.kind === 'read') this.presumedLeader = server.id;
    else this.presumedLeader = this.random.between(0, this.servers.length - 1);
    if (outcome.kind === 'read') {
      for (const [file, { version }] of outcome.files) this.versions.set(file, version);
    } else if (request.kind === 'update' && outcome.kind === 'updated') {
      this.versions.set(request.file, request.version);
    }
  }
}

type Reply = { readonly outcome: Outcome } | { readonly retry: ServiceError | 'connection refused' };

/** How far a client goes for one operation. */
interface Manners {
  readonly patienceMs: number | null;
  readonly attemptsMax: number;
  readonly breaks: number;
}

/** One operation from its first attempt to its end. */
class Attempts {
  private ended = false;
  private attempts = 0;
  private cancelCall: () => void = () => undefined;

  constructor(
    private readonly request: Request,
    private readonly manners: Manners,
    private readonly random: Prng,
    private readonly time: VirtualTime,
    private readonly events: ClientEvents,
  ) {}

  run(
    choose: () => SimServer,
    done: (server: SimServer, outcome: Outcome) => void,
    hint: (leader: number | null) => void,
  ): void {
    let server = choose();
    const end = (outcome: Outcome): void => {
      if (this.ended) return;
      this.ended = true;
      done(server, outcome);
    };
    const attempt = (): void => {
      if (this.ended) return;
      this.attempts += 1;
      server = choose();
      this.call(server, (reply) => {
        if ('outcome' in reply) {
          end(reply.outcome);
          return;
        }
        hint(reply.retry instanceof ServiceError ? reply.retry.leader : null);
        if (this.attempts >= this.manners.attemptsMax) end({ kind: 'failed', reason: String(reply.retry) });
        else this.time.after(RETRY_MS * this.random.next(), attempt);
      });
    };
    const { patienceMs } = this.manners;
    if (patienceMs !== null) {
      this.time.after(patienceMs, () => {
        this.cancelCall();
        end({ kind: 'unknown', reason: 'the client lost patience' });
      });
    }
    attempt();
  }

  /** Sends the request to one server; `reply` is called at most once. */
  private call(server: SimServer, reply: (reply: Reply) => void): void {
    let answered = false;
    const answer = (value: Reply): void => {
      if (answered) return;
      answered = true;
      this.time.after(this.latencyMs(), () => reply(value));
    };
    const lost = (): void => answer({ outcome: { kind: 'unknown', reason: 'the connection was lost' } });
    if (this.random.chance(this.manners.breaks))
      this.time.after(this.latencyMs() + 20 * this.random.next(), lost);
    this.time.after(this.latencyMs(), () => {
      const { process } = server;
      if (process === undefined) {
        answer({ retry: 'connection refused' });
        return;
      }
      const forget = process.host.onKill(lost);
      process.host.perform(() =>
        this.serve(server, process, (value) => {
          forget();
          answer(value);
        }),
      );
    });
  }

  private serve(server: SimServer, { node, files }: SimProcess, answer: (reply: Reply) => void): void {
    const arrivedMs = this.time.nowMs;
    const succeed = (outcome: Outcome): void => {
      this.events.answered(server.id, arrivedMs);
      answer({ outcome });
    };
    const fail = (error: unknown): void => answer(replyToError(error));
    try {
      if (this.request.kind === 'update') {
        const { file, version, content } = this.request;
        const call = node.propose(encodeUpdateFile(file, version, content));
        this.cancelCall = call.cancel;
        call.promise.then((applied) => succeed({ kind: 'updated', applied }), fail);
      } else {
        const call = node.read();
        this.cancelCall = call.cancel;
        call.promise.then(() => succeed({ kind: 'read', files: listing(files.list()) }), fail);
      }
    } catch (error) {
      fail(error);
    }
  }

  private latencyMs(): number {
    return 0.1 + LATENCY_MAX_MS * this.random.next();
  }
}

function replyToError(error: unknown): Reply {
  if (!(error instanceof ServiceError)) throw error;
  return error.outcome === 'notDone'
    ? { retry: error }
    : { outcome: { kind: 'unknown', reason: error.message } };
}

/** What a read of the whole map is told. */
export function listing(files: ReturnType<SimProcess['files']['list']>): FileMap {
  return new Map(
    files.map(([name, { version, hashList }]) => [
      name,
      { version, content: typeof hashList === 'string' ? hashList : JSON.stringify(hashList) },
    ]),
  );
}
