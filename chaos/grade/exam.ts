import { join } from 'node:path';
import type { RunRecord } from '../runRecord.js';
import { concurrentAssertions, concurrentPart, type Consistency } from './concurrent.js';
import { measureAllowance } from './machine.js';
import type { Rubric } from './rubric.js';
import { Scorecard, type Score } from './scorecard.js';
import { basics } from './steps/basics.js';
import { followerCrash, leaderCrash } from './steps/crashes.js';
import { idle, type IdleLimits } from './steps/idle.js';
import { Lab } from './steps/lab.js';
import { noMajority } from './steps/noMajority.js';
import { oldTerms } from './steps/oldTerms.js';
import { fourServers, oneServer } from './steps/sizes.js';
import { starts } from './steps/starts.js';
import { performStep, type Step } from './steps/step.js';
import { killedLeaders, succession } from './steps/succession.js';
import { unknownMethod } from './steps/unknownMethod.js';
import type { Submission } from './subject/template.js';
import { assertions } from './assertions/index.js';
import { type Assertion } from './assertions/assertion.js';
import type { Judgement } from './scorecard.js';

const START_MS = 15_000;
/** The concurrent part begins only if it can come to its end. */
const CONCURRENT_MS = 45_000;

export interface ExamOptions {
  readonly submission: Submission;
  readonly rubric: Rubric;
  readonly budgetMs: number;
  readonly seed: number;
  readonly limits: IdleLimits;
  readonly consistency: Consistency;
  /** Only these assertions are judged; undefined: all. */
  readonly only: readonly string[] | undefined;
  /** Where logs and the report of the concurrent part go. */
  readonly out: string;
  readonly command: string;
  /** Ends everything; what was judged until then is kept. */
  readonly interrupted: AbortSignal;
}

/** Hears how it goes. */
export interface ExamListener {
  onMachine(allowance: number): void;
  onStep(title: string): void;
  onJudged(assertion: Assertion, judgement: Judgement): void;
}

export interface ExamResult {
  readonly score: Score;
  readonly allowance: number;
  readonly durationMs: number;
  /** Why it ended before all was judged; undefined: it did not. */
  readonly endedEarly: string | undefined;
  /** The concurrent part, if it took place. */
  readonly concurrent: RunRecord | undefined;
}

/** Judges a submission. A result comes within the budget, whatever the servers do. */
export async function examine(options: ExamOptions, listener: ExamListener): Promise<ExamResult> {
  const exam = new Exam(options, listener);
  return exam.take();
}

class Exam {
  private readonly card: Scorecard;
  private readonly labs = new Set<Lab>();
  private readonly since = performance.now();
  private allowance = 1;
  private isOver = false;
  private concurrent: RunRecord | undefined;

  constructor(
    private readonly options: ExamOptions,
    private readonly listener: ExamListener,
  ) {
    this.card = new Scorecard(options.rubric, (assertion, judgement) =>
      listener.onJudged(assertion, judgement),
    );
  }

  async take(): Promise<ExamResult> {
    const { budgetMs, interrupted } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise<string>((resolve) => {
      timer = setTimeout(
        () => resolve(`The budget of ${Math.round(budgetMs / 1_000)} s was used up.`),
        budgetMs,
      );
      interrupted.addEventListener('abort', () => resolve('The run was interrupted.'));
    });
    const endedEarly = await Promise.race([this.steps(), timeUp]);
    clearTimeout(timer);
    this.isOver = true;
    this.card.close(endedEarly ?? 'This was not seen.');
    for (const lab of this.labs) lab.cluster.killNow();
    return {
      score: this.card.score(),
      allowance: this.allowance,
      durationMs: performance.now() - this.since,
      endedEarly,
      concurrent: this.concurrent,
    };
  }

  /** After the budget is used up, neither judgements nor errors count. */
  private async steps(): Promise<undefined> {
    try {
      this.allowance = await measureAllowance();
      this.listener.onMachine(this.allowance);
      this.leaveOut();
      await this.five();
      if (this.hasFailed('starts')) return;
      await Promise.all([this.others(4, fourServers), this.others(1, oneServer)]);
      if (this.isWanted(concurrentAssertions)) await this.many();
    } catch (error) {
      if (!this.isOver) throw error;
    }
    return undefined;
  }

  private async five(): Promise<void> {
    const { limits } = this.options;
    const lab = await this.lab(5, 'five');
    const served = [
      basics,
      followerCrash,
      leaderCrash,
      noMajority,
      succession,
      oldTerms,
      unknownMethod,
      killedLeaders,
    ];
    for (const step of [starts, idle(limits), ...served]) {
      if (step !== starts && this.hasFailed('starts')) break;
      await this.perform(step, lab);
    }
    await this.close(lab);
  }

  private leaveOut(): void {
    const { only } = this.options;
    if (only === undefined) return;
    for (const { id } of assertions) {
      if (only.includes(id)) continue;
      this.card.judge(id, { status: 'notMeasured', summary: 'Not asked for.', details: [], remarks: [] });
    }
  }

  private isWanted(ids: readonly string[]): boolean {
    return this.options.only === undefined || ids.some((id) => this.options.only?.includes(id) === true);
  }

  /** An assertion that was left out has not failed. */
  private hasFailed(id: string): boolean {
    return !['pass', 'notMeasured'].includes(this.card.statusOf(id) ?? '');
  }

  private async others(size: number, step: Step): Promise<void> {
    if (!this.isWanted(step.judges)) return;
    const lab = await this.lab(size, `of-${size}`);
    await this.perform(step, lab);
    await this.close(lab);
  }

  private async many(): Promise<void> {
    const { seed, consistency, out, command, interrupted } = this.options;
    const endAll = (why: string): void => {
      for (const id of concurrentAssertions)
        this.card.judge(id, { status: 'notReached', summary: why, details: [], remarks: [] });
    };
    if (this.hasFailed('first-update')) {
      endAll('Many clients make no sense before one client can write a file.');
      return;
    }
    if (this.options.budgetMs - (performance.now() - this.since) < CONCURRENT_MS) {
      endAll('Too little of the budget was left for the part with many clients.');
      return;
    }
    this.listener.onStep('Many clients under faults');
    const lab = await this.lab(3, 'many-clients');
    for (const { id } of lab.subjects) await lab.cluster.start(id);
    await lab.leader();
    this.concurrent = await concurrentPart(lab.cluster, this.card, {
      ...{ seed, consistency, command, interrupted, allowance: this.allowance },
      readsMap: !this.hasFailed('map-form'),
      out: join(out, 'many-clients'),
    });
    await this.close(lab);
  }

  private async perform(step: Step, lab: Lab): Promise<void> {
    if (this.isOver || !this.isWanted(step.judges)) return;
    this.listener.onStep(step.title);
    await performStep(step, lab, this.card);
  }

  private async lab(size: number, name: string): Promise<Lab> {
    const { submission, out } = this.options;
    const logDir = join(out, 'logs', name);
    const options = { submission, size, logDir, startMs: START_MS * this.allowance };
    const lab = await Lab.prepare(options, this.allowance);
    this.labs.add(lab);
    return lab;
  }

  private async close(lab: Lab): Promise<void> {
    await lab.close();
    this.labs.delete(lab);
  }
}
