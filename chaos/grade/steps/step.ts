import { ClusterError } from '../../cluster/cluster.js';
import { replyText, type Reply } from '../subject/reply.js';
import type { Judgement, Scorecard } from '../scorecard.js';
import { StepEnded, type Lab } from './lab.js';
import type { SubjectCluster } from '../subject/subjectCluster.js';

const TAIL_LINES = 6;

/** Can tell what was called, and what the servers wrote. */
export interface Witness {
  readonly cluster: SubjectCluster;
  /** The latest calls and what they were answered; they are forgotten by this. */
  takeTrace(): string[];
}

/** Judges some assertions with one cluster. */
export interface Step<W extends Witness = Lab> {
  /** As in "A follower crashes". */
  readonly title: string;
  readonly judges: readonly string[];
  perform(lab: W, verdicts: Verdicts): Promise<void>;
}

/** A step's judgements of its assertions. */
export class Verdicts {
  private readonly remarks = new Map<string, string[]>();

  constructor(
    private readonly card: Scorecard,
    private readonly witness: Witness,
  ) {}

  pass(id: string, summary: string): void {
    this.judge(id, { status: 'pass', summary, details: [] });
  }

  /** The calls since the last judgement show it. */
  fail(id: string, summary: string): void {
    this.judge(id, { status: 'fail', summary, details: this.evidence() });
  }

  /** Judges by whether there is something wrong. */
  hold(id: string, problem: string | undefined, summary: string): void {
    if (problem === undefined) this.pass(id, summary);
    else this.fail(id, problem);
  }

  notMeasured(id: string, summary: string): void {
    this.judge(id, { status: 'notMeasured', summary, details: [] });
  }

  /** Before the judgement that it belongs to. */
  remark(id: string, text: string): void {
    this.remarks.set(id, [...(this.remarks.get(id) ?? []), text]);
  }

  /** All that were not judged could not be, for this reason. */
  rest(ids: readonly string[], summary: string): void {
    const details = this.evidence();
    for (const id of ids)
      if (!this.card.isJudged(id))
        this.card.judge(id, { status: 'notReached', summary, details, remarks: [] });
  }

  private judge(id: string, judgement: Omit<Judgement, 'remarks'>): void {
    this.card.judge(id, { ...judgement, remarks: this.remarks.get(id) ?? [] });
  }

  private evidence(): string[] {
    const { cluster } = this.witness;
    const deaths = cluster.deaths();
    const said = cluster.servers.flatMap(({ id }) =>
      cluster
        .tail(id, TAIL_LINES)
        .filter((line) => /error|exception|traceback/i.test(line))
        .map((line) => `server ${id} wrote: ${line.trim()}`),
    );
    return [...this.witness.takeTrace(), ...deaths, ...said.slice(-TAIL_LINES)];
  }
}

/** Performs a step; whatever happens, each of its assertions comes to something. */
export async function performStep<W extends Witness>(step: Step<W>, lab: W, card: Scorecard): Promise<void> {
  const verdicts = new Verdicts(card, lab);
  try {
    await step.perform(lab, verdicts);
    verdicts.rest(step.judges, 'This was not seen.');
  } catch (error) {
    if (!(error instanceof StepEnded) && !(error instanceof ClusterError)) throw error;
    verdicts.rest(step.judges, error.message);
  }
}

/** The mistake in an answer that had to be a fault, at once. */
export function notAFault(reply: Reply, what: string): string | undefined {
  if (reply.kind === 'fault') return undefined;
  return reply.kind === 'value'
    ? `${what} was answered ${replyText(reply)} instead of a fault`
    : `${what} got no answer: ${reply.text}`;
}
