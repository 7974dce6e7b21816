import { readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { UsageError } from '../usageError.js';
import type { Assignment, Cap } from './assertions/assertion.js';

/** The points and weights. An instructor's file may change any of them; the rest stays as the assignment has it. */
export interface Rubric {
  readonly assignment: Assignment;
  /** Points of each part. */
  readonly points: Readonly<Record<string, number>>;
  /** By assertion: its share of the points of its part. With 0 it is only a remark. */
  readonly weights: Readonly<Record<string, number>>;
  readonly caps: readonly Cap[];
}

export function defaultRubric(assignment: Assignment): Rubric {
  const { parts, assertions, caps } = assignment;
  return {
    assignment,
    points: Object.fromEntries(parts.map(({ id, points }) => [id, points])),
    weights: Object.fromEntries(assertions.map(({ id, weight }) => [id, weight])),
    caps,
  };
}

/**
 * Reads an instructor's rubric.
 *
 * @throws UsageError that names the place in the file
 */
export function readRubric(file: string, assignment: Assignment): Rubric {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `the rubric cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return parseRubric(text, file, assignment);
}

/** @throws UsageError */
export function parseRubric(text: string, file: string, assignment: Assignment): Rubric {
  let value: unknown;
  try {
    value = parse(text) as unknown;
  } catch (error) {
    throw new UsageError(
      `${file}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
    );
  }
  const fail = (why: string): never => {
    throw new UsageError(`${file}: ${why}`);
  };
  const top = structOf(value ?? {}, 'the rubric', fail);
  for (const name of Object.keys(top))
    if (!['points', 'weights', 'caps'].includes(name))
      fail(`there is no "${name}" in a rubric: it has points, weights and caps`);
  const usual = defaultRubric(assignment);
  const points = numbersOf(top['points'] ?? {}, 'points', Object.keys(usual.points), fail);
  const weights = numbersOf(top['weights'] ?? {}, 'weights', Object.keys(usual.weights), fail);
  return {
    assignment,
    points: { ...usual.points, ...points },
    weights: { ...usual.weights, ...weights },
    caps: top['caps'] === undefined ? usual.caps : capsOf(top['caps'], assignment, fail),
  };
}

/** The rubric as a file to begin with. */
export function rubricText({ points, weights, caps }: Rubric): string {
  const head =
    '# What each assertion is worth: its share of the points of its part, beside the others.\n' +
    '# A weight of 0 makes it a remark. Leave out whatever is to stay as it is. docs/grading.md says what each means.\n';
  return head + stringify({ points, weights, caps });
}

type Fail = (why: string) => never;

function structOf(value: unknown, what: string, fail: Fail): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fail(`${what} must be a map`);
  return value as Readonly<Record<string, unknown>>;
}

function numbersOf(
  value: unknown,
  what: string,
  names: readonly string[],
  fail: Fail,
): Readonly<Record<string, number>> {
  const struct = structOf(value, what, fail);
  return Object.fromEntries(
    Object.entries(struct).map(([name, number]) => {
      if (!names.includes(name)) fail(`${what} has no "${name}"; there are ${names.join(', ')}`);
      return [name, numberOf(number, `${what}.${name}`, fail)];
    }),
  );
}

function numberOf(value: unknown, what: string, fail: Fail): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    return fail(`${what} must be a number of 0 or more, not ${JSON.stringify(value)}`);
  return value;
}

function capsOf(value: unknown, { parts, assertions }: Assignment, fail: Fail): Cap[] {
  if (!Array.isArray(value)) return fail('caps must be a list');
  return value.map((each: unknown, place) => {
    const what = `caps[${place}]`;
    const { unless, part, atMost } = structOf(each, what, fail);
    const assertion = assertions.find(({ id }) => id === unless);
    if (assertion === undefined) return fail(`${what}.unless must be the id of an assertion`);
    const known = parts.find(({ id }) => id === part);
    if (known === undefined) return fail(`${what}.part must be ${parts.map(({ id }) => id).join(' or ')}`);
    return { unless: assertion.id, part: known.id, atMost: numberOf(atMost, `${what}.atMost`, fail) };
  });
}
