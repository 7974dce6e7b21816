import fc from 'fast-check';
import { Prng } from '../../src/sim/prng.js';
import {
  isSame,
  plan,
  type BaseFile,
  type Content,
  type LocalFile,
  type SyncOperation,
  type RemoteFile,
} from '../../src/sync/plan.js';

/** One file of a drawn triple: what it was, and what became of it on either side. */
export interface DrawnFile {
  readonly before: { readonly version: number; readonly content: Content | null };
  /** Undefined: unchanged. */
  readonly local: Content | null | undefined;
  readonly remote: { readonly content: Content | null; readonly versions: number } | undefined;
  /** How the base knows it: `lost` has no entry. */
  readonly base: 'kept' | 'lost';
}

/** A triple of trees, and what happens while its plans are carried out. */
export interface Triple {
  readonly files: readonly DrawnFile[];
  /** Draws the order of operations, interruptions, and the changes of another client. */
  readonly seed: number;
  readonly interruptions: number;
  readonly strangers: number;
}

const contents: readonly Content[] = [[], ['a'], ['b'], ['a', 'b'], ['c']];
const content = fc.constantFrom(...contents, null);

const drawnFile: fc.Arbitrary<DrawnFile> = fc.record({
  before: fc.record({ version: fc.integer({ min: 1, max: 3 }), content }),
  local: fc.option(content, { nil: undefined }),
  remote: fc.option(fc.record({ content, versions: fc.integer({ min: 1, max: 2 }) }), { nil: undefined }),
  base: fc.constantFrom('kept', 'kept', 'kept', 'lost'),
});

export const triples: fc.Arbitrary<Triple> = fc.record({
  files: fc.array(drawnFile, { minLength: 1, maxLength: 5 }),
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  interruptions: fc.constantFrom(0, 0, 1, 3),
  strangers: fc.constantFrom(0, 0, 1, 2),
});

const options = { host: 'here' };

/** Rounds without disturbance until nothing is left to do. */
const QUIET_ROUNDS_MAX = 3;

/**
 * Plans and carries out, every batch in a drawn order, with interruptions in the middle of operations and another
 * client that writes in between, until nothing is left to do.
 *
 * @throws Error with the rule that was broken
 */
export function checkTriple(triple: Triple): void {
  const world = new World(triple);
  for (let round = 0; round < triple.interruptions + triple.strangers; round += 1)
    world.disturbedRound(round < triple.strangers);
  let rounds = 0;
  while (world.quietRound()) {
    rounds += 1;
    if (rounds > QUIET_ROUNDS_MAX) throw new Error(`there is still something to do after ${rounds} rounds`);
  }
  world.checkAgreement();
  world.checkNothingLost();
}

class World {
  private readonly local = new Map<string, LocalFile>();
  private readonly remote = new Map<string, RemoteFile>();
  private readonly base = new Map<string, BaseFile>();
  private readonly random: Prng;
  /** What a client that had seen it has replaced or deleted in the store, copies included, by file. */
  private readonly replaced = new Map<string, Set<string>>();

  constructor(private readonly triple: Triple) {
    this.random = new Prng(triple.seed);
    triple.files.forEach((file, index) => {
      const name = nameOf(index);
      const { before, remote, local } = file;
      this.setLocal(name, local === undefined ? before.content : local);
      const stored =
        remote === undefined
          ? before
          : { version: before.version + remote.versions, content: remote.content };
      this.remote.set(name, stored);
      if (file.base === 'kept') this.base.set(name, before);
    });
  }

  /** @returns whether there was something to do */
  quietRound(): boolean {
    const operations = this.plan();
    for (const operation of this.random.shuffle(operations)) this.carryOut(operation, false);
    return operations.length > 0;
  }

  /** A round that another client writes into, or that ends in the middle of an operation. */
  disturbedRound(isStrange: boolean): void {
    const operations = this.random.shuffle(this.plan());
    const stopAt = this.random.between(0, operations.length);
    for (const [index, operation] of operations.entries()) {
      if (isStrange && this.random.chance(0.4)) this.strangerWrites();
      if (!isStrange && index === stopAt) {
        this.carryOut(operation, true);
        return;
      }
      this.carryOut(operation, false);
    }
  }

  checkAgreement(): void {
    for (const name of new Set([...this.local.keys(), ...this.remote.keys(), ...this.base.keys()])) {
      const local = this.local.get(name)?.content ?? null;
      const remote = this.remote.get(name);
      const base = this.base.get(name);
      if (!isSame(local, remote?.content ?? null) || !isSame(local, base?.content ?? null))
        throw new Error(`folder, store and base differ in ${name}`);
      if (remote !== undefined && base !== undefined && remote.version !== base.version)
        throw new Error(`the base has version ${base.version} of ${name}, the store ${remote.version}`);
    }
  }

