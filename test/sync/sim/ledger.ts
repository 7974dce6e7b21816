import type { Entry } from '../../../src/raft/types.js';
import { SafetyViolation } from '../../../src/sim/safety.js';
import { decodeCommand, type CommandResult } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { hashOf } from '../../../src/sync/hashing.js';
import type { Content } from '../../../src/sync/plan.js';
import { contentIn, hashListOf } from '../../../src/sync/store.js';

/** The parts of the world that the rules are about and nobody tells the ledger. */
interface Watched {
  /** Everything that is committed, in order. */
  readonly committed: () => readonly Entry[];
  /** Whether the disk of some server has the block. */
  readonly isStored: (hash: string) => boolean;
  readonly blockSizes: readonly number[];
}

/** Counts for the summary. */
export interface LedgerCounts {
  updates: number;
  /** Entries whose request was in the log before, and those of them whose first entry had taken effect. */
  repeats: number;
  repeatsOfApplied: number;
  epochMoved: number;
  texts: number;
  /** Texts that the user wrote in the moment that no client can see. */
  missed: number;
}

/** A text under a name, by the users who wrote it. */
interface Authored {
  readonly name: string;
  readonly text: string;
  readonly by: Set<number>;
  /** Some user who had it has replaced or deleted it. */
  isReleased: boolean;
}

/**
 * Knows what users have written and what the cluster has committed, and holds everybody to the rules. The first one that
 * is broken ends the run.
 */
export class Ledger {
  violation: SafetyViolation | undefined;
  readonly counts: LedgerCounts = {
    updates: 0,
    repeats: 0,
    repeatsOfApplied: 0,
    epochMoved: 0,
    texts: 0,
    missed: 0,
  };
  private readonly frontier = new ServiceState();
  private looked = 0;
  /** The hash list of every version of a file that was ever in the map, as text. */
  private readonly versions = new Map<string, string>();
  /** The first result of each request in the log. */
  private readonly results = new Map<string, CommandResult>();
  private readonly authored = new Map<string, Authored>();
  private readonly texts = new Set<string>();
  /** The texts of hash lists, for each way to cut them. */
  private readonly textOfList = new Map<string, string>();

  constructor(private readonly watched: Watched) {}

  fail(rule: string, detail: string): void {
    this.violation ??= new SafetyViolation(rule, detail);
  }

  /** The map after the last entry that is known to be committed. */
  get files(): ReturnType<ServiceState['files']['list']> {
    return this.frontier.files.list();
  }

  /** Looks at what was committed since the last look. */
  look(): void {
    const committed = this.watched.committed();
    for (; this.looked < committed.length; this.looked += 1) {
      const entry = committed[this.looked];
      if (entry !== undefined) this.take(entry);
    }
  }

  wrote(client: number, name: string, text: string): void {
    this.counts.texts += 1;
    this.texts.add(text);
    for (const blockSize of this.watched.blockSizes) this.textOfList.set(listOf(text, blockSize), text);
    const key = keyOf(name, text);
    const known = this.authored.get(key);
    if (known === undefined)
      this.authored.set(key, { name: originalOf(name), text, by: new Set([client]), isReleased: false });
    else known.by.add(client);
  }

  released(name: string, text: string): void {
    const known = this.authored.get(keyOf(name, text));
    if (known !== undefined) known.isReleased = true;
  }

  missed(name: string, text: string): void {
    this.counts.missed += 1;
    this.released(name, text);
  }

  /** A client has taken away the last file with this text, though it did not put it into the trash. */
  dropped(client: number, name: string, text: string): void {
    if (this.authored.get(keyOf(name, text))?.isReleased === true) return;
    this.fail('what the client replaces is kept', `${name} of folder ${client}: "${text}"`);
  }

  /** Whether nobody has ever put this text under this name. */
  isNew(name: string, text: string): boolean {
    return !this.authored.has(keyOf(name, text));
  }

