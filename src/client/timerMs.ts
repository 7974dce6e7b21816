/** A time that a timer of Node can count: beyond 2^31 - 1 ms it would go off at once. */
export function timerMs(ms: number): number {
  return Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(ms)));
}
