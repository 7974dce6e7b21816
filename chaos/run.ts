import { Prng } from '../src/sim/prng.js';
import { addressOf } from '../src/net/address.js';
import { judge } from './checks/index.js';
import type { IdleTraffic, RunFacts } from './checks/facts.js';
import { Client } from './clients/client.js';
import { ClientLog } from './clients/clientLog.js';
import { fileWorkers } from './clients/fileWork.js';
import { KeyRing } from './clients/keyRing.js';
import { keyWorkers } from './clients/keyWork.js';
import { Workload, type Worker } from './clients/workload.js';
import type { Cluster } from './cluster/cluster.js';
import { FaultControl } from './faults/faultControl.js';
import { countIdle, lastKeyReads, lastRead, lastReplicas } from './finale.js';
import type { Note } from './notes.js';
import { Progress } from './progress.js';
import type { RunMs, RunRecord, ServerId } from './runRecord.js';
import type { Step } from './scenarios/scenario.js';
import { Evaluator } from './stage/evaluator.js';
import { Expectations } from './stage/expectations.js';
import { Leadership } from './stage/leadership.js';
import { Stage } from './stage/stage.js';
import { electionsOf, leaderGaps } from './watch/leaderGaps.js';
import { Watcher } from './watch/watcher.js';

/** How long the story waits for the first leader. Whether it came in time is judged like every other election. */
const FIRST_LEADER_MS = 6_000;
/** After healing, how long the calls that wait are given. */
const GRACE_MS = 7_000;
const PROBE_OPTIONS = { patienceMs: 600_000, retryMs: 5_000 };

export interface RunSettings {
  readonly program: string;
  readonly scenario: string;
  readonly shows: string;
  readonly steps: readonly Step[];
  /** Whether the story is told again until the time is up. */
  readonly repeats: boolean;
  /** Whether the story is broken off when the time is up; otherwise it is told to its end once. */
  readonly breaksOff: boolean;
  readonly seed: number;
  readonly durationMs: number;
  readonly clients: number;
  /** Clients of keys, beside those of files. */
  readonly kvClients: number;
  /** The files that the clients write. */
  readonly files: readonly string[];
  /** The name on the servers of a file that the story names, or of a key or a client: one that no earlier run used there. */
  readonly nameFor: (name: string) => string;
  /** Whether the servers must have the hooks. */
  readonly needsHooks: boolean;
  /** Where the servers give no map that can be read, clients learn versions from `tester_getversion` alone. */
  readonly readsMap?: boolean;
  /** By how much longer an election or an answer may take on this machine; 1 if not given. */
  readonly allowance?: number;
  /** Whether it is said now and then how far the run is, and messages are counted at the end. Not if it is a part of something. */
  readonly isPart?: boolean;
  readonly command: string;
  /** Aborted by Ctrl-C: the story ends, everything is healed and judged. */
  readonly interrupted: AbortSignal;
}

interface RunResult {
  readonly record: RunRecord;
  readonly notes: readonly Note[];
}

/**
 * Lets the monkey loose on a cluster, heals it, and judges what was seen.
 *
 * @throws ClusterError when the servers do not have what the story needs; all that was done is undone even so
 */
export async function runChaos(cluster: Cluster, settings: RunSettings): Promise<RunResult> {
  const run = new Run(cluster, settings);
  try {
    return await run.perform();
  } finally {
    await run.close();
  }
}

