import { ServiceError } from '../node/errors.js';
import { Prng } from './prng.js';
import { SafetyViolation } from './safety.js';
import type { ClientCounts } from './attempts.js';
import { carryMs, catchUpMs } from './conditions.js';
import { contentsOf } from './effects.js';
import { Liveness, type LivenessCounts } from './liveness.js';
import type { Judgement } from './judge.js';
import {
  KeyNames,
  answerTo,
  commandOf,
  isSuccess,
  type SimOperation,
  type RequestOutcome,
} from './requests.js';
import type { ClientPlan, Plan } from './plan.js';
import { SimClient, type ClientEvents, type ClientWorld } from './simClient.js';
import { SimCluster, type ClusterCounts } from './simCluster.js';
import type { SimServer } from './simServer.js';
import { Trace } from './trace.js';
import { VirtualTime } from './simHost.js';

/** The result of a run. */
export interface RunResult {
  readonly plan: Plan;
  /** Null: nothing wrong was seen. */
  readonly violation: {
    readonly rule: string;
    readonly message: string;
    readonly lastEvents: readonly string[];
  } | null;
  readonly traceHash: string;
  readonly traceEvents: number;
  readonly simulatedMs: number;
  readonly counts: ClusterCounts;
  readonly clientCounts: ClientCounts;
  readonly livenessCounts: LivenessCounts;
  readonly operations: readonly SimOperation[];
  /** The judge's verdict; null when it was not asked, or found a violation. */
  readonly judgement: Judgement | null;
}

/** How a run is watched. */
export interface RunOptions {
  /** Told of every event as a line; slows the run down. */
  readonly onTraceLine?: (line: string) => void;
  /** The judge over what the clients saw, given the writes that took effect in their order; throws SafetyViolation. */
  readonly judge: (operations: readonly SimOperation[], effects: readonly string[]) => Judgement;
  /** Called before the servers start; a test of the checkers breaks something here. */
  readonly prepare?: (cluster: SimCluster) => void;
}

const LAST_EVENTS = 60;
const LEADER_WITHIN_MS = 5_000;
const QUIET_WITHIN_MS = 10_000;
const PROBE_CLIENT = -1;
/** Probes while faults last carry this client number and those below it. */
const FIRST_PROBER = -10;
const NOT_JUDGED: LivenessCounts = { connectedMs: 0, probes: 0 };
/** Reads every key when all is quiet. */
const LAST_READER = -2;

/**
 * Runs a plan: chaos with safety checked after every event, then healing, after which the cluster must be as
 * good as new, and at last the judgement over what the clients saw.
 */
export async function runPlan(plan: Plan, options: RunOptions): Promise<RunResult> {
  const time = new VirtualTime();
  const trace = new Trace(() => time.nowMs, LAST_EVENTS, options.onTraceLine);
  const run = new Run(plan, time, trace);
  let violation: RunResult['violation'] = null;
  let judgement: RunResult['judgement'] = null;
  try {
    options.prepare?.(run.cluster);
    await run.chaos();
    await run.healing();
    judgement = options.judge(run.operations, run.cluster.effects.inOrder);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const rule = error instanceof SafetyViolation ? error.rule : error.name;
    violation = { rule, message: error.message, lastEvents: trace.lastLines() };
  }
  return {
    plan,
    violation,
    traceHash: trace.hash,
    traceEvents: trace.events,
    simulatedMs: time.nowMs,
    counts: run.cluster.counts,
    clientCounts: run.clientCounts,
    livenessCounts: run.livenessCounts,
    operations: run.operations,
    judgement,
  };
}

/** A client that does what it is told and no more. */
const steadfast: ClientPlan = {
  operations: 0,
  thinkMinMs: 0,
  thinkMaxMs: 0,
  patienceMs: null,
  reads: 0,
  wrongVersions: 0,
  breaks: 0,
  keyed: 0,
  puts: 0,
  deletes: 0,
  routed: 0,
  routedMs: QUIET_WITHIN_MS,
  isNumbered: false,
  attemptMs: null,
};

