import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultLedger } from '../faults/faultLedger.js';
import type { ServerId } from '../runRecord.js';
import type { Watcher } from '../watch/watcher.js';

const LOOK_EVERY_MS = 20;

/** Who leads at the moment, as far as the watch has seen. */
export class Leadership {
  constructor(
    private readonly servers: readonly ServerId[],
    private readonly watcher: Watcher,
    private readonly ledger: FaultLedger,
  ) {}

  /** The leader that a majority hears; of several the one in the latest term. */
  get leader(): ServerId | undefined {
    return this.latest(this.leading.filter((server) => this.isHeardByMajority(server)));
  }

  /** The leader, or who goes on leading without a majority. */
  get leaderOrLeft(): ServerId | undefined {
    return this.leader ?? this.latest(this.leading);
  }

  /** All who say that they lead. */
  get leading(): ServerId[] {
    return this.servers.filter((server) => {
      const status = this.watcher.statusOf(server);
      return this.ledger.isUp(server) && status?.role === 'leader' && !status.crashed;
    });
  }

  /** The first leader that will do, or undefined when the time is up. */
  async wait(
    withinMs: number,
    signal: AbortSignal,
    willDo: (leader: ServerId) => boolean = () => true,
  ): Promise<ServerId | undefined> {
    const until = performance.now() + withinMs;
    for (;;) {
      const { leader } = this;
      if (leader !== undefined && willDo(leader)) return leader;
      if (performance.now() >= until) return undefined;
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }

  private latest(servers: readonly ServerId[]): ServerId | undefined {
    const termOf = (server: ServerId): number => this.watcher.statusOf(server)?.term ?? 0;
    return servers.toSorted((a, b) => termOf(b) - termOf(a))[0];
  }

  private isHeardByMajority(server: ServerId): boolean {
    const audience = this.servers.filter(
      (listener) => this.ledger.isUp(listener) && !this.ledger.unheardBy(listener).includes(server),
    );
    return 2 * audience.length > this.servers.length;
  }
}
