import { raise, type Moment } from './moments.js';

/**
 * Gives every moment the least time that what precedes it and the refusals allow.
 *
 * A refused update of version v, called from a to b, needs an instant of its call before the write of v - 1 or
 * after the write of v. So once v is known to come after b, v - 1 cannot come before a. Each refusal has
 * this effect at most once, and times only go up, to values that operations have: it ends.
 *
 * @returns a moment that cannot be as early as it must be; undefined when there is none
 */
export function settle(moments: readonly Moment[]): Moment | undefined {
  const late = earliestLimit(moments.filter(isTooLate));
  if (late !== undefined) return late;
  const changed = [...moments];
  for (const moment of moments) {
    for (const update of refusedAfterLast(moment)) {
      raise(moment, update.invokedAt, { type: 'refused', update, next: undefined });
    }
  }
  for (let moment = changed.pop(); moment !== undefined; moment = changed.pop()) {
    if (isTooLate(moment)) return moment;
    for (const later of moment.next) {
      if (raise(later, moment.earliest, { type: 'after', moment })) changed.push(later);
    }
    for (const before of effectOfRefusals(moment)) changed.push(before);
  }
  return undefined;
}

function isTooLate({ earliest, latest }: Moment): boolean {
  return earliest > latest;
}

function earliestLimit(moments: readonly Moment[]): Moment | undefined {
  let first: Moment | undefined;
  for (const moment of moments) if (first === undefined || moment.latest < first.latest) first = moment;
  return first;
}

/** Refused updates to the version after the last one that could have been written: that one never comes. */
function refusedAfterLast({ happening }: Moment): Moment['refusals'] {
  if (happening.type !== 'write' || happening.version !== happening.file.writable) return [];
  return happening.file.versions.get(happening.version + 1)?.refused ?? [];
}

/** Uses up the refusals of this version that returned before it. Returns the moments that this moved. */
function effectOfRefusals(moment: Moment): Moment[] {
  const moved: Moment[] = [];
  const { before, refusals, earliest } = moment;
  for (;;) {
    const update = refusals.at(-1);
    if (before === undefined || update === undefined || update.returnedAt >= earliest) return moved;
    refusals.pop();
    if (raise(before, update.invokedAt, { type: 'refused', update, next: moment })) moved.push(before);
  }
}
