import type { Prng } from '../../../src/sim/prng.js';
import type { Trace } from '../../../src/sim/trace.js';
import { codeOf } from '../../../src/sync/fileSystem.js';
import { syncFolder, type SyncResult } from '../../../src/sync/syncFolder.js';
import { ClientLife, type LastStep } from './clientLife.js';
import { SimFolder } from './simFolder.js';
import { SimStore, type StoreWorld } from './simStore.js';
import { KEPT_FILE, SimUser } from './simUser.js';
import type { FolderPlan } from './syncPlan.js';

/** The moment at which every run begins. */
const BEGINNING_MS = Date.UTC(2026, 10, 28, 14, 3);
const RESTART_MAX_MS = 1_500;

/** Counts for the summary. */
export interface ClientCounts {
  syncs: number;
  kills: number;
  powerLosses: number;
  dryRuns: number;
  conflicts: number;
  steps: number;
  operations: number;
  left: number;
}

interface ClientWorld extends StoreWorld {
  readonly trace: Trace;
  readonly names: readonly string[];
  readonly counts: ClientCounts;
}

/** One machine: a folder, its user, and a client that syncs it again and again, and is killed now and then. */
export class SimClient {
  readonly folder: SimFolder;
  private readonly user: SimUser;
  private life: ClientLife | undefined;
  private lives = 0;
  private isChaos = true;
  /** Records may be gone, so that it may meet its own changes again. */
  private hasLostPower = false;
  /** Told of the end of the sync under way. */
  private onEnd: (result: SyncResult) => void = () => undefined;

  constructor(
    readonly id: number,
    private readonly plan: FolderPlan,
    private readonly world: ClientWorld,
    private readonly random: Prng,
  ) {
    const { ledger } = world;
    this.folder = new SimFolder(() => this.now(plan.tickMs), {
      authored: (name, text) => ledger.wrote(id, name, text),
      released: (name, text) => ledger.released(name, text),
      missed: (name, text) => ledger.missed(name, text),
      dropped: (name, text) => ledger.dropped(id, name, text),
      baseWritten: (text) => this.checkBase(text),
    });
    this.user = new SimUser(id, this.folder, world.names, ledger, random.fork(1));
  }

  start(): void {
    this.folder.save(KEPT_FILE, 'kept by everybody');
    this.thenAct();
    this.thenSync();
  }

  /** The user goes home, and the client is not killed any more. */
  stop(): void {
    this.isChaos = false;
  }

  get isSyncing(): boolean {
    return this.life !== undefined;
  }

  /** One undisturbed sync. */
  sync(): Promise<SyncResult> {
    return new Promise((resolve) => {
      this.onEnd = resolve;
      this.begin(false);
    });
  }

  private thenAct(): void {
    this.world.time.after(this.plan.userMaxMs * this.random.next(), () => {
      if (!this.isChaos) return;
      const what = this.user.act();
      this.note('user', what);
      this.thenAct();
    });
  }

  private thenSync(): void {
    this.world.time.after(this.plan.syncMaxMs * this.random.next(), () => {
      if (!this.isChaos) return;
      this.onEnd = () => this.thenSync();
      this.begin(this.random.chance(this.plan.dryRuns));
    });
  }

  private begin(isDryRun: boolean): void {
    const { random, plan, world, folder } = this;
    const isKilled = this.isChaos && random.chance(plan.kills);
    this.lives += 1;
    const name = `${this.id}.${this.lives}`;
    const life = new ClientLife(world.time, random.fork(10 + this.lives), {
      name,
      stepMaxMs: plan.stepMaxMs,
      lastStep: isKilled ? drawLastStep(random, plan.lastStepMax) : undefined,
      isDryRun,
      onStep: (step) => this.note('step', step),
      onForbidden: (step) => world.ledger.fail('a dry run changes nothing', step),
      onLastStep: () =>
        world.time.after(plan.stepMaxMs * random.next(), () => {
          if (this.life === life) this.kill(life);
        }),
    });
    this.life = life;
    this.note('begin', isDryRun ? 'dry run' : name);
    folder.onStep = (step) => life.step(step);
    const store = new SimStore(life, world, random.fork(1_000_000 + this.lives));
    syncFolder({
      files: folder,
      store,
      profile: 'classic',
      blockSize: plan.blockSize,
      host: plan.host,
      allowed: new Set(['mass-deletion']),
      isDryRun,
      isIgnored: () => false,
      trashDays: 30,
      servers: [],
      registry: undefined,
      nowMs: () => this.now(1),
      newId: () => life.newId(),
      emit: (event) => {
        if (event.kind !== 'done' || event.operation.kind !== 'conflict') return;
        const { name: of, content } = event.operation;
        world.counts.conflicts += 1;
        if (!this.hasLostPower) world.ledger.checkConflict(this.id, of, content);
      },
      isStopping: () => false,
    }).then(
      (result) => this.ended(life, isDryRun, result),
      (error: unknown) => this.failed(life, error),
    );
  }

