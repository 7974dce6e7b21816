import { brakesBefore, brakesOn, usableBase, type Brake, type BrakeKind } from './brakes.js';
import { Downloads, TEMPORARY_FOLDER } from './download.js';
import { codeOf, type FileSystem } from './fileSystem.js';
import { forEachOf } from './hashing.js';
import { readIndex, writeIndex } from './indexFile.js';
import { judgeNames, OWN_FOLDER, type Profile, type LeftFile } from './names.js';
import { isSame, plan, type SyncOperation, type Trees } from './plan.js';
import { TRANSFERS_AT_ONCE, type OperationEnd, type Round, type SyncEvent } from './round.js';
import { BUSY, scanFolder, type Scan } from './scan.js';
import { SyncState } from './state.js';
import type { RemoteMap, Store } from './store.js';
import { Trash } from './trash.js';
import { Uploads } from './upload.js';

/** Remembers, outside of the folder, which folder was synced at this place. */
export interface FolderRegistry {
  lookUp(): Promise<string | undefined>;
  record(id: string): Promise<void>;
}

export interface SyncOptions {
  readonly files: FileSystem;
  readonly store: Store;
  readonly profile: Profile;
  readonly blockSize: number;
  /** The name of this machine, for conflict copies. */
  readonly host: string;
  /** Brakes that are let through. */
  readonly allowed: ReadonlySet<BrakeKind>;
  /** Only the plan is made; nothing changes anywhere. */
  readonly isDryRun: boolean;
  readonly isIgnored: (name: string) => boolean;
  /** How long replaced and deleted files are kept. */
  readonly trashDays: number;
  /** Addresses of all servers, to be remembered in the folder. */
  readonly servers: readonly string[];
  readonly registry: FolderRegistry | undefined;
  readonly nowMs: () => number;
  /** A text that nobody else has made. */
  readonly newId: () => string;
  readonly emit: (event: SyncEvent) => void;
  readonly isStopping: () => boolean;
}

/** The result of a sync. */
export interface SyncResult {
  /** Those that were done; those that were planned, in a dry run. */
  readonly operations: readonly SyncOperation[];
  /** Files that were left alone, and why. */
  readonly left: readonly LeftFile[];
  /** What stopped the sync before it changed anything. */
  readonly brakes: readonly Brake[];
  /** It was asked to stop before everything was done. */
  readonly isStopped: boolean;
}

/** Others may write at the same time; after so many plans in a row the rest is for the next sync. */
const ROUNDS_MAX = 10;

/** Makes folder and store equal. @throws what the store or the file system throws */
export async function syncFolder(options: SyncOptions): Promise<SyncResult> {
  const sync = new Sync(options);
  try {
    return await sync.run();
  } finally {
    await sync.end();
  }
}

/** Folder and store at about one moment. */
interface View {
  readonly scan: Scan;
  readonly map: RemoteMap;
}

class Sync {
  private state: SyncState | undefined;
  private readonly done: SyncOperation[] = [];
  /** Files that an operation has given up on; a later sync tries again. */
  private readonly failed = new Map<string, string>();

  constructor(private readonly options: SyncOptions) {}

  async run(): Promise<SyncResult> {
    const { store, isDryRun, allowed, isStopping } = this.options;
    const { brakes, ...beginning } = await this.begin();
    if (this.isHeld(brakes))
      return this.result(
        [],
        brakes.filter(({ kind }) => !allowed.has(kind)),
      );
    let left: readonly LeftFile[] = [];
    let open: readonly string[] = [];
    let view: View | undefined = beginning.view;
    for (let rounds = 0; rounds < ROUNDS_MAX; rounds += 1) {
      const { scan, map } = view ?? { scan: await this.scan(), map: await store.readMap() };
      view = undefined;
      this.renewStamps(scan);
      const judged = this.judge(scan, map);
      ({ left } = judged);
      const operations = this.plan(judged.trees);
      const held = brakesOn(operations, judged.trees);
      if (this.isHeld(held)) return this.result(left, held);
      this.announce(operations, scan);
      if (isDryRun) return { ...this.result(left, []), operations };
      open = await this.carryOut(operations, scan);
      // A deleted file may have had the name of one that was refused.
      const isNameFree = operations.length > 0 && left.length > 0;
      if (isStopping() || !(open.length > 0 || isNameFree)) break;
    }
    await this.finish();
    for (const name of open) this.failed.set(name, BUSY);
    return this.result([...left, ...this.failures(left)], []);
  }

