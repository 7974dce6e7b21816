import type { Entry, NodeId } from '../raft/types.js';
import { decodeCommand, type CommandResult } from '../stateMachine/command.js';
import { ServiceState } from '../stateMachine/serviceState.js';
import { contentsOf, isAsReference } from './contents.js';
import { Reference } from './reference.js';
import { isSuccess, isWrite, markOf, type RequestOutcome, type Request } from './requests.js';
import { SafetyViolation } from './safetyViolation.js';

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
      return typeof command.hashList === 'string' ? command.hashList : JSON.stringify(command.hashList);
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