  private ended(life: ClientLife, isDryRun: boolean, result: SyncResult): void {
    if (this.life !== life) return;
    const { counts, ledger } = this.world;
    this.life = undefined;
    counts.steps += life.steps;
    if (isDryRun) counts.dryRuns += 1;
    else {
      counts.syncs += 1;
      counts.operations += result.operations.length;
      counts.left += result.left.length;
    }
    this.note('end', `${result.operations.length} operations, ${result.left.length} left`);
    for (const { kind, reason } of result.brakes)
      ledger.fail('no brake without a reason', `client ${this.id}: ${kind}: ${reason}`);
    this.onEnd(result);
  }

  private failed(life: ClientLife, error: unknown): void {
    if (this.life !== life) return;
    const { message } = error instanceof Error ? error : new Error(String(error));
    this.world.ledger.fail(
      'a sync does not fail by itself',
      `client ${this.id}: ${message} ${codeOf(error)}`,
    );
  }

  private kill(life: ClientLife): void {
    const { random, plan, world, folder } = this;
    life.kill();
    this.life = undefined;
    world.counts.kills += 1;
    world.counts.steps += life.steps;
    this.note('kill', `after ${life.steps} steps`);
    // A change that the client does not know yet is followed by another one.
    const { lastUpdated = KEPT_FILE } = life;
    if (lastUpdated !== KEPT_FILE && random.chance(0.5))
      world.time.after(RESTART_MAX_MS * random.next(), () => {
        if (this.isChaos) this.note('user', this.user.save(lastUpdated));
      });
    world.time.after(RESTART_MAX_MS * random.next(), () => {
      if (this.isChaos) this.onEnd({ operations: [], left: [], brakes: [], isStopped: true });
    });
    if (!random.chance(plan.powerLosses)) return;
    // A torn write comes to its end first.
    world.time.after(0, () => {
      world.counts.powerLosses += 1;
      this.hasLostPower = true;
      this.note('power', 'lost');
      folder.failPower(random);
      this.checkKept();
    });
  }

  /** Everything that the client took away from the user's eyes is in the trash. */
  checkKept(): void {
    for (const text of this.folder.missing())
      this.world.ledger.fail('the trash keeps what was put there', `folder ${this.id}: "${text}"`);
  }

  private checkBase(text: string): void {
    for (const line of text.split('\n')) {
      if (!line.startsWith('{"name"')) continue;
      const { name, entry } = JSON.parse(line) as {
        name: string;
        entry?: { version: number; content: readonly string[] | null };
      };
      if (entry !== undefined) this.world.ledger.checkBase(this.id, name, entry.version, entry.content);
    }
  }

  private now(tickMs: number): number {
    const nowMs = BEGINNING_MS + this.plan.clockAheadMs + this.world.time.nowMs;
    return Math.floor(nowMs / tickMs) * tickMs;
  }

  private note(kind: string, what: string): void {
    this.world.trace.note(kind, null, [this.id, ...Buffer.from(what)], () => `folder ${this.id} ${what}`);
  }
}

/** Any of the steps, or one of a kind after which much depends on what was recorded. */
function drawLastStep(random: Prng, lastStepMax: number): LastStep {
  const kind = random.pick(['', '', 'update ', 'update ', 'rename ', 'link ', 'append ']);
  return { kind, count: random.between(1, kind === '' ? lastStepMax : 4) };
}
