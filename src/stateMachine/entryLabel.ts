import type { Entry } from '../raft/types.js';
import { decodeCommand, type Command } from './command.js';

/** An entry in a few words, for people: `x=7`, `notes.txt v2`, `no-op`. A text that is no command stands for itself. */
export function entryLabel({ kind, command }: Pick<Entry, 'kind' | 'command'>): string {
  if (kind === 'noop') return 'no-op';
  if (kind === 'cluster') return 'found';
  if (kind === 'admit') return 'admit';
  const decoded = decodeCommand(command);
  return decoded === undefined ? command : commandLabel(decoded);
}

function commandLabel(command: Command): string {
  switch (command.type) {
    case 'updateFile':
      return `${command.name} v${command.version}`;
    case 'kvPut':
      return `${command.key}=${JSON.stringify(command.value)}`;
    case 'kvAppend':
      return `${command.key}+=${JSON.stringify(command.items)}`;
    case 'kvDelete':
      return `-${command.key}`;
    case 'openSession':
      return 'session';
    case 'raiseEpoch':
      return `epoch ${command.epoch}`;
  }
}
