import type { RunRecord } from '../runRecord.js';
import type { AssignmentName } from './assertions/assertion.js';
import { ExamRun, type ExamListener, type ExamOptions } from './examRun.js';
import { measureAllowance } from './machine.js';
import { keysProgram } from './programs/keys.js';
import { messagesProgram } from './programs/messages.js';
import { surfstoreProgram } from './programs/surfstore.js';
import type { Score } from './scorecard.js';

export interface ExamResult {
  readonly score: Score;
  readonly allowance: number;
  readonly durationMs: number;
  /** Of these, of the part with one client; undefined: there is no such part, or it did not end. */
  readonly oneClientMs: number | undefined;
  /** Why it ended before all was judged; undefined: it did not. */
  readonly endedEarly: string | undefined;
  /** The concurrent part, if it took place. */
  readonly concurrent: RunRecord | undefined;
}

const programs: Readonly<Record<AssignmentName, (run: ExamRun) => Promise<void>>> = {
  surfstore: surfstoreProgram,
  keys: keysProgram,
  messages: messagesProgram,
};

/** Judges a submission. A result comes within the budget, whatever the servers do. */
export async function examine(options: ExamOptions, listener: ExamListener): Promise<ExamResult> {
  const since = performance.now();
  const { budgetMs, interrupted, rubric } = options;
  const allowance = await measureAllowance();
  listener.onMachine(allowance);
  const run = new ExamRun(options, allowance, listener);
  const program = programs[rubric.assignment.name];
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<string>((resolve) => {
    const tooLate = `The budget of ${Math.round(budgetMs / 1_000)} s was used up.`;
    timer = setTimeout(() => resolve(tooLate), Math.max(0, budgetMs - (performance.now() - since)));
    const onAbort = (): void => resolve('The run was interrupted.');
    if (interrupted.aborted) onAbort();
    else interrupted.addEventListener('abort', onAbort, { once: true });
  });
  const endedEarly = await Promise.race([whole(program, run), timeUp]);
  clearTimeout(timer);
  run.end(endedEarly ?? 'This was not seen.');
  return {
    score: run.card.score(),
    allowance,
    durationMs: performance.now() - since,
    oneClientMs: run.oneClientMs,
    endedEarly,
    concurrent: run.concurrent,
  };
}

async function whole(program: (run: ExamRun) => Promise<void>, run: ExamRun): Promise<undefined> {
  try {
    await program(run);
  } catch (error) {
    if (!run.hasEnded) throw error;
  }
  return undefined;
}
