/** Something that a server must do, and that is worth points. */
export interface Assertion {
  readonly id: string;
  /** The part of the assignment's rubric that it belongs to. */
  readonly part: string;
  /** As a sentence about the servers. */
  readonly title: string;
  /** Its share of the points of its part, beside the others. */
  readonly weight: number;
  /** The words of the assignment that it comes from. */
  readonly source: string;
  /** Python that repeats it by hand, after the lines of its assignment's `preamble`. */
  readonly python: string;
}

/** A part of an assignment's rubric. */
export interface RubricPart {
  readonly id: string;
  readonly title: string;
  readonly points: number;
}

/** A part is worth no more than this while an assertion does not hold. */
export interface Cap {
  readonly unless: string;
  readonly part: string;
  readonly atMost: number;
}

/** The levels of consistency that an assignment may ask for. */
export const consistencyLevels = ['linearizable', 'eventual'] as const;
export type Consistency = (typeof consistencyLevels)[number];

export const assignmentNames = ['surfstore', 'keys', 'messages'] as const;
export type AssignmentName = (typeof assignmentNames)[number];

/** An assignment that servers were written for. */
export interface Assignment {
  readonly name: AssignmentName;
  readonly parts: readonly RubricPart[];
  /** All of them, in the order in which they are shown. */
  readonly assertions: readonly Assertion[];
  readonly caps: readonly Cap[];
  /** The level that its text asks for. */
  readonly consistency: Consistency;
  /** Python that comes before that of an assertion. */
  readonly preamble: string;
}

/** The assertions of one part, each without the name of the part. */
export function assertionsOf(
  part: string,
  rows: readonly (readonly [id: string, weight: number, title: string, source: string, python: string])[],
): Assertion[] {
  return rows.map(([id, weight, title, source, python]) => ({ id, part, title, weight, source, python }));
}
