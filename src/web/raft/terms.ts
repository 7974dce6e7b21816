/** So many colours of terms are told apart; then they begin anew. */
const TERM_COLOURS = 8;

/** The CSS variable of a term's colour. */
export function termColour(term: number): string {
  return term === 0 ? 'var(--quiet)' : `var(--term-${(term - 1) % TERM_COLOURS})`;
}

/** `3.25 s` */
export function seconds(ms: number, digits = 2): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}
