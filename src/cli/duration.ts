import { InvalidArgumentError } from 'commander';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** A duration such as `500ms`, `5s` or `2m`, in milliseconds; a bare number counts seconds. */
export function parseDuration(text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text);
  if (found === null) throw new InvalidArgumentError('write a duration such as 500ms, 5s or 2m.');
  return Number(found[1]) * (unitsMs[found[2] ?? 's'] ?? 1_000);
}
