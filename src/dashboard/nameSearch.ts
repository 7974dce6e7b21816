import type { HashList, JsonValue } from '../stateMachine/command.js';
import type { NamePage, NameRow } from './sample.js';

/** Names that are compared in one turn of the event loop: well below a millisecond. */
const NAMES_PER_TURN = 2_000;
/** A search that finds more ends there. */
const MATCHES_MAX = 200_000;
/** A list that was found is used for this long: its pages fit together, and scrolling costs nothing. */
const FRESH_MS = 3_000;
/** Searches that are remembered. */
const SEARCHES_MAX = 4;
/** Searches that may wait for their turn; one runs at a time. */
const WAITING_MAX = 8;
export const ROWS_MAX = 200;
export const QUERY_CHARS_MAX = 200;
const TEXT_CHARS = 120;

/** The state of this server, as far as names are searched in it. */
export interface NamedState {
  readonly files: {
    readonly size: number;
    names(): IterableIterator<string>;
    recordOf(name: string): { readonly version: number; readonly hashList: HashList } | undefined;
  };
  readonly keys: {
    readonly size: number;
    names(): IterableIterator<string>;
    get(key: string): JsonValue | undefined;
  };
}

/** The search of one page. */
export interface NameQuery {
  readonly kind: NamePage['kind'];
  /** Part of a name, in any letter case; all names have the empty one. */
  readonly text: string;
  readonly offset: number;
  readonly limit: number;
}

interface Found {
  readonly atMs: number;
  readonly names: readonly string[];
  readonly isCut: boolean;
}

/** Too many searches at once. */
export class TooBusyError extends Error {
  override readonly name = 'TooBusyError';
}

/**
 * Finds files and keys by a part of their names, in what this very server has applied. A hundred thousand names are compared in
 * small parts, between which everybody else has a turn. Order is that of the first write.
 */
export class NameSearch {
  private readonly searches = new Map<string, Promise<Found>>();
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  /** @param clockMs only goes forward; for tests */
  constructor(
    private readonly state: NamedState,
    private readonly clockMs: () => number = performance.now.bind(performance),
  ) {}

  /** @throws TooBusyError */
  async find({ kind, text, offset, limit }: NameQuery): Promise<NamePage> {
    const { names, isCut } = await this.found(kind, text);
    const rows = names
      .slice(offset, offset + limit)
      .map((name) => (kind === 'files' ? this.fileRow(name) : this.keyRow(name)));
    return { kind, total: this.state[kind].size, matches: names.length, isCut, offset, rows };
  }

  /** Frees what was found; nobody looks any more. */
  forget(): void {
    this.searches.clear();
  }

  private async found(kind: NamePage['kind'], text: string): Promise<Found> {
    const key = `${kind} ${text}`;
    const known = await this.searches.get(key);
    if (known !== undefined && this.clockMs() - known.atMs < FRESH_MS) return known;
    if (this.waiting >= WAITING_MAX) throw new TooBusyError('many searches are under way; try again');
    this.waiting += 1;
    const search = this.last.then(() => this.search(kind, text)).finally(() => (this.waiting -= 1));
    this.last = search.catch(() => undefined);
    this.remember(key, search);
    return search;
  }

  private remember(key: string, search: Promise<Found>): void {
    this.searches.delete(key);
    this.searches.set(key, search);
    // A search that fails is not one to remember; whoever waits for it gets its error.
    search.catch(() => this.searches.delete(key));
    const [oldest] = this.searches.keys();
    if (this.searches.size > SEARCHES_MAX && oldest !== undefined) this.searches.delete(oldest);
  }

  private async search(kind: NamePage['kind'], text: string): Promise<Found> {
    const wanted = text.toLowerCase();
    const names: string[] = [];
    let left = NAMES_PER_TURN;
    for (const name of this.state[kind].names()) {
      if (wanted === '' || name.toLowerCase().includes(wanted)) names.push(name);
      if (names.length >= MATCHES_MAX) return { atMs: this.clockMs(), names, isCut: true };
      left -= 1;
      if (left > 0) continue;
      left = NAMES_PER_TURN;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { atMs: this.clockMs(), names, isCut: false };
  }

  private fileRow(name: string): NameRow {
    const record = this.state.files.recordOf(name);
    if (record === undefined) return gone(name);
    const { version, hashList } = record;
    return { name, version, text: hashesText(hashList) };
  }

  private keyRow(name: string): NameRow {
    const value = this.state.keys.get(name);
    if (value === undefined) return gone(name);
    return { name, version: null, text: valueText(value) };
  }
}

/** Clients delete a file by a list of their own that holds no hash, usually `["0"]`. */
function hashesText(hashList: HashList): string {
  const hashes: readonly unknown[] = Array.isArray(hashList) ? hashList : [hashList];
  if (hashes.length === 1 && (hashes[0] === '0' || hashes[0] === 0)) return 'deleted';
  return hashes.length === 1 ? '1 block' : `${hashes.length} blocks`;
}

/** It was deleted since the search. */
function gone(name: string): NameRow {
  return { name, version: null, text: 'gone' };
}

function valueText(value: JsonValue): string {
  if (!Array.isArray(value)) return shortened(JSON.stringify(value));
  const items = value as readonly JsonValue[];
  // The end of a list is what was appended last.
  const end = items.slice(-3).map((item) => shortened(JSON.stringify(item)));
  const dots = items.length > end.length ? '... ' : '';
  return shortened(`${items.length} ${items.length === 1 ? 'item' : 'items'}: ${dots}${end.join(', ')}`);
}

function shortened(text: string): string {
  return text.length > TEXT_CHARS ? `${text.slice(0, TEXT_CHARS)}...` : text;
}