/** Waiting for it lets what waits for promises which are settled already happen, one link of a chain at a time. */
const settled = Promise.resolve();
/** From the log to the client by way of a router the chain has fewer links. */
const LINKS_MAX = 10;

/** A cluster with its clients, and the steps that a run is made of. */
export class Run {
  readonly cluster: SimCluster;
  readonly operations: SimOperation[] = [];
  readonly clients: readonly SimClient[];
  /** Records what clients do. */
  readonly record: ClientEvents;
  readonly clientCounts: ClientCounts = { repeats: 0, repeatedAndDone: 0, routed: 0, opened: 0, expired: 0 };
  private readonly world: ClientWorld;
  private readonly liveness: Liveness | undefined;
  private probers = FIRST_PROBER;

  constructor(
    private readonly plan: Plan,
    private readonly time: VirtualTime,
    private readonly trace: Trace,
  ) {
    this.cluster = new SimCluster(plan, time, trace);
    this.record = this.recorder();
    this.world = {
      files: Array.from({ length: plan.files }, (_, index) => `f${index}`),
      keys: new KeyNames(plan.keys),
      itemChars: plan.itemChars,
      servers: this.cluster.servers,
      time,
      events: this.record,
      counts: this.clientCounts,
    };
    this.clients = plan.clients.map((_, id) => this.client(id));
    if (plan.isLivenessJudged === true)
      this.liveness = new Liveness(this.cluster, time, (server) => this.probeAt(server), carryMs(plan));
    this.cluster.onChange = () => this.liveness?.changed();
  }

  get livenessCounts(): LivenessCounts {
    return this.liveness?.counts ?? NOT_JUDGED;
  }

  async chaos(): Promise<void> {
    this.cluster.startAll();
    for (const fault of this.plan.faults) this.cluster.schedule(fault);
    for (const client of this.clients) client.start();
    this.liveness?.start();
    await this.advance(this.plan.chaosMs);
  }

  /** All faults end; then everything that was promised for good times must come true in time. */
  async healing(): Promise<void> {
    this.cluster.heal();
    for (const client of this.clients) client.stop();
    this.liveness?.stop();
    const quietAt = this.time.nowMs + QUIET_WITHIN_MS + catchUpMs(this.plan);
    const left = (): number => quietAt - this.time.nowMs;
    await this.until(
      LEADER_WITHIN_MS,
      'a leader within 5 s of healing',
      () => this.cluster.currentLeader() !== undefined,
    );
    await this.until(left(), 'a fresh write and read succeed after healing', () => this.probe());
    await this.until(left(), 'blocked calls are answered after healing', () =>
      this.operations.every(({ returnedAt }) => returnedAt !== null),
    );
    await this.until(left(), 'equal logs and states within 10 s of healing', () => this.isQuiet());
    this.readAllKeys();
    this.checkTold();
  }

  private isQuiet(): boolean {
    const [first] = this.cluster.servers;
    if (first === undefined) return true;
    const logOf = (server: typeof first): string => `${server.log.length} ${server.log.at(-1)?.term ?? 0}`;
    const areApplied = this.cluster.servers.every(
      (server) => logOf(server) === logOf(first) && server.process?.state.lastApplied === server.log.length,
    );
    // What they hold may be large, so it is compared last.
    if (!areApplied || first.process === undefined) return false;
    const contents = contentsOf(first.process.state);
    return this.cluster.servers.every(
      ({ process }) =>
        process !== undefined &&
        contentsOf(process.state) === contents &&
        this.cluster.effects.isHeldBy(process.state),
    );
  }

  /**
   * Whether a write, a read, and a read through some server that began after healing have succeeded; tries again when a
   * leader was replaced meanwhile.
   */
  private probe(): boolean {
    const probes = this.operations.filter(({ client }) => client === PROBE_CLIENT);
    const latest = probes.slice(-3).map(({ outcome }) => outcome);
    if (latest.some((outcome) => outcome === null)) return false;
    if (latest.length > 0 && latest.every(isSuccess)) return true;
    const client = this.client(PROBE_CLIENT);
    const content = `probe${probes.length}`;
    client.perform({ kind: 'update', file: content, version: 1, content }, 'straight');
    client.perform({ kind: 'readMap' }, 'straight');
    client.perform({ kind: 'readMap' }, 'routed');
    return false;
  }