  /** What was recorded is kept, however the sync ended. */
  async end(): Promise<void> {
    if (!this.options.isDryRun) await this.state?.save();
  }

  /** Loads the base and settles what an earlier sync left open. The view is undefined when that changed something. */
  private async begin(): Promise<{ readonly brakes: Brake[]; readonly view: View | undefined }> {
    const { files, store, profile, registry, allowed, isDryRun, servers, newId } = this.options;
    const fresh = { id: newId(), profile, cluster: undefined, servers: [] };
    const { state, marker, problem } = await SyncState.load(files, fresh);
    const isNew = marker === undefined;
    if (isNew) await this.importIndex(state);
    const last = await registry?.lookUp();
    const cluster = await store.clusterId(false);
    const { header } = state;
    const circumstances = {
      baseProblem: problem,
      isOtherFolder: last !== undefined && last !== marker,
      clusters:
        header.cluster === undefined ? undefined : { last: header.cluster, now: cluster ?? 'unknown' },
    };
    const view = { scan: await this.scan(state), map: await store.readMap() };
    const { trees } = this.judge(view.scan, view.map, state);
    const brakes = brakesBefore(trees, circumstances);
    if (!brakes.every(({ kind }) => allowed.has(kind))) return { brakes, view };
    if (brakes.length > 0) state.forgetBase(usableBase(trees, brakes));
    this.state = state;
    if (isDryRun) return { brakes, view };
    await this.clearTemporaries();
    const named = cluster ?? (await store.clusterId(true));
    state.setHeader({ cluster: named, servers });
    await state.save();
    await registry?.record(state.header.id);
    if (state.intents.size === 0) return { brakes, view };
    await this.settleIntents(state);
    return { brakes, view: undefined };
  }

  /** A folder that a client of the course has synced: what it knew is the base. */
  private async importIndex(state: SyncState): Promise<void> {
    const index = await readIndex(this.options.files);
    for (const [name, file] of index ?? [])
      state.restamp(name, { ...file, blockSize: this.options.blockSize, stamp: undefined });
  }

  /** Sends updates of unknown outcome again, under their old requests: each took effect, or does so now, or cannot. */
  private async settleIntents(state: SyncState): Promise<void> {
    for (const [name, intent] of [...state.intents]) {
      const { version, content, request, epoch, blockSize } = intent;
      const result = await this.options.store.update({ name, version, content, request, epoch });
      if (result === 'applied') await state.record(name, { version, content, blockSize, stamp: undefined });
      else await state.abandon(name);
    }
  }

  private async clearTemporaries(): Promise<void> {
    const { files } = this.options;
    for (const { name } of await files.list(TEMPORARY_FOLDER))
      await files.remove(`${TEMPORARY_FOLDER}/${name}`);
  }

  /** Files that were only touched, or read too early after a change, need not be read next time. */
  private renewStamps({ files }: Scan): void {
    for (const [name, { content, stamp, blockSize }] of files) {
      const entry = this.state?.base.get(name);
      if (entry === undefined || stamp === undefined || entry.blockSize !== blockSize) continue;
      const isKnown = entry.stamp?.mtimeMs === stamp.mtimeMs && entry.stamp.inode === stamp.inode;
      if (!isKnown && isSame(entry.content, content)) this.state?.restamp(name, { ...entry, stamp });
    }
  }

  private isHeld(brakes: readonly Brake[]): boolean {
    return brakes.some(({ kind }) => !this.options.allowed.has(kind));
  }

  private scan(state = this.state): Promise<Scan> {
    const { files, profile, blockSize, isIgnored, nowMs } = this.options;
    return scanFolder(files, { profile, blockSize, isIgnored, nowMs, base: state?.base ?? new Map() });
  }