class Run {
  private readonly origin = performance.now();
  private readonly startedAt = new Date().toISOString();
  private readonly prng: Prng;
  private readonly allFiles: readonly string[];
  private readonly control: FaultControl;
  private readonly log: ClientLog;
  private readonly watcher: Watcher;
  private readonly leadership: Leadership;
  private readonly expectations: Expectations;
  private readonly evaluator: Evaluator;
  private readonly stage: Stage;
  private readonly progress: Progress | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly settings: RunSettings,
  ) {
    const { now } = this;
    this.prng = new Prng(settings.seed);
    this.allFiles = [...settings.files, ...filesIn(settings.steps).map(settings.nameFor)];
    this.control = new FaultControl(cluster, this.allFiles, now);
    this.log = new ClientLog(now);
    this.watcher = new Watcher(cluster, now);
    this.leadership = new Leadership(this.control.ids, this.watcher, this.control.ledger);
    const newProbe = (): Client => new Client('probe', cluster, this.log, PROBE_OPTIONS);
    const [firstFile = ''] = settings.files;
    this.expectations = new Expectations(this.leadership, newProbe, firstFile, now);
    this.evaluator = new Evaluator(cluster, this.control, this.log, settings.nameFor, this.allFiles, now);
    this.stage = new Stage({
      control: this.control,
      leadership: this.leadership,
      expectations: this.expectations,
      evaluator: this.evaluator,
      prng: this.prng.fork(1),
      now,
    });
    this.progress =
      settings.isPart === true
        ? undefined
        : new Progress(() => ({
            at: now(),
            leader: this.leadership.leader,
            down: this.control.ids.filter((id) => !this.control.ledger.isUp(id)),
            operations: this.log.history.size,
            doing: this.stage.lines.at(-1)?.text ?? 'starting',
          }));
  }

  async perform(): Promise<RunResult> {
    const { settings, cluster, control, stage } = this;
    if (settings.needsHooks) await control.prepare();
    await this.leadership.wait(FIRST_LEADER_MS, settings.interrupted).catch(ignoreAbort);
    const ring = new KeyRing(settings.nameFor);
    const workload = new Workload(this.workers(ring));
    let unhealed: readonly string[];
    try {
      await this.tell();
    } finally {
      stage.say('heal everything');
      unhealed = await control.healAll();
      await workload.end(GRACE_MS);
      this.expectations.close();
    }
    const finalMap =
      settings.readsMap === false ? undefined : await lastRead(cluster, this.log, this.allFiles);
    const keys = settings.kvClients === 0 ? [] : ring.all;
    await lastKeyReads(cluster, this.log, keys);
    const replicas = await lastReplicas(cluster, this.allFiles, keys);
    const idle = settings.isPart === true ? undefined : await this.idle();
    await this.watcher.stop();
    return this.judge({ finalMap, replicas, idle, unhealed: [...unhealed, ...control.deaths()] });
  }

  async close(): Promise<void> {
    this.progress?.stop();
    await this.control.healAll();
    await this.watcher.stop();
    this.evaluator.close();
    this.control.hangUp();
  }

  private idle(): Promise<IdleTraffic | undefined> {
    this.stage.say('nobody calls');
    return countIdle(this.cluster);
  }

  private readonly now = (): RunMs => Math.round((performance.now() - this.origin) * 1_000) / 1_000;

  private workers(ring: KeyRing): Worker[] {
    const { settings, allFiles, log } = this;
    const addresses = this.cluster.servers;
    const { clients, kvClients, files, readsMap = true } = settings;
    const leader = (): ServerId | undefined => this.leadership.leader;
    return [
      ...fileWorkers(
        { clients, cluster: this.cluster, files, readsMap, allFiles, prng: this.prng.fork(2) },
        log,
      ),
      ...keyWorkers({ clients: kvClients, addresses, ring, leader, prng: this.prng.fork(3) }, log),
    ];
  }

  private async tell(): Promise<void> {
    const { steps, repeats, breaksOff, durationMs, interrupted } = this.settings;
    // Not `AbortSignal.any` of a time-out: Node 20 may collect it before it fires.
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), durationMs);
    const onInterrupt = (): void => end.abort();
    interrupted.addEventListener('abort', onInterrupt);
    try {
      await this.stage.tell(steps, breaksOff ? end.signal : interrupted);
      while (repeats && !end.signal.aborted) await this.stage.tell(steps, end.signal);
    } catch (error) {
      ignoreAbort(error);
    } finally {
      clearTimeout(timer);
      interrupted.removeEventListener('abort', onInterrupt);
    }
  }

  private judge(finale: Pick<RunFacts, 'finalMap' | 'replicas' | 'idle' | 'unhealed'>): RunResult {
    const { settings, cluster, control, watcher } = this;
    const endedAt = this.now();
    const serverCount = cluster.servers.length;
    const faults = control.ledger.all();
    const gaps = leaderGaps(serverCount, faults, watcher.samples, endedAt);
    const operations = this.log.operations();
    const facts: RunFacts = {
      ...finale,
      serverCount,
      dialect: cluster.dialect,
      faults,
      samples: watcher.samples,
      gaps,
      operations,
      attempts: this.log.calls.attempts,
      standstills: control.standstills,
      expectations: this.expectations.results,
      blindMs: watcher.blindMsMax,
      allowance: settings.allowance ?? 1,
      endedAt,
    };
    const record: RunRecord = {
      format: 1,
      program: settings.program,
      scenario: settings.scenario,
      shows: settings.shows,
      seed: settings.seed,
      command: settings.command,
      startedAt: this.startedAt,
      durationMs: endedAt,
      servers: cluster.servers.map((server) => ({ id: server.id, address: addressOf(server) })),
      clients: settings.clients,
      kvClients: settings.kvClients,
      managed: cluster.processes !== undefined,
      durable: cluster.durable,
      steps: this.stage.lines,
      faults,
      samples: watcher.samples,
      elections: electionsOf(gaps),
      checks: judge(facts),
      operations,
    };
    return { record, notes: this.evaluator.notes };
  }
}

/** The names of files in the steps. */
function filesIn(steps: readonly Step[]): string[] {
  return [...new Set(steps.flatMap((step) => ('put' in step ? [step.put] : [])))];
}

/** @throws the error, unless it is that the signal ended something */
function ignoreAbort(error: unknown): undefined {
  if (error instanceof Error && error.name === 'AbortError') return undefined;
  throw error;
}
