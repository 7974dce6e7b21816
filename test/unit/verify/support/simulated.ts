import fc from 'fast-check';
import { Prng } from '../../../../src/sim/prng.js';
import type { FileOperation, FileState, KeyOperation, RecordedValue } from '../../../../src/verify/index.js';

/** How a call is to go: it takes effect at its own instant, in the order of the list. */
export interface FileStep {
  readonly kind: 'update' | 'readFile' | 'readVersion' | 'readMap';
  readonly file: number;
  /** Added to the version that would be applied; 0 mostly. */
  readonly offset: number;
  readonly content: number;
  /** Time from call to effect, and from effect to return. */
  readonly before: number;
  readonly after: number;
  /** `late`: unknown, and takes effect after the caller gave up. `lost`: unknown, and never takes effect. */
  readonly fate: 'answered' | 'late' | 'lost' | 'failed';
  /** Whether an unknown one was given up at some time, or left without an end. */
  readonly isGivenUp: boolean;
}

export const stepTime = 10;

export function fileStep(overlap = 60): fc.Arbitrary<FileStep> {
  return fc.record({
    kind: fc.constantFrom(
      'update',
      'update',
      'update',
      'readFile',
      'readFile',
      'readVersion',
      'readMap',
      'readMap',
    ),
    file: fc.nat(2),
    offset: fc.constantFrom(0, 0, 0, 0, 0, -1, 1, -2, 5),
    content: fc.nat(2),
    before: fc.nat(overlap),
    after: fc.nat(overlap),
    fate: fc.constantFrom('answered', 'answered', 'answered', 'answered', 'late', 'lost', 'failed'),
    isGivenUp: fc.boolean(),
  });
}

/**
 * The history of a linearizable file map whose calls went so. Contents are one of three unless
 * `areContentsUnique`, when each update has its own.
 */
export function simulateFiles(steps: readonly FileStep[], areContentsUnique = false): FileOperation[] {
  const files: Record<string, FileState> = {};
  return steps.map((step, index) => {
    const { kind, fate, before, after, isGivenUp } = step;
    const at = (index + 1) * stepTime;
    const invokedAt = at - before;
    const isOpen = fate === 'late' || fate === 'lost';
    const returnedAt = !isOpen ? at + after : isGivenUp ? invokedAt + after : null;
    const timed = { id: index + 1, client: `c${index % 3}`, invokedAt, returnedAt };
    const file = 'abc'.charAt(step.file);
    const stored = files[file];
    const miss =
      fate === 'answered' ? undefined : fate === 'failed' ? ('failed' as const) : ('unknown' as const);
    switch (kind) {
      case 'update': {
        const version = (stored?.version ?? 0) + 1 + step.offset;
        const content = areContentsUnique ? `#${index}` : `${step.content}`;
        const applied = step.offset === 0;
        if (applied && (fate === 'answered' || fate === 'late')) files[file] = { version, content };
        const outcome = miss === undefined ? ({ status: 'ok', applied } as const) : { status: miss };
        return { ...timed, kind, file, version, content, outcome };
      }
      case 'readFile': {
        const seen = { version: stored?.version ?? 0, content: stored?.content ?? null };
        return {
          ...timed,
          kind,
          file,
          outcome: miss === undefined ? { status: 'ok', ...seen } : { status: miss },
        };
      }
      case 'readVersion': {
        const version = stored?.version ?? 0;
        return {
          ...timed,
          kind,
          file,
          outcome: miss === undefined ? { status: 'ok', version } : { status: miss },
        };
      }
      case 'readMap':
        return {
          ...timed,
          kind,
          outcome: miss === undefined ? { status: 'ok', files: { ...files } } : { status: miss },
        };
    }
  });
}

/** A change that keeps a history well formed and may or may not make it wrong. */
export interface Mutation {
  readonly index: number;
  readonly what:
    'invoked' | 'returned' | 'version' | 'content' | 'applied' | 'failed' | 'unknown' | 'answered';
  readonly by: number;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  index: fc.nat(20),
  what: fc.constantFrom(
    'invoked',
    'returned',
    'version',
    'content',
    'applied',
    'failed',
    'unknown',
    'answered',
  ),
  by: fc.integer({ min: -40, max: 40 }),
});

