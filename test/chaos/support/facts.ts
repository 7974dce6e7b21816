import type { RunFacts } from '../../../chaos/checks/facts.js';
import type { RunOperation, StatusSample } from '../../../chaos/runRecord.js';
import type { RecordedValue } from '../../../src/verify/index.js';

/** A run of three servers, 60 s long, in which nothing happened. */
export function facts(changes: Partial<RunFacts> = {}): RunFacts {
  return {
    serverCount: 3,
    faults: [],
    samples: [],
    gaps: [],
    operations: [],
    attempts: [],
    standstills: [],
    expectations: [],
    finalMap: {},
    replicas: undefined,
    idle: undefined,
    unhealed: [],
    blindMs: 100,
    endedAt: 60_000,
    ...changes,
  };
}

/** Server `server` is seen to lead `term` at `at`. */
export function leads(server: number, term: number, at: number): StatusSample {
  return { server, at, role: 'leader', crashed: false, term, leader: server, commitIndex: 0 };
}

/** Server `server` is seen to follow at `at`. */
export function follows(server: number, term: number, at: number): StatusSample {
  return { server, at, role: 'follower', crashed: false, term, leader: null, commitIndex: 0 };
}

/** An update of "a", from `at` to one later, that was answered. */
export function updated(id: number, version: number, content: string, applied = true): RunOperation {
  return {
    ...{ id, client: `c${id}`, server: 0, attempts: 1, invokedAt: 10 * id, returnedAt: 10 * id + 1 },
    ...{ kind: 'update', file: 'a', version, content, outcome: { status: 'ok', applied } },
  };
}

/** What a client of keys did, from `10 * id` to one later; answered unless said otherwise. */
export function keyed(
  id: number,
  call: { kind: 'kvPut' | 'kvAppend' | 'kvGet'; key: string; value?: RecordedValue },
  changes: Partial<RunOperation> = {},
): RunOperation {
  return {
    ...{ id, client: `k${id}`, server: 0, attempts: 1, invokedAt: 10 * id, returnedAt: 10 * id + 1 },
    ...{ ...call, outcome: { status: 'ok' } },
    ...changes,
  } as RunOperation;
}

/** A read of the map that saw this version of "a". */
export function saw(id: number, version: number, content: string): RunOperation {
  return {
    ...{ id, client: `c${id}`, server: 0, attempts: 1, invokedAt: 10 * id, returnedAt: 10 * id + 1 },
    ...{ kind: 'readMap', outcome: { status: 'ok', files: { a: { version, content } } } },
  };
}
