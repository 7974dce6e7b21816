import type { FrozenView } from './copyOnWriteMap.js';

/** A part of a snapshot that is being loaded; nothing changes before `install`. */
export interface PartLoader<Record> {
  /** @throws SnapshotError when the record makes no sense */
  add(record: Record): void;
  install(): void;
}

/** One of the things that a state machine holds, with its own records in snapshots. */
export interface StatePart<Record> {
  /** Everything it holds at this moment as values for JSON; what is changed while they are read does not show. */
  records(): Iterator<unknown>;
  load(): PartLoader<Record>;
}

/**
 * The records of a map, made when they are asked for. No generator: one that was never begun would not release its view
 * when it is ended early.
 */
export function recordsFrom<Value>(
  view: FrozenView<Value>,
  toRecords: (key: string, value: Value) => readonly unknown[],
): Iterator<unknown> {
  let ready: Iterator<unknown> = [].values();
  return {
    next: () => {
      for (;;) {
        const record = ready.next();
        if (record.done !== true) return record;
        const step = view.next();
        if (step.done === true) return step;
        ready = toRecords(...step.value).values();
      }
    },
    return: () => {
      view.release();
      ready = [].values();
      return { done: true, value: undefined };
    },
  };
}

/** One after another; ending it early ends them all. */
export function chained(parts: readonly Iterator<unknown>[]): Iterator<unknown> {
  let current = 0;
  return {
    next: () => {
      for (let part = parts[current]; part !== undefined; part = parts[current]) {
        const step = part.next();
        if (step.done !== true) return step;
        current += 1;
      }
      return { done: true, value: undefined };
    },
    return: () => {
      current = parts.length;
      for (const part of parts) part.return?.();
      return { done: true, value: undefined };
    },
  };
}
