import type { RunRecord } from '../runRecord.js';

/** How many colours the terms go through before they begin again: their numbers are always written too. */
export const termColours = 6;

export type TermClass = (term: number) => string;

export function colourClass(place: number): string {
  return `term-${place % termColours}`;
}

/**
 * The style of each term. Colours go by the place among the terms that had a leader, so that neighbours differ even
 * where elections failed between them; a term without one looks as the one before.
 */
export function termClasses({ elections, samples }: RunRecord): TermClass {
  const led = new Set<number>(elections.map(({ term }) => term));
  for (const { role, term } of samples) if (role === 'leader') led.add(term);
  const terms = [...led].sort((one, other) => one - other);
  const places = new Map(terms.map((term, place) => [term, place]));
  return (term) =>
    colourClass(
      places.get(term) ??
        Math.max(
          0,
          terms.findLastIndex((known) => known < term),
        ),
    );
}
