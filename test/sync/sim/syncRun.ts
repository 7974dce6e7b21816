import { setImmediate as turn } from 'node:timers/promises';
import { hashOf } from '../../../src/sync/hashing.js';
import { contentIn } from '../../../src/sync/store.js';
import { Prng } from '../../../src/sim/prng.js';
import type { RunResult } from '../../../src/sim/run.js';
import { SafetyViolation } from '../../../src/sim/safety.js';
import { SimCluster } from '../../../src/sim/simCluster.js';
import { SimHost, VirtualTime } from '../../../src/sim/simHost.js';
import { Trace } from '../../../src/sim/trace.js';
import { Collector } from './collector.js';
import { Ledger, type LedgerCounts } from './ledger.js';
import { SimBlocks } from './simBlocks.js';
import { SimClient, type ClientCounts } from './simClient.js';
import type { SyncPlan } from './syncPlan.js';
import { Wire } from './wire.js';

/** The result of a run. */
export interface SyncRunResult {
  /** Null: nothing wrong was seen. */
  readonly violation: RunResult['violation'];
  readonly traceHash: string;
  readonly traceEvents: number;
  readonly simulatedMs: number;
  readonly counts: Readonly<Record<string, number>>;
}

const LAST_EVENTS = 80;
const WIRE_FORK = 1;
const BLOCKS_FORK = 2;
const LOSSES_FORK = 3;
const COLLECTORS_FORK = 10;
const CLIENTS_FORK = 100;
/** After all faults have ended: what is under way comes to its end, and a sync takes no longer than this. */
const QUIET_MS = 60_000;
/** So many syncs of every folder, one after the other, and nothing is left to do. */
const PASSES_MAX = 6;
const COLLECTIONS_MAX = 5;

/** Runs a plan: first with faults, then without, and at last everything is looked at. */
export async function runSyncPlan(
  plan: SyncPlan,
  onTraceLine?: (line: string) => void,
): Promise<SyncRunResult> {
  const run = new SyncRun(plan, onTraceLine);
  let violation: RunResult['violation'] = null;
  try {
    await run.chaos();
    await run.healing();
    await run.judgement();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const rule = error instanceof SafetyViolation ? error.rule : error.name;
    violation = { rule, message: error.message, lastEvents: run.trace.lastLines() };
  }
  return { violation, ...run.summary };
}

class SyncRun {
  readonly trace: Trace;
  private readonly time = new VirtualTime();
  private readonly cluster: SimCluster;
  private readonly wire: Wire;
  private readonly blocks: SimBlocks;
  private readonly ledger: Ledger;
  private readonly clients: readonly SimClient[];
  private readonly collectors: readonly Collector[];
  private readonly lastCollector: Collector;
  private readonly losses: Prng;
  private readonly clientCounts: ClientCounts = {
    syncs: 0,
    kills: 0,
    powerLosses: 0,
    dryRuns: 0,
    conflicts: 0,
    steps: 0,
    operations: 0,
    left: 0,
  };
  private isChaos = true;

