import { setTimeout as sleep } from 'node:timers/promises';

/** Work that takes about this long on a laptop of our days. */
const REFERENCE_MS = 100;
const ROUNDS = 3;
const ALLOWANCE_MAX = 3;
const NAP_MS = 10;
const NAPS = 12;

/**
 * By how much longer everything may take here than on a machine that is quick and has nothing else to do; measured, from 1 to 3.
 * Two things make a machine slow: its processor, and others who use it at the same time.
 */
export async function measureAllowance(): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round += 1) {
    best = Math.min(best, spin());
    await sleep(NAP_MS);
  }
  const since = performance.now();
  for (let nap = 0; nap < NAPS; nap += 1) await sleep(NAP_MS);
  const lateness = (performance.now() - since) / (NAPS * NAP_MS) - 1;
  const contention = spinContention();
  const allowance = Math.max(best / REFERENCE_MS, contention) + Math.max(0, lateness - 0.3);
  return Math.round(Math.min(ALLOWANCE_MAX, Math.max(1, allowance)) * 10) / 10;
}

/** The time on the clock that a fixed piece of work takes. */
function spin(): number {
  const since = performance.now();
  let sum = 0;
  for (let place = 0; place < 40_000_000; place += 1) sum = (sum * 31 + place) % 65_521;
  // So that the work cannot be left out.
  return sum < 0 ? 0 : performance.now() - since;
}

/** How much longer work takes than the processor spends on it: 1 when nobody else wants the processor. */
function spinContention(): number {
  const since = performance.now();
  const before = process.cpuUsage();
  spin();
  spin();
  const { user, system } = process.cpuUsage(before);
  return (performance.now() - since) / Math.max(1, (user + system) / 1_000);
}
