import { setTimeout as sleep } from 'node:timers/promises';

/** A machine that needs more of its processor than this for the piece of work is slow: a laptop of our days needs half of it. */
const SLOW_MS = 200;
const ROUNDS = 4;
const NAP_MS = 10;
const NAPS = 12;
/** Of a machine with nothing else to do, too, the clock runs a little ahead of the processor, and timers are a little late. */
const USUAL_CONTENTION = 1.15;
const USUAL_LATENESS = 1.3;
const ALLOWANCE_MAX = 3;

/** How a machine did a few pieces of work, and how it slept. */
interface MachineTrial {
  /** The time that the processor spent on one piece. */
  readonly processorMs: number;
  /** The time on the clock by that of the processor: 2 when another process wants the same processor all the time. */
  readonly contention: number;
  /** The time that sleeping took by that which was asked for. */
  readonly lateness: number;
}

/** By how much longer everything may take here than on a machine that is quick and has nothing else to do: from 1 to 3. */
export async function measureAllowance(): Promise<number> {
  return allowanceOf(await tryMachine());
}

export function allowanceOf({ processorMs, contention, lateness }: MachineTrial): number {
  const slow = Math.max(1, processorMs / SLOW_MS);
  const busy = contention > USUAL_CONTENTION ? contention : 1;
  const late = Math.max(0, lateness - USUAL_LATENESS);
  return Math.round(Math.min(ALLOWANCE_MAX, slow * busy + late) * 10) / 10;
}

async function tryMachine(): Promise<MachineTrial> {
  let [processorMs, clockMs, least] = [0, 0, Infinity];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [since, before] = [performance.now(), process.cpuUsage()];
    work();
    const { user, system } = process.cpuUsage(before);
    const spentMs = Math.max(1, (user + system) / 1_000);
    clockMs += performance.now() - since;
    processorMs += spentMs;
    least = Math.min(least, spentMs);
    // So that others may come in between.
    await sleep(NAP_MS);
  }
  const since = performance.now();
  for (let nap = 0; nap < NAPS; nap += 1) await sleep(NAP_MS);
  const lateness = (performance.now() - since) / (NAPS * NAP_MS);
  return { processorMs: least, contention: clockMs / processorMs, lateness };
}

/** A fixed piece of work. */
function work(): void {
  let sum = 0;
  for (let place = 0; place < 40_000_000; place += 1) sum = (sum * 31 + place) % 65_521;
  // So that the work cannot be left out.
  if (sum < 0) throw new Error('a remainder is never negative');
}