  constructor(
    private readonly plan: SyncPlan,
    onTraceLine?: (line: string) => void,
  ) {
    const { time } = this;
    const random = new Prng(plan.cluster.seed).fork(41);
    this.trace = new Trace(() => time.nowMs, LAST_EVENTS, onTraceLine);
    this.cluster = new SimCluster(plan.cluster, time, this.trace);
    const { servers } = this.cluster;
    this.wire = new Wire(time, servers, random.fork(WIRE_FORK), plan.wire);
    this.blocks = new SimBlocks(this.cluster, time, random.fork(BLOCKS_FORK), plan.blocks);
    this.ledger = new Ledger({
      committed: () => this.cluster.safety.committedEntries,
      isStored: (hash) => this.blocks.isStored(hash),
      blockSizes: [...new Set(plan.folders.map(({ blockSize }) => blockSize))],
    });
    this.blocks.onRemoved = (hash, server) => this.ledger.checkRemoved(hash, server);
    this.blocks.onMisnamed = (hash, server) =>
      this.ledger.fail('a block is stored under its own name', `not ${hash} on server ${server}`);
    this.losses = random.fork(LOSSES_FORK);
    const world = {
      ...{ time, trace: this.trace, wire: this.wire, blocks: this.blocks, ledger: this.ledger },
      servers: servers.length,
      names: Array.from({ length: plan.names }, (_, index) => `file${index}.txt`),
      counts: this.clientCounts,
    };
    this.clients = plan.folders.map(
      (folder, id) => new SimClient(id, folder, world, random.fork(CLIENTS_FORK + id)),
    );
    const collector = (id: number): Collector =>
      new Collector(time, this.wire, this.blocks, random.fork(COLLECTORS_FORK + id), {
        pauseMaxMs: plan.collectMaxMs,
        kills: plan.collectorKills,
        servers: servers.length,
      });
    this.lastCollector = collector(0);
    this.collectors = Array.from({ length: plan.collectors }, (_, id) => collector(id + 1));
  }

  get summary(): Omit<SyncRunResult, 'violation'> {
    const { trace, time, clientCounts, ledger, blocks, wire } = this;
    const ofCollectors = this.collectors.map(({ counts }) => counts);
    const sum = (pick: (counts: Collector['counts']) => number): number =>
      ofCollectors.reduce((total, counts) => total + pick(counts), 0);
    const ledgerCounts: LedgerCounts = ledger.counts;
    return {
      traceHash: trace.hash,
      traceEvents: trace.events,
      simulatedMs: time.nowMs,
      counts: {
        ...clientCounts,
        ...ledgerCounts,
        ...blocks.counts,
        unknown: wire.unknown,
        collections: sum((counts) => counts.collections),
        collectionsFailed: sum((counts) => counts.failed),
        collectionsKilled: sum((counts) => counts.killed),
        elections: this.cluster.counts.elections,
        faults: [...this.cluster.counts.faults.values()].reduce((total, times) => total + times, 0),
      },
    };
  }

  async chaos(): Promise<void> {
    this.cluster.startAll();
    for (const fault of this.plan.cluster.faults) this.cluster.schedule(fault);
    for (const client of this.clients) client.start();
    for (const collector of this.collectors) collector.start();
    if (this.plan.lossMaxMs !== null) this.thenLose(this.plan.lossMaxMs);
    await this.advance(this.plan.cluster.chaosMs);
  }

  /** All faults end, and everybody syncs until nothing is left to do. */
  async healing(): Promise<void> {
    this.isChaos = false;
    this.cluster.heal();
    this.wire.heal();
    this.blocks.heal();
    for (const client of this.clients) client.stop();
    for (const collector of this.collectors) collector.stop();
    await this.until('what is under way comes to an end', () =>
      [
        ...this.clients.map(({ isSyncing }) => isSyncing),
        ...this.collectors.map(({ isAtWork }) => isAtWork),
      ].every((isBusy) => !isBusy),
    );
    // A client may have nothing to do but to learn what became of an update of its last life: others see that later.
    for (let pass = 1, quiet = 0; quiet < 2; pass += 1) {
      const results = [];
      for (const client of this.clients) results.push(await this.completed(client.sync()));
      const open = results.flatMap(({ operations, left }) => [...operations, ...left]);
      quiet = open.length === 0 ? quiet + 1 : 0;
      if (pass === PASSES_MAX && quiet === 0)
        throw new SafetyViolation(
          'folders become equal',
          `after ${pass} syncs of each: ${JSON.stringify(open)}`,
        );
    }
  }

