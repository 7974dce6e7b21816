/** The faults of random mode, as typed after `--faults`. */
export const randomFaults = [
  'crash',
  'leader',
  'majority',
  'partition',
  'isolate',
  'one-way',
  'bridge',
  'flaky',
  'kill',
  'pause',
] as const;
export type RandomFault = (typeof randomFaults)[number];

/** Faults of processes, which only `--managed` has. */
export const processFaults: readonly RandomFault[] = ['kill', 'pause'];

/** Faults of links, which only servers with `makeUnreachableFrom` have. */
export const linkFaults: readonly RandomFault[] = ['partition', 'isolate', 'one-way', 'bridge', 'flaky'];

export function isRandomFault(text: string): text is RandomFault {
  return randomFaults.some((fault) => fault === text);
}