export function mutate(history: readonly FileOperation[], mutations: readonly Mutation[]): FileOperation[] {
  const changed = [...history];
  for (const { index, what, by } of mutations) {
    const at = index % Math.max(1, changed.length);
    const operation = changed[at];
    if (operation !== undefined) changed[at] = mutated(operation, what, by);
  }
  return changed;
}

function mutated(operation: FileOperation, what: Mutation['what'], by: number): FileOperation {
  const { invokedAt, returnedAt } = operation;
  const step = by % 2 === 0 ? 1 : -1;
  switch (what) {
    case 'invoked':
      return {
        ...operation,
        invokedAt: invokedAt + by,
        returnedAt: returnedAt === null ? null : Math.max(invokedAt + by, returnedAt),
      };
    case 'returned': {
      if (returnedAt === null) return operation;
      return { ...operation, invokedAt: Math.min(invokedAt, returnedAt + by), returnedAt: returnedAt + by };
    }
    case 'version':
      return withVersion(operation, step);
    case 'content':
      return withContent(operation, `${Math.abs(by) % 3}`);
    case 'applied':
      if (operation.kind !== 'update' || operation.outcome.status !== 'ok') return operation;
      return { ...operation, outcome: { status: 'ok', applied: !operation.outcome.applied } };
    case 'failed':
      return { ...operation, returnedAt: returnedAt ?? invokedAt, outcome: { status: 'failed' } };
    case 'unknown':
      return { ...operation, outcome: { status: 'unknown' } };
    case 'answered':
      if (operation.kind !== 'update') return operation;
      return {
        ...operation,
        returnedAt: returnedAt ?? invokedAt + Math.abs(by),
        outcome: { status: 'ok', applied: step > 0 },
      };
  }
}

function withVersion(operation: FileOperation, step: number): FileOperation {
  if (operation.kind === 'update') return { ...operation, version: operation.version + step };
  if (operation.outcome.status !== 'ok') return operation;
  switch (operation.kind) {
    case 'readFile': {
      const version = Math.max(0, operation.outcome.version + step);
      const content = version === 0 ? null : (operation.outcome.content ?? '0');
      return { ...operation, outcome: { status: 'ok', version, content } };
    }
    case 'readVersion':
      return {
        ...operation,
        outcome: { status: 'ok', version: Math.max(0, operation.outcome.version + step) },
      };
    case 'readMap': {
      const [first, ...rest] = Object.entries(operation.outcome.files);
      if (first === undefined) return operation;
      const [file, { version, content }] = first;
      const moved: [string, FileState][] =
        version + step > 0 ? [[file, { version: version + step, content }]] : [];
      return { ...operation, outcome: { status: 'ok', files: Object.fromEntries([...moved, ...rest]) } };
    }
  }
}

function withContent(operation: FileOperation, content: string): FileOperation {
  if (operation.kind === 'update') return { ...operation, content };
  if (operation.kind !== 'readFile' || operation.outcome.status !== 'ok') return operation;
  const { version } = operation.outcome;
  return version === 0 ? operation : { ...operation, outcome: { status: 'ok', version, content } };
}

/**
 * A small history drawn evenly: two files, many refusals and unknown outcomes, and some calls moved in time, so
 * that about half are wrong and most of those only by their times.
 */
export function drawnHistory(seed: number): FileOperation[] {
  const random = new Prng(seed);
  const count = random.between(5, 10);
  const overlap = random.pick([3, 12, 25, 45]);
  const moved = random.pick([0.1, 0.4, 0.8]);
  const steps = Array.from({ length: count }, (): FileStep => ({
    kind: random.pick(['update', 'update', 'update', 'readFile', 'readVersion', 'readMap']),
    file: random.between(0, 1),
    offset: random.pick([0, 0, 0, 0, -1, 1]),
    content: 0,
    before: random.between(0, overlap),
    after: random.between(0, overlap),
    fate: random.pick(['answered', 'answered', 'answered', 'answered', 'answered', 'late', 'lost']),
    isGivenUp: true,
  }));
  return simulateFiles(steps).map((operation) => {
    const by = random.chance(moved) ? random.between(-70, 70) : 0;
    const { invokedAt, returnedAt } = operation;
    return {
      ...operation,
      invokedAt: invokedAt + by,
      returnedAt: returnedAt === null ? null : returnedAt + by,
    };
  });
}

