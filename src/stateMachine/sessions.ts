import { isChangeResult, SINGLE, type ChangeResult, type RequestId } from './command.js';
import { CopyOnWriteMap, type FrozenView } from './copyOnWriteMap.js';
import { SnapshotError } from './stateMachine.js';
import { chained, recordsFrom, type PartLoader, type StatePart } from './statePart.js';

/** Sessions, and single requests, that are remembered: those that are the last ones in the log. The same number on every server. */
export const SESSIONS_MAX = 50_000;

/** The last request of a session, or a request with a name of its own, and what became of it. */
interface Remembered {
  /** 0 for a session without a request so far, and for a request with a name of its own. */
  readonly sequence: number;
  readonly result: ChangeResult;
  /** Of the command, so that a request id is not taken for a retry when it comes with another one. */
  readonly print: number;
  /** Index of the entry that used it last; no two have the same. */
  readonly usedAt: number;
}

type RecordFields = readonly [string, number, ChangeResult, number, number];

/** A record of a snapshot: a session (`s`) or a single request (`n`), by its id or name. */
export type SessionRecord = { readonly s: RecordFields } | { readonly n: RecordFields };

/** One request at one place of the log. */
interface NumberedRequest {
  readonly request: RequestId;
  /** The text of the command in the log. */
  readonly text: string;
  /** Index of the entry. */
  readonly index: number;
}

/**
 * What makes a retry harmless (section 8; dissertation section 6.3): of each session the last request and what became of
 * it. A request that is found here is answered from here. A session is opened by an entry of its own, whose index is its
 * id. One that was silent for so long that {@link SESSIONS_MAX} others were used after it is forgotten, by the order of
 * the log and so by all servers alike. A request of a session that is not here is refused, whatever its number: it could
 * be a retry of one that was done. Requests with a name of their own are kept apart: however many there are, no session is
 * forgotten for them. Of these a forgotten one cannot be told from a new one.
 */
export class Sessions implements StatePart<SessionRecord> {
  private opened: RecentlyUsed<Remembered>;
  private singles: RecentlyUsed<Remembered>;

  constructor(private readonly sessionsMax: number = SESSIONS_MAX) {
    this.opened = new RecentlyUsed(sessionsMax);
    this.singles = new RecentlyUsed(sessionsMax);
  }

  get size(): number {
    return this.opened.size + this.singles.size;
  }

  /** Opens a session for the entry at this index; its id. */
  open(index: number): string {
    const sessionId = String(index);
    this.opened.use(sessionId, { sequence: 0, result: 'none', print: 0, usedAt: index });
    return sessionId;
  }

  /** The result of the request: of `run`, or remembered from when it first came. */
  once({ request, text, index }: NumberedRequest, run: () => ChangeResult): ChangeResult {
    const { clientId, sequence } = request;
    const isSingle = sequence === SINGLE;
    const table = isSingle ? this.singles : this.opened;
    const known = table.get(clientId);
    if (known === undefined && !isSingle) return 'sessionExpired';
    if (known !== undefined && sequence < known.sequence) return 'stale';
    const print = fingerprint(text);
    const isRetry = known?.sequence === sequence;
    if (isRetry && known.print !== print) return 'reused';
    const result = isRetry ? known.result : run();
    table.use(clientId, { sequence, result, print, usedAt: index });
    return result;
  }

  records(): Iterator<unknown> {
    return chained([
      recordsFrom(this.opened.freeze(), (id, session): SessionRecord[] => [{ s: fieldsOf(id, session) }]),
      recordsFrom(this.singles.freeze(), (name, single): SessionRecord[] => [{ n: fieldsOf(name, single) }]),
    ]);
  }

  load(): PartLoader<SessionRecord> {
    const opened = new Map<string, Remembered>();
    const singles = new Map<string, Remembered>();
    return {
      add: (record) => {
        const [table, fields] = 's' in record ? [opened, record.s] : [singles, record.n];
        const [name, remembered] = rememberedIn(fields);
        if (table.has(name)) throw new SnapshotError('a session is in the snapshot twice');
        table.set(name, remembered);
      },
      install: () => {
        this.opened = inOrder(opened, this.sessionsMax);
        this.singles = inOrder(singles, this.sessionsMax);
      },
    };
  }
}

function fieldsOf(name: string, { sequence, result, print, usedAt }: Remembered): RecordFields {
  return [name, sequence, result, print, usedAt];
}

/** Records come in no particular order; who is forgotten first must be the same as everywhere else. */
function inOrder(remembered: ReadonlyMap<string, Remembered>, sessionsMax: number): RecentlyUsed<Remembered> {
  const table = new RecentlyUsed<Remembered>(sessionsMax);
  for (const [name, each] of [...remembered].sort(([, a], [, b]) => a.usedAt - b.usedAt))
    table.use(name, each);
  return table;
}

function rememberedIn(fields: unknown): [string, Remembered] {
  const [name, sequence, result, print, usedAt] = Array.isArray(fields) ? (fields as readonly unknown[]) : [];
  const isComplete =
    typeof name === 'string' &&
    isChangeResult(result) &&
    [sequence, print, usedAt].every(Number.isSafeInteger);
  if (!isComplete) throw new SnapshotError('a record of the snapshot is no session');
  return [name, { sequence: sequence as number, result, print: print as number, usedAt: usedAt as number }];
}

/** The walk begins anew after so many uses. */
export const USES_PER_WALK = 1_000;

/** A map of those that were used last; whoever was not used for longest is forgotten first. */
export class RecentlyUsed<Value> {
  private readonly entries = new CopyOnWriteMap<Value>();
  /**
   * Walks from the longest unused on; whoever is used again moves behind its reach. To begin anew at each step would cost a look at all that
   * was moved or forgotten since the map last tidied up. But as long as the walk stands still, the engine keeps every table
   * that the map has outgrown: so it must not last.
   */
  private walk: Iterator<readonly [string, Value]> | undefined;
  private uses = 0;

  constructor(private readonly max: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): Value | undefined {
    return this.entries.get(key);
  }

  /** Sets the value of the key, which is the one used last from now on. */
  use(key: string, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    this.uses += 1;
    if (this.uses % USES_PER_WALK === 0) this.walk = undefined;
    if (this.entries.size > this.max) this.forgetOldest();
  }

  freeze(): FrozenView<Value> {
    return this.entries.freeze();
  }

  private forgetOldest(): void {
    this.walk ??= this.entries.entries();
    const step = this.walk.next();
    if (step.done !== true) this.entries.delete(step.value[0]);
  }
}

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** A 32-bit number that two different texts hardly ever share (FNV-1a over UTF-16 units); no defence against malice. */
function fingerprint(text: string): number {
  let hash = OFFSET_BASIS;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), PRIME);
  return hash >>> 0;
}
