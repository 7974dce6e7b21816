import {
  encodeCommand,
  sessionIn,
  type KeyValueChange,
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

/** Opens a session; its id. */
export function opened(state: ServiceState): string {
  const [result = 'none'] = apply(state, openSession);
  return sessionIn(result) ?? result;
}

export const openSession: Command = { type: 'openSession' };

export function put(key: string, value: JsonValue): KeyValueChange {
  return { type: 'kvPut', key, value };
}

export function append(key: string, ...items: readonly JsonValue[]): KeyValueChange {
  return { type: 'kvAppend', key, items };
}

export function remove(key: string): KeyValueChange {
  return { type: 'kvDelete', key };
}

/** As `change`, as a request of a session. */
export function numbered(clientId: string, sequence: number, change: KeyValueChange): Command {
  return { ...change, request: { clientId, sequence } };
}
