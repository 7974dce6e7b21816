import type { Prng } from '../../src/sim/prng.js';
import type { ServerId } from '../runRecord.js';
import type { Step } from '../scenarios/scenario.js';
import type { RandomFault } from './kinds.js';

interface PlanOptions {
  readonly servers: number;
  readonly seconds: number;
  /** The faults to draw from. Each of them is undone. */
  readonly faults: readonly RandomFault[];
  /** So many servers at most are down, or cut off from a majority, at a time; undefined: a minority, and now and then a majority on purpose. */
  readonly atMostDown: number | undefined;
}

/**
 * Draws a story: one misfortune after the other, with a while to recover in between. The same seed gives the same story; when a
 * step says `leader`, who that is depends on the run.
 */
export function drawPlan(prng: Prng, options: PlanOptions): Step[] {
  const draw = new Draw(prng, options);
  const faults = options.faults.filter((fault) => draw.canDraw(fault));
  const steps: Step[] = [];
  if (faults.length === 0) return steps;
  for (let seconds = 0; seconds < options.seconds;) {
    const misfortune = [...draw.misfortune(prng.pick(faults)), draw.pause(1, 2.5)];
    steps.push(...misfortune);
    seconds += misfortune.reduce((sum, step) => sum + ('wait' in step ? step.wait : 0), 0);
  }
  return steps;
}

class Draw {
  private readonly all: readonly ServerId[];
  private readonly minority: number;
  /** Of servers that one misfortune may take. */
  private readonly downMax: number;

  constructor(
    private readonly prng: Prng,
    private readonly options: PlanOptions,
  ) {
    this.all = Array.from({ length: options.servers }, (_, server) => server);
    this.minority = Math.floor((options.servers - 1) / 2);
    this.downMax = Math.min(options.atMostDown ?? this.minority, options.servers);
  }

  /** Whether so many servers may go down as this takes. */
  canDraw(fault: RandomFault): boolean {
    const { servers, atMostDown } = this.options;
    switch (fault) {
      case 'majority':
        return atMostDown === undefined || atMostDown > this.minority;
      case 'bridge':
        // Of an even number of servers, the smaller half and the bridge are no majority.
        return servers >= 4 && this.downMax >= (servers % 2 === 0 ? this.minority : 1);
      case 'partition':
        return servers >= 2 && this.downMax >= 1;
      case 'isolate':
      case 'one-way':
      case 'flaky':
        return servers >= 2 && this.downMax >= 1;
      case 'crash':
      case 'leader':
      case 'kill':
      case 'pause':
        return this.downMax >= 1;
    }
  }

  pause(least: number, most: number): Step {
    return { wait: this.prng.between(Math.round(least * 10), Math.round(most * 10)) / 10 };
  }

  misfortune(fault: RandomFault): Step[] {
    switch (fault) {
      case 'crash':
        return this.oneByOne(
          this.some(),
          (server) => ({ crash: server }),
          (server) => ({ restore: server }),
        );
      case 'kill':
        return this.oneByOne(
          this.some(),
          (server) => ({ kill: server }),
          (server) => ({ start: server }),
        );
      case 'pause':
        return this.oneByOne(
          this.some(),
          (server) => ({ pause: server }),
          (server) => ({ resume: server }),
        );
      case 'leader':
        return this.leaders();
      case 'majority':
        return this.noMajority();
      case 'partition':
        return this.partition();
      case 'isolate':
        return [{ isolate: this.prng.chance(0.7) ? 'leader' : this.anyone() }, this.pause(1, 4), heal];
      case 'one-way':
        return [this.oneWay(), this.pause(1, 3), heal];
      case 'bridge':
        return [{ bridge: this.anyone() }, this.pause(2, 4), heal];
      case 'flaky':
        return this.flaky();
    }
  }

  /** Servers go one after the other, and come back in another order. */
  private oneByOne(
    servers: readonly ServerId[],
    begin: (server: ServerId) => Step,
    end: (server: ServerId) => Step,
  ): Step[] {
    return [
      ...servers.flatMap((server) => [begin(server), this.pause(0.1, 0.8)]),
      this.pause(0.5, 3),
      ...this.prng.shuffle(servers).flatMap((server) => [end(server), this.pause(0.1, 0.5)]),
    ];
  }

  private leaders(): Step[] {
    const count = this.prng.between(1, this.downMax);
    const crashes = Array.from({ length: count }, (): Step[] => [{ crash: 'leader' }, this.pause(1, 2.5)]);
    return [...crashes.flat(), { restore: 'all' }];
  }

  private noMajority(): Step[] {
    const most = Math.min(this.options.atMostDown ?? this.options.servers, this.options.servers);
    const count = this.prng.between(this.minority + 1, most);
    const servers = this.prng.shuffle(this.all).slice(0, count);
    const crashes = servers.map((server): Step => ({ crash: server }));
    return [...crashes, this.pause(2, 4), { restore: 'all' }, this.pause(1, 2)];
  }

  private partition(): Step[] {
    const small = this.some();
    const large = this.all.filter((server) => !small.includes(server));
    return [{ partition: [large, small] }, this.pause(1, 4), heal];
  }

  private oneWay(): Step {
    const one = this.prng.chance(0.5) ? 'leader' : this.anyone();
    return { oneWay: this.prng.chance(0.5) ? { deaf: one, from: 'all' } : { deaf: 'all', from: one } };
  }

  private flaky(): Step[] {
    const times = this.prng.between(3, 6);
    return Array.from({ length: times }, (): Step[] => {
      const [one, other] = [this.anyone(), this.anyone()];
      const cut: Step =
        one === other || this.prng.chance(0.3) ? { isolate: one } : { oneWay: { deaf: one, from: other } };
      return [cut, this.pause(0.1, 0.7), heal, this.pause(0.1, 0.4)];
    }).flat();
  }

  /** From one server to as many as may be down. */
  private some(): ServerId[] {
    return this.prng
      .shuffle(this.all)
      .slice(0, this.prng.between(1, this.downMax))
      .sort((a, b) => a - b);
  }

  private anyone(): ServerId {
    return this.prng.pick(this.all);
  }
}

const heal: Step = { heal: 'links' };
