import type { Entry } from '../raft/types.js';
import {
  decodeCommand,
  type KeyValueChange,
  type ChangeResult,
  type CommandResult,
  type JsonValue,
  type RequestId,
} from '../stateMachine/command.js';

/** The effect of one entry. */
interface Effect {
  readonly result: CommandResult;
  /** Whether it changed a file or a key. */
  readonly isEffective: boolean;
}

interface Session {
  /** Index of the entry that opened it. */
  readonly id: number;
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

  constructor(private readonly sessionsMax: number) {}

  apply({ index, kind, command: text }: Entry): Effect {
    const command = kind === 'command' ? decodeCommand(text) : undefined;
    if (command === undefined) return NOTHING_DONE;
    if (command.type === 'openSession') {
      this.keep({ id: index, sequence: 0, text: '', result: 'none' });
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

  /** Knows no requests with a name of their own: nobody in the simulator sends any. */
  private once(command: KeyValueChange, { clientId, sequence }: RequestId, text: string): Effect {
    const known = this.sessions.find(({ id }) => String(id) === clientId);
    if (known === undefined) return { result: 'sessionExpired', isEffective: false };
    if (known.sequence > sequence) return { result: 'stale', isEffective: false };
    const isRetry = known.sequence === sequence;
    if (isRetry && known.text !== text) return { result: 'reused', isEffective: false };
    if (isRetry) {
      this.keep(known);
      return { result: known.result, isEffective: false };
    }
    const effect = this.run(command);
    this.keep({ id: known.id, sequence, text, result: effect.result });
    return effect;
  }

  /** As the one used last. */
  private keep(session: Session): void {
    const all = [...this.sessions.filter(({ id }) => id !== session.id), session];
    this.sessions = all.slice(Math.max(0, all.length - this.sessionsMax));
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
