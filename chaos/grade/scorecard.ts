import type { Assertion, Cap, RubricPart } from './assertions/assertion.js';
import type { Rubric } from './rubric.js';

/**
 * The outcome of an assertion. `notReached`: something that it needs did not come true, such as a leader, so that it is worth
 * nothing. `notMeasured`: it cannot be judged here, whatever the servers do, and does not count.
 */
export type Status = 'pass' | 'fail' | 'notReached' | 'notMeasured';

export interface Judgement {
  readonly status: Status;
  /** One sentence: what was seen. */
  readonly summary: string;
  /** More of it, one line each: calls and their answers, a traceback. */
  readonly details: readonly string[];
  /** Behaviour that is tolerated, and better done otherwise. */
  readonly remarks: readonly string[];
}

export interface Row extends Judgement {
  readonly assertion: Assertion;
  readonly points: number;
  readonly pointsMax: number;
}

/** A part of the rubric, and what it came to. */
export interface ScoredPart {
  readonly id: string;
  readonly title: string;
  readonly points: number;
  readonly pointsMax: number;
}

export interface Score {
  readonly rows: readonly Row[];
  readonly parts: readonly ScoredPart[];
  /** The caps that took something away. */
  readonly caps: readonly Cap[];
  readonly points: number;
  readonly pointsMax: number;
}

const NOT_YET: Judgement = {
  status: 'notReached',
  summary: 'The run ended before this was judged.',
  details: [],
  remarks: [],
};

/** Collects what the assertions come to. The first judgement of an assertion stands, but a failure replaces a pass. */
export class Scorecard {
  private readonly judgements = new Map<string, Judgement>();
  private isClosed = false;

  constructor(
    readonly rubric: Rubric,
    private readonly onJudged: (assertion: Assertion, judgement: Judgement) => void,
  ) {}

  isJudged(id: string): boolean {
    return this.judgements.has(id);
  }

  statusOf(id: string): Status | undefined {
    return this.judgements.get(id)?.status;
  }

  /** Nothing is judged any more; what was not is worth nothing, for this reason. */
  close(reason: string): void {
    for (const { id } of this.rubric.assignment.assertions)
      if (!this.isJudged(id))
        this.judge(id, { status: 'notReached', summary: reason, details: [], remarks: [] });
    this.isClosed = true;
  }

  judge(id: string, judgement: Judgement): void {
    const assertion = this.rubric.assignment.assertions.find((known) => known.id === id);
    if (assertion === undefined) throw new Error(`there is no assertion ${id}`);
    if (this.isClosed) return;
    const before = this.judgements.get(id);
    if (before?.status === 'notMeasured') return;
    if (before !== undefined && !(before.status === 'pass' && judgement.status === 'fail')) return;
    this.judgements.set(id, judgement);
    if (judgement.status !== 'notMeasured') this.onJudged(assertion, judgement);
  }

  /** The points as they stand. An assertion that was not judged is worth nothing. */
  score(): Score {
    const { points, weights, assignment } = this.rubric;
    const { assertions } = assignment;
    const judgementOf = ({ id }: Assertion): Judgement => this.judgements.get(id) ?? NOT_YET;
    const counts = (assertion: Assertion): boolean => judgementOf(assertion).status !== 'notMeasured';
    const rows = assertions.map((assertion): Row => {
      const { id, part } = assertion;
      const sum = assertions
        .filter((other) => other.part === part && counts(other))
        .reduce((total, other) => total + (weights[other.id] ?? 0), 0);
      const judgement = judgementOf(assertion);
      const pointsMax = counts(assertion) && sum > 0 ? ((points[part] ?? 0) * (weights[id] ?? 0)) / sum : 0;
      return { ...judgement, assertion, pointsMax, points: judgement.status === 'pass' ? pointsMax : 0 };
    });
    const caps: Cap[] = [];
    const ofPart = ({ id: part, title }: RubricPart): ScoredPart => {
      let earned = rows
        .filter((row) => row.assertion.part === part)
        .reduce((sum, row) => sum + row.points, 0);
      for (const cap of this.rubric.caps.filter((each) => each.part === part)) {
        const { status } = this.judgements.get(cap.unless) ?? NOT_YET;
        if (status === 'pass' || status === 'notMeasured' || earned <= cap.atMost) continue;
        caps.push(cap);
        earned = cap.atMost;
      }
      const isMeasured = rows.some((row) => row.assertion.part === part && row.pointsMax > 0);
      return { id: part, title, points: rounded(earned), pointsMax: isMeasured ? (points[part] ?? 0) : 0 };
    };
    const parts = assignment.parts.map(ofPart);
    return {
      rows,
      parts,
      caps,
      points: rounded(parts.reduce((sum, part) => sum + part.points, 0)),
      pointsMax: parts.reduce((sum, part) => sum + part.pointsMax, 0),
    };
  }
}

function rounded(points: number): number {
  return Math.round(points * 100) / 100;
}
