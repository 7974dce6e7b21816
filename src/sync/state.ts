import { readText, replaceText, type FileSystem, type Journal } from './fileSystem.js';
import { OWN_FOLDER, type Profile } from './names.js';
import type { BaseFile, Content } from './plan.js';

/** The stat of a file when its content was known: as long as it is the same, the content need not be read. */
export interface Stamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: string;
}

/** A file of the base, and how its content was cut into blocks. */
export interface BaseEntry extends BaseFile {
  readonly blockSize: number;
  /** Undefined when the file could have changed since without a change of its stat. */
  readonly stamp: Stamp | undefined;
}

/** An update that may have been sent: it is sent again, under the same request, before anything else. */
interface Intent {
  readonly version: number;
  readonly content: Content | null;
  readonly blockSize: number;
  readonly request: string;
  readonly epoch: number | undefined;
}

/** What is known of the folder besides its files. */
interface Header {
  /** The folder's own id. */
  readonly id: string;
  readonly profile: Profile;
  readonly cluster: string | undefined;
  /** Addresses of all servers, so that any of them is enough next time. */
  readonly servers: readonly string[];
}

const BASE_FILE = `${OWN_FOLDER}/base`;
const MARKER_FILE = `${OWN_FOLDER}/id`;
const FORMAT = 1;

interface Line {
  readonly format?: number;
  readonly header?: Header;
  readonly name?: string;
  readonly entry?: BaseEntry;
  /** Null: it is settled. */
  readonly intent?: Intent | null;
}

/** What was found in a folder. */
interface LoadedState {
  readonly state: SyncState;
  /** The id that the marker has, undefined without one. */
  readonly marker: string | undefined;
  /** Why there is no base although the folder was synced before. */
  readonly problem: string | undefined;
}

/**
 * The base and all that must outlive the client, in `.surfstore/base`: JSON lines, of which the last one for a file
 * counts. Lines are appended while the client works, and the file is rewritten at its end. A torn last line is that of
 * a killed client and does not count.
 */
export class SyncState {
  readonly base = new Map<string, BaseEntry>();
  readonly intents = new Map<string, Intent>();
  private journal: Promise<Journal> | undefined;
  private isChanged = false;

  private constructor(
    private readonly files: FileSystem,
    private current: Header,
  ) {}

  /** @param fresh the header of a folder that was never synced */
  static async load(files: FileSystem, fresh: Header): Promise<LoadedState> {
    const marker = (await readText(files, MARKER_FILE))?.trim();
    const text = await readText(files, BASE_FILE);
    const state = new SyncState(files, marker === undefined ? fresh : { ...fresh, id: marker });
    if (text === undefined) {
      state.isChanged = true;
      return { state, marker, problem: marker === undefined ? undefined : 'it is missing' };
    }
    const problem = state.read(text);
    if (problem !== undefined) {
      state.base.clear();
      state.intents.clear();
      state.isChanged = true;
    }
    return { state, marker: marker ?? (problem === undefined ? state.header.id : undefined), problem };
  }

  get header(): Header {
    return this.current;
  }

  setHeader(changes: Partial<Header>): void {
    const header = { ...this.current, ...changes };
    if (JSON.stringify(header) === JSON.stringify(this.current)) return;
    this.current = header;
    this.isChanged = true;
  }

  /** The file is the same on both sides from now on. */
  async record(name: string, entry: BaseEntry): Promise<void> {
    this.base.set(name, entry);
    this.intents.delete(name);
    await this.append({ name, entry });
  }

  /** Must be done before the update is sent. */
  async begin(name: string, intent: Intent): Promise<void> {
    this.intents.set(name, intent);
    await this.append({ name, intent });
  }

  /** The update was certainly not done, and will not be. */
  async abandon(name: string): Promise<void> {
    this.intents.delete(name);
    await this.append({ name, intent: null });
  }

  /** Renews the stamp of a file; it is worth nothing before the next rewrite. */
  restamp(name: string, entry: BaseEntry): void {
    this.base.set(name, entry);
    this.isChanged = true;
  }

  /** Keeps these files only; an update that was meant for another store is not sent again. */
  forgetBase(kept: ReadonlyMap<string, BaseFile>): void {
    for (const name of [...this.base.keys()]) if (!kept.has(name)) this.base.delete(name);
    for (const name of [...this.intents.keys()]) if (!kept.has(name)) this.intents.delete(name);
    this.isChanged = true;
  }

  /** Rewrites the file when something has changed: durable, and never half of it. */
  async save(): Promise<void> {
    const journal = await this.journal;
    this.journal = undefined;
    await journal?.close();
    if (this.isChanged) await this.rewrite();
  }

  private async rewrite(): Promise<void> {
    const lines: Line[] = [{ format: FORMAT, header: this.current }];
    for (const [name, entry] of this.base) lines.push({ name, entry });
    for (const [name, intent] of this.intents) lines.push({ name, intent });
    await this.files.makeDirectory(OWN_FOLDER);
    await replaceText(this.files, BASE_FILE, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    if ((await readText(this.files, MARKER_FILE))?.trim() !== this.current.id)
      await replaceText(this.files, MARKER_FILE, `${this.current.id}\n`);
    this.isChanged = false;
  }

  private async append(line: Line): Promise<void> {
    this.journal ??= this.openJournal();
    const journal = await this.journal;
    this.isChanged = true;
    await journal.append(`${JSON.stringify(line)}\n`);
  }

  /** Lines are appended only to a whole file with a header. */
  private async openJournal(): Promise<Journal> {
    if (this.isChanged) await this.rewrite();
    return this.files.journal(BASE_FILE);
  }

  /** @returns why the text is no base, undefined when it is one */
  private read(text: string): string | undefined {
    const lines = text.split('\n');
    const torn = lines.pop();
    if (torn !== '') this.isChanged = true;
    for (const [index, line] of lines.entries()) {
      const parsed = parsedLine(line);
      if (parsed === undefined) return `line ${index + 1} of ${BASE_FILE} is damaged`;
      if (index === 0) {
        if (parsed.format !== FORMAT || parsed.header === undefined)
          return `${BASE_FILE} has no header of this version of the client`;
        this.current = parsed.header;
      } else this.take(parsed);
    }
    return lines.length === 0 ? `${BASE_FILE} is empty` : undefined;
  }

  private take({ name, entry, intent }: Line): void {
    if (name === undefined) return;
    if (entry !== undefined) {
      this.base.set(name, entry);
      this.intents.delete(name);
    } else if (intent === null) this.intents.delete(name);
    else if (intent !== undefined) this.intents.set(name, intent);
  }
}

function parsedLine(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'object' && line !== null ? line : undefined;
  } catch {
    return undefined;
  }
}
