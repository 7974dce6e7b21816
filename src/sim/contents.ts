import type { ServiceState } from '../stateMachine/serviceState.js';
import type { Reference } from './reference.js';

/** Everything in a state machine as one text. Its records come in no particular order, so they are sorted. */
export function contentsOf(state: ServiceState): string {
  const text = state.snapshot(Number.POSITIVE_INFINITY).next().value ?? '[]';
  return sorted(JSON.parse(text) as unknown[]);
}

/** Whether files, keys and epoch are those of the reference, and as many sessions are known. */
export function isAsReference({ files, keys, sessions, epoch }: ServiceState, reference: Reference): boolean {
  const wantedFiles = [...reference.files].map(([name, record]) => [name, record]);
  return (
    sessions.size === reference.sessions.length &&
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