/** How a call on a key is to go. */
export interface KeyStep {
  readonly kind: 'kvPut' | 'kvAppend' | 'kvDelete' | 'kvGet';
  readonly key: number;
  readonly value: number;
  readonly before: number;
  readonly after: number;
  readonly fate: FileStep['fate'];
  /** A get answers this instead of the truth, when it is not negative. */
  readonly lie: number;
}

export function keyStep(keys: number, lies: readonly number[], overlap = 40): fc.Arbitrary<KeyStep> {
  return fc.record({
    kind: fc.constantFrom('kvPut', 'kvAppend', 'kvDelete', 'kvGet', 'kvGet'),
    key: fc.nat(keys - 1),
    value: fc.nat(3),
    before: fc.nat(overlap),
    after: fc.nat(overlap),
    fate: fc.constantFrom('answered', 'answered', 'answered', 'late', 'lost', 'failed'),
    lie: fc.constantFrom(-1, ...lies),
  });
}

/** The history of a linearizable key/value store whose calls went so, but for the gets that lie. */
export function simulateKeys(steps: readonly KeyStep[]): KeyOperation[] {
  const values: Record<string, RecordedValue | undefined> = {};
  return steps.map(({ kind, key: number, value: item, before, after, fate, lie }, index) => {
    const at = (index + 1) * stepTime;
    const isOpen = fate === 'late' || fate === 'lost';
    const key = `k${number}`;
    const timed = {
      id: index + 1,
      client: 'c',
      invokedAt: at - before,
      returnedAt: isOpen ? null : at + after,
      key,
    };
    const miss =
      fate === 'answered' ? undefined : fate === 'failed' ? ('failed' as const) : ('unknown' as const);
    const list = values[key] ?? [];
    const isEffective = fate === 'answered' || fate === 'late';
    switch (kind) {
      case 'kvPut': {
        const value = [`p${item}`];
        if (isEffective) values[key] = value;
        return { ...timed, kind, value, outcome: { status: miss ?? 'ok' } };
      }
      case 'kvAppend': {
        const value = `a${item}`;
        if (isEffective) values[key] = [...(list as RecordedValue[]), value];
        return { ...timed, kind, value, outcome: { status: miss ?? 'ok' } };
      }
      case 'kvDelete': {
        const existed = values[key] !== undefined;
        if (isEffective) values[key] = undefined;
        const lied = lie < 0 ? existed : !existed;
        return {
          ...timed,
          kind,
          outcome: miss === undefined ? { status: 'ok', existed: lied } : { status: miss },
        };
      }
      case 'kvGet': {
        const truth = values[key];
        const value = lie < 0 ? truth : lie === 0 ? undefined : [`p${lie - 1}`];
        const answer = value === undefined ? ({ status: 'ok' } as const) : ({ status: 'ok', value } as const);
        return { ...timed, kind, outcome: miss === undefined ? answer : { status: miss } };
      }
    }
  });
}

/** A small history of keys drawn evenly, with few values and here and there a get that lies. */
export function drawnKeyHistory(seed: number, keys: number, most = 6): KeyOperation[] {
  const random = new Prng(seed);
  const overlap = random.pick([3, 15, 40]);
  const honesty = random.pick([0, 1, 4]);
  const steps = Array.from({ length: random.between(3, most) }, (): KeyStep => ({
    kind: random.pick(['kvPut', 'kvPut', 'kvAppend', 'kvDelete', 'kvGet', 'kvGet', 'kvGet']),
    key: random.between(0, keys - 1),
    value: random.between(0, 1),
    before: random.between(0, overlap),
    after: random.between(0, overlap),
    fate: random.pick(['answered', 'answered', 'answered', 'late', 'lost']),
    lie: random.between(0, honesty) === 0 ? random.between(0, 2) : -1,
  }));
  return simulateKeys(steps);
}
