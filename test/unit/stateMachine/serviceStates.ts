import {
  encodeCommand,
  type Command,
  type CommandResult,
  type JsonValue,
} from '../../../src/stateMachine/command.js';
import type { ServiceState } from '../../../src/stateMachine/serviceState.js';
import type { SnapshotReader, StateMachine } from '../../../src/stateMachine/stateMachine.js';

/** Applies the texts one after another, each as the next entry; the results. */
export function applyTexts(state: ServiceState, ...texts: readonly string[]): CommandResult[] {
  return texts.map((command) =>
    state.apply({ term: 1, index: state.lastApplied + 1, kind: 'command', command }),
  );
}

/** Applies the commands one after another; the results. */
export function apply(state: ServiceState, ...commands: readonly Command[]): CommandResult[] {
  return applyTexts(state, ...commands.map(encodeCommand));
}

/** All chunks that are left. */
export function allOf(reader: SnapshotReader): string[] {
  const chunks: string[] = [];
  for (let step = reader.next(); step.done !== true; step = reader.next()) chunks.push(step.value);
  return chunks;
}

/** The state machine becomes the snapshot. */
export function install(
  state: Pick<StateMachine<unknown>, 'load'>,
  chunks: readonly string[],
  lastApplied: number,
): void {
  const loader = state.load();
  for (const chunk of chunks) loader.add(chunk);
  loader.install(lastApplied);
}

export function put(key: string, value: JsonValue): Command {
  return { type: 'kvPut', key, value };
}

export function append(key: string, ...items: readonly JsonValue[]): Command {
  return { type: 'kvAppend', key, items };
}

export function remove(key: string): Command {
  return { type: 'kvDelete', key };
}

/** As `command`, in the name of a client. */
export function numbered(clientId: string, sequence: number, command: Command): Command {
  return { ...command, request: { clientId, sequence } };
}
