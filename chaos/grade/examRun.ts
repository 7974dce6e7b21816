import type { RunRecord } from '../runRecord.js';
import type { Assertion, Consistency } from './assertions/assertion.js';
import type { Rubric } from './rubric.js';
import { Scorecard, type Judgement } from './scorecard.js';
import type { IdleLimits } from './steps/idle.js';
import { performStep, type Step, type Witness } from './steps/step.js';
import type { SubjectClusterOptions } from './subject/subjectCluster.js';
import type { Submission } from './subject/template.js';
import type { Wire } from './keyValue/messagesServer.js';

const START_MS = 15_000;

export interface ExamOptions {
  readonly submission: Submission;
  readonly rubric: Rubric;
  readonly budgetMs: number;
  readonly seed: number;
  readonly limits: IdleLimits;
  readonly consistency: Consistency;
  /** How servers of JSON messages are spoken to; undefined: it is found out. */
  readonly wire: Wire | undefined;
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
  onRun(number: number, of: number): void;
  onStep(title: string): void;
  onJudged(assertion: Assertion, judgement: Judgement): void;
}

/** A cluster of the submission, with what a step needs to know of it. */
interface Room extends Witness {
  close(): Promise<void>;
}

/** An examination under way: its scorecard, its clusters, and the time that is left. */
export class ExamRun {
  readonly card: Scorecard;
  concurrent: RunRecord | undefined;
  /** How long the part with one client took; undefined: it has not ended, or there is no such part. */
  oneClientMs: number | undefined;
  private readonly rooms = new Set<Room>();
  private readonly since = performance.now();
  private isOver = false;

  constructor(
    readonly options: ExamOptions,
    /** By how much longer everything may take here. */
    readonly allowance: number,
    readonly listener: ExamListener,
  ) {
    this.card = new Scorecard(options.rubric, (assertion, judgement) =>
      listener.onJudged(assertion, judgement),
    );
    this.leaveOut();
  }

  get timeLeftMs(): number {
    return this.options.budgetMs - this.elapsedMs;
  }

  get elapsedMs(): number {
    return performance.now() - this.since;
  }

  get hasEnded(): boolean {
    return this.isOver;
  }

  isWanted(ids: readonly string[]): boolean {
    return this.options.only === undefined || ids.some((id) => this.options.only?.includes(id) === true);
  }

  /** An assertion that was left out has not failed. */
  hasFailed(id: string): boolean {
    return !['pass', 'notMeasured'].includes(this.card.statusOf(id) ?? '');
  }

  notReached(ids: readonly string[], summary: string): void {
    for (const id of ids) this.card.judge(id, { status: 'notReached', summary, details: [], remarks: [] });
  }

  notMeasured(ids: readonly string[], summary: string): void {
    for (const id of ids) this.card.judge(id, { status: 'notMeasured', summary, details: [], remarks: [] });
  }

  /** The options of a cluster whose logs get a folder of this name. */
  clusterOptions(size: number, name: string): SubjectClusterOptions {
    const { submission, out } = this.options;
    return { submission, size, logDir: `${out}/logs/${name}`, startMs: START_MS * this.allowance };
  }

  /** A room is closed after its use, however this ends, and at once when the time is up. */
  async within<R extends Room>(entering: Promise<R>, use: (room: R) => Promise<void>): Promise<void> {
    const room = await entering;
    if (this.isOver) return room.close();
    this.rooms.add(room);
    await use(room);
    await room.close();
    this.rooms.delete(room);
  }

  async perform<R extends Room>(step: Step<R>, room: R): Promise<void> {
    if (this.isOver || !this.isWanted(step.judges)) return;
    this.listener.onStep(step.title);
    await performStep(step, room, this.card);
  }

  /** Neither judgements nor errors count after this, and no process is left. */
  end(reason: string): void {
    this.isOver = true;
    this.card.close(reason);
    for (const { cluster } of this.rooms) cluster.killNow();
  }

  private leaveOut(): void {
    const { only, rubric } = this.options;
    if (only === undefined) return;
    const { assertions } = rubric.assignment;
    this.notMeasured(
      assertions.map(({ id }) => id).filter((id) => !only.includes(id)),
      'Not asked for.',
    );
  }
}
