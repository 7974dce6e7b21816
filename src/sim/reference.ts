import type { Entry } from '../raft/types.js';
import { decodeCommand, type Command, type CommandResult, type JsonValue } from '../stateMachine/command.js';

/** What one entry came to. */
export interface Effect {
  readonly result: CommandResult;
  /** Whether it changed a file or a key. */
  readonly isEffective: boolean;
}

interface Session {
  readonly clientId: string;
  readonly sequence: number;
  readonly result: CommandResult;
  /** The whole command, where the product keeps a fingerprint. */
  readonly text: string;
}

const NOTHING_DONE: Effect = { result: 'none', isEffective: false };

/**
 * What the log means, written down a second time in the simplest way: no snapshots, no shared lists, sessions in one
 * array with the longest silent first. The product is compared with it after every entry.
 */
export class Reference {
  readonly files = new Map<string, { readonly version: number; readonly hashList: unknown }>();
  readonly keys = new Map<string, JsonValue>();
  sessions: readonly Session[] = [];

  constructor(private readonly sessionsMax: number) {}

  apply({ kind, command: text }: Entry): Effect {
    const command = kind === 'command' ? decodeCommand(text) : undefined;
    if (command === undefined) return NOTHING_DONE;
    return command.request === undefined ? this.run(command) : this.once(command, command.request, text);
  }

  private once(command: Command, { clientId, sequence }: Required<Command>['request'], text: string): Effect {
    const known = this.sessions.find((session) => session.clientId === clientId);
    if (known === undefined && sequence > 1) return { result: 'sessionExpired', isEffective: false };
    if (known !== undefined && known.sequence > sequence) return { result: 'stale', isEffective: false };
    const isRetry = known?.sequence === sequence;
    if (isRetry && known.text !== text) return { result: 'reused', isEffective: false };
    const effect = isRetry ? { result: known.result, isEffective: false } : this.run(command);
    const others = this.sessions.filter((session) => session !== known);
    const all = [...others, { clientId, sequence, result: effect.result, text }];
    this.sessions = all.slice(Math.max(0, all.length - this.sessionsMax));
    return effect;
  }

  private run(command: Command): Effect {
    const result = this.change(command);
    return { result, isEffective: result === 'applied' };
  }

  private change(command: Command): CommandResult {
    switch (command.type) {
      case 'updateFile': {
        const { name, version, hashList } = command;
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