  checkNothingLost(): void {
    this.triple.files.forEach((file, index) => {
      const name = nameOf(index);
      const before = file.base === 'kept' ? file.before.content : null;
      const local = file.local === undefined ? file.before.content : file.local;
      const remote = file.remote === undefined ? file.before.content : file.remote.content;
      const isLocalChange = !isSame(local, before);
      const isRemoteChange = !isSame(remote, before);
      // What one side still has is kept, unless the other has deleted or replaced it and it was not touched here.
      if (local !== null && isLocalChange) this.mustHave(name, local, 'the change in the folder');
      if (remote !== null && isRemoteChange) this.mustHave(name, remote, 'the change in the store');
      if (this.triple.strangers > 0) return;
      const final = this.local.get(name)?.content ?? null;
      if (isLocalChange && !isRemoteChange && !isSame(final, local))
        throw new Error(`a change in the folder alone was undone: ${name}`);
      if (!isLocalChange && isRemoteChange && !isSame(final, remote))
        throw new Error(`a change in the store alone was undone: ${name}`);
      if (!isLocalChange && !isRemoteChange && !isSame(final, before))
        throw new Error(`nobody changed ${name}, and it changed`);
      if (isLocalChange && isRemoteChange && remote !== null && !isSame(final, remote))
        throw new Error(`the store's change of ${name} lost its name`);
      if ((!isLocalChange || !isRemoteChange || isSame(local, remote)) && this.copiesOf(name).length > 0)
        throw new Error(`${name} has a conflict copy, and there was no conflict`);
    });
  }

  private mustHave(name: string, content: Content, what: string): void {
    if (this.replaced.get(name)?.has(content.join()) === true) return;
    const places = [this.local.get(name), ...this.copiesOf(name)];
    if (!places.some((file) => file !== undefined && isSame(file.content, content)))
      throw new Error(`${what} is lost: ${name}`);
  }

  private copiesOf(name: string): LocalFile[] {
    return [...this.local]
      .filter(([other]) => other !== name && originalOf(other) === name)
      .map(([, file]) => file);
  }

  private plan(): SyncOperation[] {
    const { local, remote, base } = this;
    return plan({ local: new Map(local), remote: new Map(remote), base: new Map(base) }, options);
  }

  /** Another client replaces or deletes what the store has now. */
  private strangerWrites(): void {
    const name = this.random.pick([...this.remote.keys()]);
    const stored = this.remote.get(name);
    if (stored === undefined) return;
    const content = this.random.pick([...contents, null]);
    if (stored.content !== null && !isSame(content, stored.content)) {
      const file = originalOf(name);
      const gone = this.replaced.get(file) ?? new Set();
      this.replaced.set(file, gone.add(stored.content.join()));
    }
    this.remote.set(name, { version: stored.version + 1, content });
  }

  /** @param isInterrupted it ends after the first of its effects: the base does not know of it */
  private carryOut(operation: SyncOperation, isInterrupted: boolean): void {
    const { name, version } = operation;
    const write = (content: Content | null): boolean => {
      if ((this.remote.get(name)?.version ?? 0) + 1 !== version) return false;
      this.remote.set(name, { version, content });
      return true;
    };
    const has = (content: Content | null): boolean => isSame(this.local.get(name)?.content ?? null, content);
    switch (operation.kind) {
      case 'adopt':
        if (isInterrupted) return;
        break;
      case 'upload':
        if (!has(operation.content) || !write(operation.content)) return;
        break;
      case 'deleteRemote':
        if (!has(null) || !write(null)) return;
        break;
      case 'download':
        if (!has(operation.replaces)) return;
        this.setLocal(name, operation.content);
        break;
      case 'conflict':
        if (!has(operation.replaces)) return;
        this.setLocal(operation.copy, operation.replaces);
        if (isInterrupted) return;
        this.setLocal(name, operation.content);
        break;
      case 'deleteLocal':
        if (!has(operation.replaces)) return;
        this.setLocal(name, null);
        break;
    }
    if (isInterrupted) return;
    const content = 'content' in operation ? operation.content : null;
    this.base.set(name, { version, content });
  }

  private setLocal(name: string, content: Content | null): void {
    if (content === null) this.local.delete(name);
    else this.local.set(name, { content, mtimeMs: 0 });
  }
}

function nameOf(index: number): string {
  return `f${index}.txt`;
}

/** The file that a conflict copy is of. */
function originalOf(name: string): string {
  return name.replace(/ \(conflict, .*\)(?=\.txt$)/, '');
}
