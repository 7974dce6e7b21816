/** As in `12,345`. The same on every machine, whatever its language. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 operation`, `2 operations`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A number with about three digits that count. */
export function rounded(value: number): string {
  if (value >= 100) return count(value);
  const digits = value >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\.?0+$/, '');
}

/** How long something took: `0.4 ms`, `35 ms`, `1.25 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${rounded(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(2).replace(/\.?0+$/, '')} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A time on the run's clock: `12.34 s`; in long runs `4:05.2` or `1:04:05.2`. */
export function clock(ms: number, endMs: number): string {
  return endMs <= 120_000 ? `${(ms / 1000).toFixed(2)} s` : watch(ms, 1);
}

/** Hours, minutes and seconds as on a watch. */
export function watch(ms: number, decimals: number): string {
  const unit = 10 ** decimals;
  const parts = Math.round((ms / 1000) * unit);
  const minutes = Math.floor(parts / unit / 60);
  const seconds = ((parts - minutes * 60 * unit) / unit)
    .toFixed(decimals)
    .padStart(decimals === 0 ? 2 : decimals + 3, '0');
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${seconds}`;
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** The smallest values that half, 95 of 100, and all do not exceed; undefined for no values. */
export function quantiles(values: readonly number[]): Quantiles | undefined {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  return sorted.length === 0 ? undefined : { p50: at(0.5), p95: at(0.95), max: at(1) };
}
