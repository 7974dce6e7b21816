import type { Operation } from './history.js';

/** What a checker found. */
export type Verdict<O = Operation> =
  /** The history is linearizable. */
  | { readonly ok: true }
  /** It is not: one sentence that says why, and the few operations that show it. */
  | { readonly ok: false; readonly reason: string; readonly operations: readonly O[] }
  /** The budget ran out before the answer was found. */
  | { readonly ok: 'unknown'; readonly reason: string };

/** The verdict against a history. */
export type Violation<O = Operation> = Extract<Verdict<O>, { ok: false }>;

/** A violation shown by `operations`, each listed once and in order of invocation. */
export function violation<O extends { readonly invokedAt: number }>(
  reason: string,
  operations: readonly O[],
): Violation<O> {
  return {
    ok: false,
    reason,
    operations: [...new Set(operations)].sort((a, b) => a.invokedAt - b.invokedAt),
  };
}
