import type { Entry, NodeId } from '../raft/types.js';
import {
  decodeCommand,
  SINGLE,
  type KeyValueChange,
  type ChangeResult,
  type CommandResult,
  type JsonValue,
  type RequestId,
} from '../stateMachine/command.js';
import { ServiceState } from '../stateMachine/serviceState.js';
import { contentOf, isSuccess, isWrite, markOf, type RequestOutcome, type Request } from './requests.js';
import { SafetyViolation } from './safety.js';

/** The effect of one entry. */
interface Effect {
  readonly result: CommandResult;
  /** Whether it changed a file or a key. */
  readonly isEffective: boolean;
}

interface Session {
  /** Index of the entry that opened it, or the name of a single request. */
  readonly id: string;
  /** The last request: its number, the whole command where the product keeps a fingerprint, and what became of it. */
  readonly sequence: number;
  readonly text: string;
  readonly result: ChangeResult;
}

const NOTHING_DONE: Effect = { result: 'none', isEffective: false };

/** A second, simplest implementation of the log's meaning: no snapshots, no shared lists, sessions in one
 * array with the longest silent first. The product is compared with it after every entry.
 */
export class Reference {
  readonly files = new Map<string, { readonly version: number; readonly hashList: unknown }>();
  readonly keys = new Map<string, JsonValue>();
  epoch = 0;
  sessions: readonly Session[] = [];
  /** Requests with a name of their own. */
  singles: readonly Session[] = [];

  constructor(private readonly sessionsMax: number) {}

  apply({ index, kind, command: text }: Entry): Effect {
    const command = kind === 'command' ? decodeCommand(text) : undefined;
    if (command === undefined) return NOTHING_DONE;
    if (command.type === 'openSession') {
      this.keep({ id: String(index), sequence: 0, text: '', result: 'none' });
      return { result: `opened:${index}`, isEffective: false };
    }
    if (command.type === 'raiseEpoch') return { result: this.raise(command.epoch), isEffective: false };
    return command.request === undefined ? this.run(command) : this.once(command, command.request, text);
  }

  private raise(epoch: number): ChangeResult {
    if (epoch !== this.epoch + 1) return 'refused';
    this.epoch += 1;
    return 'applied';
  }

  private once(command: KeyValueChange, { clientId: id, sequence }: RequestId, text: string): Effect {
    const isSingle = sequence === SINGLE;
    const known = (isSingle ? this.singles : this.sessions).find((each) => each.id === id);
    if (known === undefined && !isSingle) return { result: 'sessionExpired', isEffective: false };
    if (known !== undefined && known.sequence > sequence) return { result: 'stale', isEffective: false };
    const isRetry = known?.sequence === sequence;
    if (isRetry && known.text !== text) return { result: 'reused', isEffective: false };
    const effect = isRetry ? { result: known.result, isEffective: false } : this.run(command);
    const session = { id, sequence, text, result: effect.result };
    if (isSingle) this.singles = this.withLast(this.singles, session);
    else this.keep(session);
    return effect;
  }

  private keep(session: Session): void {
    this.sessions = this.withLast(this.sessions, session);
  }

  /** As the one used last. */
  private withLast(sessions: readonly Session[], session: Session): readonly Session[] {
    const all = [...sessions.filter(({ id }) => id !== session.id), session];
    return all.slice(Math.max(0, all.length - this.sessionsMax));
  }

  private run(command: KeyValueChange): Effect & { readonly result: ChangeResult } {
    const result = this.change(command);
    return { result, isEffective: result === 'applied' };
  }

  private change(command: KeyValueChange): ChangeResult {
    switch (command.type) {
      case 'updateFile': {
        const { name, version, hashList, epoch = this.epoch } = command;
        if (epoch !== this.epoch) return 'epochMoved';
        if (version !== (this.files.get(name)?.version ?? 0) + 1) return 'refused';
        this.files.set(name, { version, hashList });
        return 'applied';
      }
      case 'kvPut':
        this.keys.set(command.key, command.value);
        return 'applied';
      case 'kvAppend': {
        const before = this.keys.get(command.key) ?? [];
        if (!Array.isArray(before)) return 'notAList';
        this.keys.set(command.key, [...(before as readonly JsonValue[]), ...command.items]);
        return 'applied';
      }
      case 'kvDelete':
        return this.keys.delete(command.key) ? 'applied' : 'missing';
    }
  }
}

