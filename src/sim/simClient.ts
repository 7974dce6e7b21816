import { ClientSessions } from '../node/clientSessions.js';
import { RepeatedRequest, type ClientCounts, type ClientBehaviour, type ClientRoute } from './attempts.js';
import { type KeyNames, isSuccess, type RequestOutcome, type Request } from './requests.js';
import type { ClientPlan } from './plan.js';
import type { Prng } from './prng.js';
import type { SimServer } from './simServer.js';
import type { VirtualTime } from './simHost.js';

/** Told of what clients do. */
export interface ClientEvents {
  /** Returns the operation's number. */
  invoked(client: number, request: Request): number;
  returned(operation: number, outcome: RequestOutcome): void;
  /** A server has answered a call that reached it at `arrivedMs`. */
  answered(server: number, arrivedMs: number): void;
}

/** The surroundings shared by all clients of a run. */
export interface ClientWorld {
  readonly files: readonly string[];
  readonly keys: KeyNames;
  /** The length to which items under keys are padded. */
  readonly itemChars: number;
  readonly servers: readonly SimServer[];
  readonly time: VirtualTime;
  readonly events: ClientEvents;
  readonly counts: ClientCounts;
}

/** How often an operation is tried in all. */
const ATTEMPTS_MAX = 8;
/** The draws for keys and ways are none of those for files. */
const KEYS_FORK = 1;
/** Ends the text of an item that is padded; nothing else has it. */
const PADDING = '.';

/**
 * A client as real ones are: it looks for the leader or leaves that to a server, tries again elsewhere when it is
 * certain that nothing was done, or when its requests are numbered; loses patience, loses connections, and believes in
 * versions that it has seen.
 */
export class SimClient {
  private readonly versions = new Map<string, number>();
  private readonly sessions: ClientSessions | undefined;
  private readonly keysRandom: Prng;
  private presumedLeader: number;
  private remaining: number;
  private isStopped = false;

  constructor(
    private readonly id: number,
    private readonly plan: ClientPlan,
    private readonly world: ClientWorld,
    private readonly random: Prng,
  ) {
    this.remaining = plan.operations;
    this.presumedLeader = random.between(0, world.servers.length - 1);
    this.keysRandom = random.fork(KEYS_FORK);
    this.sessions = plan.isNumbered ? new ClientSessions() : undefined;
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
  perform(request: Request, way: ClientRoute): void {
    this.begin(request, null, Number.POSITIVE_INFINITY, way);
  }

  private think(): void {
    if (this.isStopped || this.remaining <= 0) return;
    this.remaining -= 1;
    const { thinkMinMs, thinkMaxMs, patienceMs } = this.plan;
    this.world.time.after(thinkMinMs + (thinkMaxMs - thinkMinMs) * this.random.next(), () => {
      if (this.isStopped) return;
      const request = this.keysRandom.chance(this.plan.keyed) ? this.drawOnKey() : this.drawOnFile();
      const way = this.keysRandom.chance(this.plan.routed) ? 'routed' : 'straight';
      this.begin(request, patienceMs, ATTEMPTS_MAX, way);
    });
  }

  private drawOnFile(): Request {
    if (this.random.chance(this.plan.reads)) return { kind: 'readMap' };
    const file = this.random.pick(this.world.files);
    const next = (this.versions.get(file) ?? 0) + 1;
    const version = this.random.chance(this.plan.wrongVersions) ? next + this.random.pick([-1, 1, 2]) : next;
    return { kind: 'update', file, version, content: `c${this.id}.${this.remaining}` };
  }

  private drawOnKey(): Request {
    const { keysRandom: random, plan, world } = this;
    const isWrite = !random.chance(plan.reads);
    const removed = isWrite && random.chance(plan.deletes) ? world.keys.drawToRemove(random) : undefined;
    if (removed !== undefined) return { kind: 'kvDelete', key: removed };
    const key = world.keys.draw(random, isWrite);
    if (!isWrite) return { kind: 'kvGet', key };
    const item = `c${this.id}.${this.remaining}`.padEnd(world.itemChars, PADDING);
    if (!random.chance(plan.puts)) return { kind: 'kvAppend', key, value: item };
    return { kind: 'kvPut', key, value: random.pick([[item], [item], item]) };
  }

  private begin(request: Request, patienceMs: number | null, attemptsMax: number, way: ClientRoute): void {
    const { world, plan } = this;
    const { breaks, routedMs, attemptMs } = plan;
    const operation = world.events.invoked(this.id, request);
    const manners: ClientBehaviour = { patienceMs, attemptsMax, breaks, way, routedMs, attemptMs };
    const events = {
      choose: (chosen: ClientRoute) => this.chooseServer(chosen),
      hint: (leader: number | null) => (this.presumedLeader = leader ?? this.anyServer()),
      answered: (server: number, arrivedMs: number) => world.events.answered(server, arrivedMs),
      done: (server: SimServer, outcome: RequestOutcome) => {
        this.learn(way === 'straight' ? server : undefined, request, outcome);
        world.events.returned(operation, outcome);
        this.think();
      },
    };
    new RepeatedRequest(request, manners, this.sessions, this.random, world.time, events, world.counts).run();
  }

  private chooseServer(way: ClientRoute): SimServer {
    const { servers } = this.world;
    if (way === 'routed') return this.keysRandom.pick(servers);
    return servers[this.presumedLeader] ?? this.random.pick(servers);
  }

  /** @param server whom it took for the leader, and asked */
  private learn(server: SimServer | undefined, request: Request, outcome: RequestOutcome): void {
    const isAnswered = isSuccess(outcome) || outcome.kind === 'updated' || outcome.kind === 'removed';
    if (!isAnswered) this.presumedLeader = this.anyServer();
    else if (server !== undefined) this.presumedLeader = server.id;
    if (outcome.kind === 'read') {
      for (const [file, { version }] of outcome.files) this.versions.set(file, version);
    } else if (request.kind === 'update' && outcome.kind === 'updated') {
      this.versions.set(request.file, request.version);
    }
  }

  private anyServer(): number {
    return this.random.between(0, this.world.servers.length - 1);
  }
}

/** An item without its padding. */
export function withoutPadding(item: string): string {
  return item.endsWith(PADDING) ? item.slice(0, item.indexOf(PADDING.repeat(2))) : item;
}
