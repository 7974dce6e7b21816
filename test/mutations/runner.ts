import type { Mutation } from './mutation.js';
import { inOrderFor, type Suite, type Verdict } from './suites.js';
import { Workspace } from './workspace.js';

/** The result of one mutation. `suite` is the one that killed it, or the last one that it survived. */
export interface Result {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
  readonly suite: string;
  readonly seconds: number;
}

/** The options of a run. */
export interface RunOptions {
  readonly mutations: readonly Mutation[];
  /** In the order of their cost; the first that fails ends a mutation. */
  readonly suites: readonly Suite[];
  /** Mutations that are tried at the same time. */
  readonly jobs: number;
  /** Whether the unmutated sources are shown to be green first. */
  readonly checksOriginal: boolean;
  /** Told of each result as it comes. */
  readonly onResult?: (result: Result) => void;
}

/**
 * Tries mutations on copies of the working tree.
 *
 * @returns the results in the order of the mutations
 * @throws Error when the unmutated sources fail; OutdatedMutation when an edit does not apply
 */
export async function runMutations(options: RunOptions): Promise<Result[]> {
  const { mutations, suites, onResult } = options;
  const original = Workspace.ofTree();
  try {
    if (options.checksOriginal) await requireGreen(original, suites);
    const results = new Array<Result>(mutations.length);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < mutations.length; at = next++) {
        const mutation = mutations[at];
        if (mutation === undefined) return;
        const result = await tryMutation(original, mutation, suites);
        results[at] = result;
        onResult?.(result);
      }
    };
    await Promise.all(Array.from({ length: options.jobs }, work));
    return results;
  } finally {
    original.remove();
  }
}

/** A mutation that keeps a suite from loading has shown nothing about the tests. */
export function isKilled({ verdict }: Result): boolean {
  return verdict.kind === 'failed' || verdict.kind === 'timedOut';
}

async function tryMutation(
  original: Workspace,
  mutation: Mutation,
  suites: readonly Suite[],
): Promise<Result> {
  const copy = original.mutated(mutation);
  const startedAt = performance.now();
  try {
    const files = mutation.edits.map(({ file }) => file);
    const { suite, verdict } = await firstFailure(copy, inOrderFor(files, suites));
    return { mutation, suite, verdict, seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    copy.remove();
  }
}

async function requireGreen(original: Workspace, suites: readonly Suite[]): Promise<void> {
  const { suite, verdict } = await firstFailure(original, suites);
  if (verdict.kind !== 'passed') {
    throw new Error(`the unmutated sources fail already, so nothing can be shown: ${suite}: ${verdict.by}`);
  }
}

async function firstFailure(
  { directory }: Workspace,
  suites: readonly Suite[],
): Promise<{ suite: string; verdict: Verdict }> {
  for (const { name, run } of suites) {
    const verdict = await run(directory);
    if (verdict.kind !== 'passed') return { suite: name, verdict };
  }
  return { suite: suites.at(-1)?.name ?? '', verdict: { kind: 'passed' } };
}