  /** Has a fresh file written at one server, whatever comes of it. */
  private probeAt({ id, process }: SimServer): void {
    if (process === undefined) return;
    const name = `probe${this.probers}`;
    const write = { kind: 'update', file: name, version: 1, content: name } as const;
    const operation = this.record.invoked(this.probers, write);
    this.probers -= 1;
    const arrivedMs = this.time.nowMs;
    const end = (outcome: RequestOutcome): void => {
      if (this.operations[operation]?.outcome === null) this.record.returned(operation, outcome);
    };
    const fail = (error: unknown): void => {
      if (!(error instanceof ServiceError)) throw error;
      end({ kind: error.outcome === 'notDone' ? 'failed' : 'unknown', reason: error.message });
    };
    process.host.onKill(() => end({ kind: 'unknown', reason: 'the connection was lost' }));
    process.host.perform(() => {
      try {
        process.node.propose(commandOf(write)).promise.then((result) => {
          this.record.answered(id, arrivedMs);
          end({ kind: 'updated', applied: result === 'applied' });
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  /** So that the judge knows what every key has come to. */
  private readAllKeys(): void {
    const state = this.cluster.servers[0]?.process?.state;
    if (state === undefined) return;
    for (const key of this.cluster.effects.keys) {
      const request = { kind: 'kvGet', key } as const;
      this.record.returned(this.record.invoked(LAST_READER, request), answerTo(request, state));
    }
  }

  /** Acknowledged writes have had their effect, once; failed and refused ones have had none. */
  private checkTold(): void {
    for (const { request, outcome } of this.operations) this.cluster.effects.checkTold(request, outcome);
  }

  /** @throws SafetyViolation of `rule` when it does not hold in time */
  async until(withinMs: number, rule: string, holds: () => boolean): Promise<void> {
    const endsAt = this.time.nowMs + withinMs;
    while (!holds()) {
      if (this.time.nowMs >= endsAt)
        throw new SafetyViolation(rule, `not so ${Math.round(withinMs)} ms later`);
      await this.advance(Math.min(endsAt, this.time.nowMs + 50));
    }
  }

  /** Lets everything happen that is due by `untilMs`; promises settle between events, as they do in a process. */
  async advance(untilMs: number): Promise<void> {
    while (this.time.step(untilMs)) {
      for (let link = 0; link < LINKS_MAX; link += 1) await settled;
      if (this.cluster.violation !== undefined) throw this.cluster.violation;
    }
  }

  private client(id: number): SimClient {
    const { plan, world } = this;
    return new SimClient(id, plan.clients[id] ?? steadfast, world, new Prng(plan.seed).fork(1000 + id));
  }

  private recorder(): ClientEvents {
    const { time, trace, cluster } = this;
    return {
      invoked: (client, request) => {
        const operation: SimOperation = {
          id: this.operations.length,
          client,
          request,
          invokedAt: time.nowMs,
          returnedAt: null,
          outcome: null,
        };
        this.operations.push(operation);
        trace.note(
          'invoke',
          null,
          [client, operation.id],
          () => `op ${operation.id} client ${client} ${JSON.stringify(request)}`,
        );
        return operation.id;
      },
      returned: (number, outcome) => {
        const operation = this.operations[number];
        if (operation === undefined) throw new Error(`there is no operation ${number}`);
        operation.returnedAt = time.nowMs;
        operation.outcome = outcome;
        trace.note(
          'return',
          null,
          [number, outcome.kind.length],
          () => `op ${number} ${describeOutcome(outcome)}`,
        );
      },
      answered: (server, arrivedMs) => cluster.checkAnswer(server, arrivedMs),
    };
  }
}

function describeOutcome(outcome: RequestOutcome): string {
  return outcome.kind === 'read'
    ? `read ${JSON.stringify([...outcome.files].map(([file, { version }]) => [file, version]))}`
    : JSON.stringify(outcome);
}
