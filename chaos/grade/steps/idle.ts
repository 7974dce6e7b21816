import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from './lab.js';
import { otherLeader } from './starts.js';
import type { Step, Verdicts } from './step.js';

const IDLE_MS = 3_500;
const SECOND_LOOK_MS = 9_000;
/** Of one processor, for each server. */
const CPU_SHARE_MAX = 0.2;
const LINES_MAX = 50;

/** Limits that an instructor may move. */
export interface IdleLimits {
  /** Calls that one server may be sent by the others in a second. */
  readonly rpcsPerSecond: number;
}

/** Nobody calls, nothing happens. */
export function idle(limits: IdleLimits): Step {
  return {
    title: 'Nobody calls',
    judges: ['stable', 'few-rpcs', 'little-cpu', 'little-log'],
    async perform(lab, verdicts) {
      const leader = await lab.settle();
      await sleep(300);
      const before = measure(lab);
      const first = await otherLeader(lab, leader.id, IDLE_MS);
      const after = measure(lab);
      if (first !== undefined) {
        lab.noteLoss(`server ${leader.id} led while nobody called, and ${first}`);
        // A machine that let nobody run for a while does so once; a mistake comes again, if one looks for long enough.
        const again = await lab.settle();
        const changed = await otherLeader(lab, again.id, SECOND_LOOK_MS);
        if (changed !== undefined) lab.noteLoss(`server ${again.id} led while nobody called, and ${changed}`);
      }
      judgeLosses(lab, verdicts);
      const seconds = (after.at - before.at) / 1_000;
      const rates = after.servers.map(({ received, cpuMs, lines }, id) => {
        const then = before.servers[id];
        return {
          id,
          rpcs: (received - (then?.received ?? 0)) / seconds,
          cpu: cpuMs === undefined ? undefined : (cpuMs - (then?.cpuMs ?? 0)) / 1_000 / seconds,
          lines: (lines - (then?.lines ?? 0)) / seconds,
        };
      });
      const rpcs = most(rates, ({ rpcs: rate }) => rate);
      for (const { id, rpcs: rate } of rates)
        lab.say(`server ${id} received ${rate.toFixed(1)} calls a second`);
      verdicts.hold(
        'few-rpcs',
        rpcs.value > limits.rpcsPerSecond
          ? `Server ${rpcs.id} received ${rpcs.value.toFixed(1)} calls a second from the others; ${limits.rpcsPerSecond} are allowed.`
          : undefined,
        `At most ${rpcs.value.toFixed(1)} calls a second to one server; ${limits.rpcsPerSecond} are allowed.`,
      );
      lab.takeTrace();
      const cpu = most(rates, ({ cpu: share }) => share ?? 0);
      if (rates.some(({ cpu: share }) => share === undefined))
        verdicts.notMeasured('little-cpu', 'The time of a process is only measured on Linux.');
      else
        verdicts.hold(
          'little-cpu',
          cpu.value > CPU_SHARE_MAX
            ? `Server ${cpu.id} used ${percent(cpu.value)} of a processor though nobody called: some thread never waits.`
            : undefined,
          `At most ${percent(cpu.value)} of a processor for one server.`,
        );
      const lines = most(rates, ({ lines: rate }) => rate);
      if (lines.value > LINES_MAX) for (const line of lab.cluster.tail(lines.id, 5)) lab.say(line);
      verdicts.hold(
        'little-log',
        lines.value > LINES_MAX
          ? `Server ${lines.id} wrote ${Math.round(lines.value)} lines a second to its log though nobody called; ${LINES_MAX} are allowed.`
          : undefined,
        `At most ${lines.value.toFixed(1)} lines a second of one server.`,
      );
    },
  };
}

/** Judged again later: a leader that is lost once more, in whatever step, makes it fail. */
export function judgeLosses(lab: Lab, verdicts: Verdicts): void {
  const [first, second] = lab.leadersLost;
  if (first !== undefined && second === undefined)
    verdicts.remark('stable', `Once ${first}, though nothing had been done to any server.`);
  verdicts.hold(
    'stable',
    second === undefined
      ? undefined
      : `Nothing was done to any server, and leaders were lost: first ${first ?? ''}, then ${second}.`,
    first === undefined ? 'The leader stayed the leader.' : 'The leader was lost once, and not again.',
  );
}

interface Measured {
  readonly at: number;
  readonly servers: readonly {
    readonly received: number;
    readonly cpuMs: number | undefined;
    readonly lines: number;
  }[];
}

function measure(lab: Lab): Measured {
  const counts = lab.cluster.messageCounts();
  const servers = lab.subjects.map(({ id }) => {
    const process = lab.cluster.process(id);
    return { received: counts.get(id) ?? 0, cpuMs: process?.cpuMs(), lines: process?.logLines() ?? 0 };
  });
  return { at: performance.now(), servers };
}

function most<T extends { readonly id: number }>(
  rates: readonly T[],
  valueOf: (rate: T) => number,
): { readonly id: number; readonly value: number } {
  return rates
    .map((rate) => ({ id: rate.id, value: valueOf(rate) }))
    .reduce((best, each) => (each.value > best.value ? each : best), { id: 0, value: 0 });
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