  /** Nothing is lost, all are equal, and every block can be read from every server, also after a collection. */
  async judgement(): Promise<void> {
    const folders = this.clients.map(({ folder }) => folder.visible());
    for (const [id, files] of folders.entries()) {
      this.ledger.checkFolder(id, files);
      if (JSON.stringify(files) !== JSON.stringify(folders[0]))
        this.ledger.fail(
          'folders become equal',
          `${JSON.stringify(folders[0])} and ${JSON.stringify(files)}`,
        );
    }
    for (const client of this.clients) client.checkKept();
    this.throwIfBroken();
    await this.collected();
    await this.checkMap(folders[0] ?? {});
    await this.until('servers become equal', () => this.areServersEqual());
  }

  private async collected(): Promise<void> {
    for (let attempt = 1; attempt <= COLLECTIONS_MAX; attempt += 1)
      if (await this.completed(this.lastCollector.collect(false))) return;
    throw new SafetyViolation('garbage is collected when all is well', `not in ${COLLECTIONS_MAX} attempts`);
  }

  /** The map is what the folders have, block by block. */
  private async checkMap(files: Readonly<Record<string, string>>): Promise<void> {
    this.ledger.look();
    const live = new Map<string, string>();
    for (const [name, { hashList }] of this.ledger.files) {
      const content = contentIn(hashList);
      if (content === null || 'reason' in content) continue;
      for (const { id } of this.cluster.servers) {
        const blocks: Buffer[] = [];
        for (const hash of content) blocks.push(await this.read(id, name, hash));
        live.set(name, Buffer.concat(blocks).toString());
      }
      if (content.length === 0) live.set(name, '');
    }
    const names = [...live.keys()].sort();
    if (
      JSON.stringify(names) !== JSON.stringify(Object.keys(files)) ||
      names.some((name) => live.get(name) !== files[name])
    )
      throw new SafetyViolation('folders are what the store has', JSON.stringify([[...live], files]));
  }

  private async read(server: number, name: string, hash: string): Promise<Buffer> {
    const request = { method: 'GET', url: `/blocks/${hash}` } as const;
    const answer = await this.completed(
      this.wire.ask(new SimHost(this.time, 1), server, (process) =>
        this.blocks.serve(server, process, request),
      ),
    );
    const body =
      answer !== undefined && 'value' in answer && answer.value.status === 200
        ? answer.value.body
        : undefined;
    if (body !== undefined && hashOf(body) === hash) return body;
    throw new SafetyViolation(
      'every block of the map can be read',
      `${hash} of ${name} from server ${server}`,
    );
  }

  private areServersEqual(): boolean {
    const { servers, effects } = this.cluster;
    return servers.every(({ process }) => process !== undefined && effects.isHeldBy(process.state));
  }

  private thenLose(maxMs: number): void {
    this.time.after(maxMs * this.losses.next(), () => {
      if (!this.isChaos) return;
      void this.blocks.loseCopy();
      this.thenLose(maxMs);
    });
  }

  /** The result of something that needs nothing but time. */
  private async completed<T>(promise: Promise<T>): Promise<T> {
    let isOver = false;
    const end = (): void => void (isOver = true);
    promise.then(end, end);
    await this.until('what is under way comes to an end', () => isOver);
    return promise;
  }

  private async until(rule: string, holds: () => boolean): Promise<void> {
    const endsAt = this.time.nowMs + QUIET_MS;
    await turn();
    while (!holds()) {
      if (this.time.nowMs >= endsAt) throw new SafetyViolation(rule, `not so ${QUIET_MS} ms later`);
      await this.advance(Math.min(endsAt, this.time.nowMs + 20));
    }
  }

  /** Between two events everything happens that waits for nothing but promises, as in a process. */
  private async advance(untilMs: number): Promise<void> {
    while (this.time.step(untilMs)) {
      do await turn();
      while (this.blocks.isMarking);
      this.ledger.look();
      this.throwIfBroken();
    }
  }

  private throwIfBroken(): void {
    const violation = this.ledger.violation ?? this.cluster.violation;
    if (violation !== undefined) throw violation;
  }
}