  /** The trees without what must be left alone. */
  private judge(scan: Scan, map: RemoteMap, state = this.state): { trees: Trees; left: LeftFile[] } {
    const base = state?.base ?? new Map<string, never>();
    const left = [...scan.skipped];
    const isLive = (name: string): boolean => (map.files.get(name)?.content ?? null) !== null;
    for (const name of scan.occupied)
      if (isLive(name)) left.push({ name, reason: 'the folder has something else of this name' });
    for (const [name, { reason }] of map.foreign)
      if (!this.options.isIgnored(name)) left.push({ name, reason });
    const excluded = new Set([...scan.occupied, ...this.failed.keys(), ...left.map(({ name }) => name)]);
    const kept = <T>(tree: ReadonlyMap<string, T>): Map<string, T> =>
      new Map([...tree].filter(([name]) => !excluded.has(name) && !scan.isIgnored(name)));
    const { trees, refused } = judgeNames(
      { local: kept(scan.files), remote: kept(map.files), base: kept(base) },
      this.options.profile,
    );
    return { trees, left: [...left, ...refused] };
  }

  private plan(trees: Trees): SyncOperation[] {
    return plan(trees, { host: this.options.host });
  }

  private announce(operations: readonly SyncOperation[], scan: Scan): void {
    const sizes = operations.map(({ kind, name }) =>
      kind === 'upload' ? (scan.files.get(name)?.stat.size ?? 0) : 0,
    );
    this.options.emit({ kind: 'planned', operations, bytes: sizes.reduce((sum, size) => sum + size, 0) });
  }

  /** @returns the files for which another plan has more to do */
  private async carryOut(operations: readonly SyncOperation[], scan: Scan): Promise<string[]> {
    const { state, options } = this;
    if (state === undefined) throw new Error('a sync begins with its state');
    const round: Round = { ...options, state, scan, trash: new Trash(options.files, options.nowMs) };
    const uploads = new Uploads(round);
    const downloads = new Downloads(round);
    const open: string[] = [];
    const each = <O extends SyncOperation>(
      some: readonly O[],
      action: (operation: O) => Promise<OperationEnd>,
    ) =>
      forEachOf(some, TRANSFERS_AT_ONCE, async (operation) => {
        if (options.isStopping()) return;
        const end = await action(operation).catch((error: unknown): OperationEnd => {
          // Its user has taken the file away since the plan was made, and may have put another one there.
          if (codeOf(error) === 'ENOENT') return 'again';
          throw error;
        });
        if (end === 'done') {
          this.done.push(operation);
          options.emit({ kind: 'done', operation });
          if (operation.kind === 'conflict') open.push(operation.copy);
        } else if (end === 'again') open.push(operation.name);
        else this.failed.set(operation.name, end.reason);
      });
    const of = <K extends SyncOperation['kind']>(kind: K): Extract<SyncOperation, { kind: K }>[] =>
      operations.filter(
        (operation): operation is Extract<SyncOperation, { kind: K }> => operation.kind === kind,
      );
    await each(of('adopt'), (operation) => this.adopt(operation, round));
    for await (const [group, blocks] of uploads.inGroups(of('upload')))
      await each(group, (operation) => uploads.upload(operation, blocks));
    await each(of('download'), (operation) => downloads.download(operation));
    await each(of('conflict'), (operation) => downloads.resolveConflict(operation));
    await each(of('deleteRemote'), (operation) => uploads.delete(operation));
    await each(of('deleteLocal'), (operation) => downloads.delete(operation));
    return open;
  }

  private async adopt(
    { name, version, content }: Extract<SyncOperation, { kind: 'adopt' }>,
    { state, scan, blockSize }: Round,
  ): Promise<OperationEnd> {
    const scanned = scan.files.get(name);
    const known = { blockSize: scanned?.blockSize ?? blockSize, stamp: scanned?.stamp };
    await state.record(name, { version, content, ...known });
    return 'done';
  }

  /** The index file of the course, and an end to what has been in the trash for long. */
  private async finish(): Promise<void> {
    const { files, profile, trashDays, nowMs } = this.options;
    await this.state?.save();
    if (profile === 'classic') await writeIndex(files, this.state?.base ?? new Map());
    if ((await files.stat(OWN_FOLDER)) !== undefined) await new Trash(files, nowMs).prune(trashDays);
  }

  private failures(left: readonly LeftFile[]): LeftFile[] {
    const known = new Set(left.map(({ name }) => name));
    return [...this.failed].filter(([name]) => !known.has(name)).map(([name, reason]) => ({ name, reason }));
  }

  private result(left: readonly LeftFile[], brakes: readonly Brake[]): SyncResult {
    return { operations: this.done, left, brakes, isStopped: this.options.isStopping() };
  }
}