  /** A client was told what became of its request. */
  told(request: string, result: CommandResult): void {
    this.look();
    const logged = this.results.get(request);
    if (result === 'epochMoved') this.counts.epochMoved += 1;
    if (result !== logged)
      this.fail(
        'a request has one result',
        `${request} is told "${result}", the log says "${logged ?? 'nothing'}"`,
      );
  }

  /** A client writes into its base that folder and store agree. */
  checkBase(client: number, name: string, version: number, content: Content | null): void {
    this.look();
    const wanted = JSON.stringify(hashListOf(content));
    const committed = this.versions.get(`${version} ${name}`);
    if (committed !== wanted)
      this.fail(
        'the base is not ahead of the store',
        `client ${client} has version ${version} of ${name} as ${wanted}, the store ${committed ?? 'has none'}`,
      );
  }

  /** A client makes a conflict copy because the store has this. */
  checkConflict(client: number, name: string, content: Content): void {
    const text = this.textOfList.get(content.join());
    const by = text === undefined ? undefined : this.authored.get(keyOf(name, text))?.by;
    if (by?.size === 1 && by.has(client))
      this.fail('nobody is in conflict with himself', `client ${client} with ${name}, ${text ?? ''}`);
  }

  /** A collection has removed a block from a server. */
  checkRemoved(hash: string, server: number): void {
    this.look();
    const user = this.files.find(([, { hashList }]) => JSON.stringify(hashList).includes(hash));
    if (user !== undefined)
      this.fail('a block that the map names is not removed', `${hash} of ${user[0]} on server ${server}`);
  }

  /** At the end, in each of the folders: what nobody has taken away is there, and nothing else. */
  checkFolder(client: number, files: Readonly<Record<string, string>>): void {
    const there = new Set(Object.entries(files).map(([name, text]) => keyOf(name, text)));
    for (const [key, { name, text, isReleased }] of this.authored)
      if (!isReleased && !there.has(key))
        this.fail('nothing is lost', `${name} with "${text}" is not in folder ${client}`);
    for (const [name, text] of Object.entries(files))
      if (!this.texts.has(text))
        this.fail('nothing is made up', `${name} of folder ${client} is "${text}", which nobody wrote`);
  }

  private take(entry: Entry): void {
    const command = entry.kind === 'command' ? decodeCommand(entry.command) : undefined;
    if (command?.type !== 'updateFile') {
      this.frontier.apply(entry);
      return;
    }
    const { name, version, hashList, request } = command;
    const id = request?.clientId ?? '';
    const first = this.results.get(id);
    const before = this.frontier.files.versionOf(name);
    const result = this.frontier.apply(entry);
    if (first !== undefined) {
      this.counts.repeats += 1;
      if (first === 'applied') this.counts.repeatsOfApplied += 1;
      if (first !== result || this.frontier.files.versionOf(name) !== before)
        this.fail('a request takes effect once', `${id} again in entry ${entry.index}: ${result}`);
      return;
    }
    this.results.set(id, result);
    if (result !== 'applied') return;
    this.counts.updates += 1;
    this.versions.set(`${version} ${name}`, JSON.stringify(hashList));
    const content = contentIn(hashList);
    if (content === null || 'reason' in content) return;
    for (const hash of content)
      if (!this.watched.isStored(hash))
        this.fail(
          'a block is stored when the map names it',
          `${hash} of ${name}, version ${version}, is on no server`,
        );
  }
}

/** The file that a conflict copy is of, or a copy of a copy. */
function originalOf(name: string): string {
  return name.replaceAll(/ \(conflict, [^)]*\)/g, '');
}

function keyOf(name: string, text: string): string {
  return `${originalOf(name)}\n${text}`;
}

function listOf(text: string, blockSize: number): string {
  const bytes = Buffer.from(text);
  const hashes: string[] = [];
  for (let at = 0; at < bytes.length; at += blockSize)
    hashes.push(hashOf(bytes.subarray(at, at + blockSize)));
  return hashes.join();
}
