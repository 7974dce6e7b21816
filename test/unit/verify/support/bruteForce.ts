import {
  canonicalJson,
  type FileState,
  type RecordedValue,
  type Operation,
} from '../../../../src/verify/index.js';

/**
 * Tries every choice of operations with an unknown outcome that took effect, in every order, and executes it.
 * Shares nothing with the checkers. For seven operations or fewer.
 */
export function isLinearizable(history: readonly Operation[]): boolean {
  const answered = history.filter(({ outcome }) => outcome.status === 'ok');
  const open = history.filter(({ outcome }) => outcome.status === 'unknown');
  for (let chosen = 0; chosen < 1 << open.length; chosen += 1) {
    const effective = [...answered, ...open.filter((_, index) => (chosen & (1 << index)) !== 0)];
    for (const order of permutations(effective)) {
      if (keepsRealTime(order) && executes(order)) return true;
    }
  }
  return false;
}

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  const [first, ...rest] = items;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const shorter of permutations(rest)) {
    for (let at = 0; at <= shorter.length; at += 1)
      yield [...shorter.slice(0, at), first, ...shorter.slice(at)];
  }
}

function keepsRealTime(order: readonly Operation[]): boolean {
  return order.every((later, at) =>
    order.slice(0, at).every((earlier) => !(endOf(later) < earlier.invokedAt)),
  );
}

function endOf({ outcome, returnedAt }: Operation): number {
  return outcome.status === 'ok' && returnedAt !== null ? returnedAt : Infinity;
}

function executes(order: readonly Operation[]): boolean {
  const files: Record<string, { version: number; content: string }> = {};
  const values: Record<string, RecordedValue> = {};
  return order.every((operation) => answersRightly(operation, files, values));
}

function answersRightly(
  operation: Operation,
  files: Record<string, { version: number; content: string }>,
  values: Record<string, RecordedValue>,
): boolean {
  switch (operation.kind) {
    case 'update': {
      const { file, version, content, outcome } = operation;
      const isNext = (files[file]?.version ?? 0) + 1 === version;
      if (isNext) files[file] = { version, content };
      return outcome.status !== 'ok' || outcome.applied === isNext;
    }
    case 'readFile': {
      const { file, outcome } = operation;
      if (outcome.status !== 'ok') return true;
      const state = files[file] ?? { version: 0, content: null };
      return outcome.version === state.version && outcome.content === state.content;
    }
    case 'readVersion':
      return (
        operation.outcome.status !== 'ok' ||
        operation.outcome.version === (files[operation.file]?.version ?? 0)
      );
    case 'readMap':
      return operation.outcome.status !== 'ok' || textOf(operation.outcome.files) === textOf(files);
    case 'kvPut':
      values[operation.key] = operation.value;
      return true;
    case 'kvAppend': {
      const list = values[operation.key] ?? [];
      if (!Array.isArray(list)) return operation.outcome.status !== 'ok';
      values[operation.key] = [...(list as RecordedValue[]), operation.value];
      return true;
    }
    case 'kvDelete': {
      const existed = Object.hasOwn(values, operation.key);
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a record of few keys
      delete values[operation.key];
      return operation.outcome.status !== 'ok' || operation.outcome.existed === existed;
    }
    case 'kvGet': {
      if (operation.outcome.status !== 'ok') return true;
      const text = (value: RecordedValue | undefined): string =>
        value === undefined ? '' : canonicalJson(value);
      return text(operation.outcome.value) === text(values[operation.key]);
    }
  }
}

function textOf(files: Readonly<Record<string, FileState>>): string {
  return canonicalJson(
    Object.entries(files)
      .map(([name, state]) => [name, state.version, state.content])
      .sort(([a], [b]) => String(a).localeCompare(String(b))),
  );
}