/** Everything in a state machine as one text. Its records come in no particular order, so they are sorted. */
export function contentsOf(state: ServiceState): string {
  const text = state.snapshot(Number.POSITIVE_INFINITY).next().value ?? '[]';
  return sorted(JSON.parse(text) as unknown[]);
}

/** Whether files, keys and epoch are those of the reference, and as many sessions are known. */
export function isAsReference({ files, keys, sessions, epoch }: ServiceState, reference: Reference): boolean {
  const wantedFiles = [...reference.files].map(([name, record]) => [name, record]);
  return (
    sessions.size === reference.sessions.length + reference.singles.length &&
    epoch.current === reference.epoch &&
    sorted(files.list()) === sorted(wantedFiles) &&
    sorted(keys.list()) === sorted([...reference.keys])
  );
}

function sorted(items: readonly unknown[]): string {
  return items
    .map((item) => JSON.stringify(item))
    .sort()
    .join('\n');
}

/**
 * Watches what the entries of the log come to: on every server what the reference makes of them, each write at most
 * once, and what clients are told of them is so.
 */
export class Effects {
  private readonly reference: Reference;
  /** Entry i at position i - 1. */
  private readonly results: CommandResult[] = [];
  private readonly effective = new Set<string>();

  constructor(sessionsMax: number) {
    this.reference = new Reference(sessionsMax);
  }

  /** A server has applied an entry; some server has applied every entry before it. */
  applied(id: NodeId, entry: Entry, result: CommandResult): void {
    if (entry.index > this.results.length) this.firstApplied(entry);
    const wanted = this.results[entry.index - 1];
    if (result === wanted) return;
    throw new SafetyViolation(
      'an entry has the result that the log gives it',
      `entry ${entry.index} is "${result}" on server ${id}, not "${wanted ?? ''}"`,
    );
  }

  /** Whether a server that has applied everything holds what the reference holds. */
  isHeldBy(state: ServiceState): boolean {
    return state.lastApplied === this.results.length && isAsReference(state, this.reference);
  }

  /** The marks of the writes that took effect, in the order of the log. */
  get inOrder(): readonly string[] {
    return [...this.effective];
  }

  /** All keys that were ever written, by name. */
  get keys(): readonly string[] {
    return [...this.reference.keys.keys()].sort();
  }

  /** Requires that acknowledged writes took effect, and that failed or refused ones did not. */
  checkTold(request: Request, outcome: RequestOutcome | null): void {
    if (!isWrite(request) || outcome === null || outcome.kind === 'unknown') return;
    const mark = markOf(request);
    const isThere = this.effective.has(mark);
    if (isSuccess(outcome) && !isThere) throw new SafetyViolation('acknowledged writes are kept', mark);
    if (isSuccess(outcome) || !isThere) return;
    const rule =
      outcome.kind === 'failed' ? 'failed writes have no effect' : 'refused updates have no effect';
    throw new SafetyViolation(rule, mark);
  }

  private firstApplied(entry: Entry): void {
    const { result, isEffective } = this.reference.apply(entry);
    this.results.push(result);
    const mark = isEffective ? markOfCommand(entry.command) : undefined;
    if (mark === undefined) return;
    if (this.effective.has(mark))
      throw new SafetyViolation('a write takes effect once', `${mark} does again in entry ${entry.index}`);
    this.effective.add(mark);
  }
}

/** A snapshot must be what comes of the entries it covers. */
export function checkSnapshot(
  id: NodeId,
  state: ServiceState,
  sessionsMax: number,
  covered: readonly Entry[],
): void {
  const replayed = new ServiceState(sessionsMax);
  for (const entry of covered) replayed.apply(entry);
  if (contentsOf(state) === contentsOf(replayed)) return;
  throw new SafetyViolation(
    'a snapshot is what its entries make',
    `server ${id} becomes something else at ${covered.length}`,
  );
}

function markOfCommand(text: string): string | undefined {
  const command = decodeCommand(text);
  switch (command?.type) {
    case 'updateFile':
      return markOf({
        kind: 'update',
        file: command.name,
        version: command.version,
        content: contentOf(command.hashList),
      });
    case 'kvPut':
      return JSON.stringify(command.value);
    case 'kvAppend':
      return JSON.stringify(command.items[0]);
    case 'kvDelete':
      return markOf({ kind: command.type, key: command.key });
    case 'openSession':
    case 'raiseEpoch':
    case undefined:
      return undefined;
  }
}
