import type { Prng } from '../../../src/sim/prng.js';
import type { Cluster } from './cluster.js';
import type { DurableLoad } from './durableLoad.js';

/** Whom a round kills. */
export const victims = ['leader', 'follower', 'minority', 'majority', 'all'] as const;
export type Victims = (typeof victims)[number];

/** The kills of one round, and their cost. */
export interface Round {
  readonly victims: Victims;
  readonly killed: readonly number[];
  /** Updates acknowledged before the killed servers were started again. */
  readonly outageUpdates: number;
  /** The longest time without an answer to any client, counted from when a majority was there. */
  readonly silenceMs: number;
}

interface KillOptions {
  /** Long outages last so many updates: enough for a server to need a snapshot of the leader. */
  readonly longOutageUpdates: number;
}

/** Events that servers tell of themselves with `--log-level debug`. */
interface ServerEvents {
  readonly elections: number;
  readonly snapshotsTaken: number;
  readonly snapshotsInstalled: number;
}

/** Kills servers that are under load and starts them again on what they kept. The draws decide all but the moments. */
export class KillRounds {
  kills = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly load: DurableLoad,
    private readonly prng: Prng,
    private readonly options: KillOptions,
  ) {}

  async round(kind: Victims = this.prng.pick(this.possible)): Promise<Round> {
    const { cluster, load, prng } = this;
    const killed = await this.choose(kind);
    const outageUpdates = this.drawOutage(killed.length);
    const before = load.figures.acknowledged;
    let servedFrom = performance.now();
    await cluster.kill(...killed);
    this.kills += killed.length;
    if (outageUpdates > 0) await load.progress(outageUpdates);
    const outage = load.figures.acknowledged - before;
    if (prng.chance(0.2)) await this.killWhileStarting(prng.pick(killed));
    await cluster.restart(...killed);
    if (!this.isMajority(cluster.ids.length - killed.length)) servedFrom = performance.now();
    await load.progress(prng.between(5, 40));
    const silenceMs = load.longestSilenceMs(servedFrom, performance.now());
    return { victims: kind, killed, outageUpdates: outage, silenceMs };
  }

  private get possible(): readonly Victims[] {
    return this.cluster.ids.length > 2 ? victims : ['leader', 'all'];
  }

  /** Kills a server once more while it reads what it kept. */
  private async killWhileStarting(id: number): Promise<void> {
    const program = this.cluster.launch(id);
    if (this.prng.chance(0.5)) await program.firstLine();
    await program.kill();
    this.kills += 1;
  }

  private async choose(kind: Victims): Promise<number[]> {
    const { cluster, prng } = this;
    const minority = Math.floor((cluster.ids.length - 1) / 2);
    switch (kind) {
      case 'leader':
        return [await cluster.leader()];
      case 'follower':
        return [prng.pick(cluster.others(await cluster.leader()))];
      case 'minority':
        return prng.shuffle(cluster.ids).slice(0, minority);
      case 'majority':
        return prng.shuffle(cluster.ids).slice(0, cluster.ids.length - minority);
      case 'all':
        return cluster.ids;
    }
  }

  private drawOutage(killed: number): number {
    if (!this.isMajority(this.cluster.ids.length - killed) || this.prng.chance(0.3)) return 0;
    return this.prng.chance(0.3) ? this.options.longOutageUpdates : this.prng.between(1, 30);
  }

  private isMajority(servers: number): boolean {
    return 2 * servers > this.cluster.ids.length;
  }
}

/** Of a cluster with all that ever ran in it, or of one process. */
export function serverEvents({ stderr }: { readonly stderr: string }): ServerEvents {
  const count = (pattern: RegExp): number => stderr.match(pattern)?.length ?? 0;
  return {
    elections: count(/"role":"leader"/g),
    snapshotsTaken: count(/"msg":"snapshot taken"/g),
    snapshotsInstalled: count(/"msg":"snapshot of the leader installed"/g),
  };
}
