/** The key that every reader of a key reads. */
export const BENCH_KEY = 'bench';
