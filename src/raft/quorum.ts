/** How many of `serverCount` servers are a majority: the smallest number of which any two sets share a server. */
export function majorityOf(serverCount: number): number {
  return Math.floor(serverCount / 2) + 1;
}

/**
 * The largest value that a majority has reached.
 *
 * @param values one per server of the cluster, the asking server's own included; in any order, not changed
 */
export function majorityReached(values: readonly number[]): number {
  const descending = [...values].sort((a, b) => b - a);
  return descending[majorityOf(values.length) - 1] ?? 0;
}
