import { setTimeout as sleep } from 'node:timers/promises';
import { Prng } from '../../../src/sim/prng.js';
import { copyDataDir } from '../support/dataCopies.js';
import { Cluster, quickElections, temporaryFolder } from '../support/cluster.js';
import { UniqueWrites } from '../support/uniqueWrites.js';
import { until } from '../support/waiting.js';
import { Partition } from './partition.js';
import { get, isReady, versionsAt } from './probes.js';

const ROUNDS = 2;
const SETTLE_MS = 30_000;
/** Longer than it takes to elect somebody. */
const TEMPTATION_MS_MAX = 2_500;

export interface LostDisksRun {
  readonly seed: number;
  readonly acknowledged: number;
  /** The actions of the run. */
  readonly story: string;
  readonly violation: string | null;
}

/**
 * Servers that come back with an empty disk, or with an older copy of it, together with others that
 * were away for a while, while those who know what was acknowledged meanwhile are away. Never more
 * than a minority of the disks is lost at a time: so nothing that was acknowledged may be lost,
 * whoever comes back first.
 */
export class LostDisks {
  private readonly story: string[] = [];
  private readonly partition: Partition;

  private constructor(
    private readonly cluster: Cluster,
    private readonly prng: Prng,
    private readonly writes: UniqueWrites,
  ) {
    this.partition = new Partition(cluster);
  }

  static async run(seed: number, main?: string): Promise<LostDisksRun> {
    const prng = new Prng(seed);
    const servers = prng.chance(0.75) ? 3 : 5;
    const cluster = await Cluster.start(servers, { flags: quickElections, durable: true, main });
    const writes = new UniqueWrites(cluster, prng.fork(1));
    const disks = new LostDisks(cluster, prng.fork(2), writes);
    const violation = await disks.play().catch((error: unknown) => String(error));
    const story = `${servers} servers: ${disks.story.join(', ')}`;
    return { seed, acknowledged: writes.acknowledged.length, story, violation };
  }

  /** The loss that was found, or null. @throws Error when the cluster does not serve its clients again */
  private async play(): Promise<string | null> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const loss = (await this.settle()) ?? (await this.round());
      if (loss !== null) return loss;
    }
    await this.writes.end();
    return (await this.settle()) ?? (await this.difference());
  }

  private async round(): Promise<string | null> {
    const { cluster, prng, writes } = this;
    const minority = Math.floor((cluster.ids.length - 1) / 2);
    const servers = prng.shuffle(cluster.ids);
    const behind = servers.slice(0, prng.between(1, minority));
    const damaged = servers.slice(behind.length, behind.length + prng.between(1, minority));
    const rest = servers.slice(behind.length + damaged.length);

    const copies = new Map<number, string>();
    for (const id of damaged) if (prng.chance(0.4)) copies.set(id, await this.copy(id));
    // Copies are old from here on: everybody has been in touch with the server since.
    const loss = copies.size > 0 ? await this.settle() : null;
    if (loss !== null) return loss;
    await writes.progress(prng.between(5, 20));

    await this.takeAway(behind);
    await writes.progress(prng.between(5, 30));
    await cluster.kill(...damaged);
    for (const id of damaged) this.damage(id, copies.get(id));
    await this.takeAway(rest);
    for (const id of prng.shuffle([...damaged, ...behind])) await this.bringBack(id);
    await sleep(prng.between(0, TEMPTATION_MS_MAX));
    for (const id of prng.shuffle(rest)) {
      await this.bringBack(id);
      await sleep(prng.between(0, 300));
    }
    return null;
  }

  private async copy(id: number): Promise<string> {
    const folder = temporaryFolder();
    await this.cluster.kill(id);
    copyDataDir(this.cluster.dataDir(id), folder);
    await this.cluster.restart(id);
    return folder;
  }

  private damage(id: number, copy: string | undefined): void {
    this.cluster.wipe(id);
    if (copy !== undefined) copyDataDir(copy, this.cluster.dataDir(id));
    this.tell(copy === undefined ? 'emptied' : 'set back', [id]);
  }

  private async takeAway(ids: readonly number[]): Promise<void> {
    const isKilled = this.prng.chance(0.5);
    await (isKilled ? this.cluster.kill(...ids) : this.partition.cutOff(ids));
    this.tell(isKilled ? 'killed' : 'cut off', ids);
  }

  private async bringBack(id: number): Promise<void> {
    if (!this.cluster.running.includes(id)) await this.cluster.restart(id);
    await this.partition.reconnect(id);
    this.tell('back', [id]);
  }

  private tell(what: string, ids: readonly number[]): void {
    this.story.push(`${ids.join('+')} ${what}`);
  }

  /**
   * Waits until all servers are there and have what the others have; gives what was lost by then,
   * or null.
   */
  private async settle(): Promise<string | null> {
    const { cluster } = this;
    for (const id of cluster.ids) if (!cluster.running.includes(id)) await cluster.restart(id);
    await this.partition.heal();
    const acknowledged = [...this.writes.acknowledged];
    const commit = await until(
      'a server leads when all are back',
      async () => {
        const [leader, ...more] = await cluster.leaders();
        if (leader === undefined || more.length > 0) return undefined;
        return Number((await cluster.status(leader))['commitIndex']);
      },
      SETTLE_MS,
    );
    try {
      await until(
        `all servers are ready and have applied entry ${commit}`,
        async () => {
          const arePresent = await Promise.all(cluster.ids.map((id) => this.isPresent(id, commit)));
          return arePresent.every((isPresent) => isPresent);
        },
        SETTLE_MS,
      );
    } catch (error) {
      throw new Error(`${String(error)}; ${await this.states()}`, { cause: error });
    }
    for (const id of cluster.ids) {
      const missing = await this.missingAt(id, acknowledged);
      if (missing.length > 0)
        return `server ${id} lacks ${missing.length} of ${acknowledged.length} acknowledged writes, the first is "${missing[0] ?? ''}"`;
    }
    return null;
  }

  /** How each server is, for the message of a failure. */
  private async states(): Promise<string> {
    const texts = this.cluster.ids.map(async (id) => {
      const [status, ready] = await Promise.all([
        this.cluster.status(id),
        get(this.cluster.port(id), '/readyz'),
      ]);
      return `server ${id}: ${ready.text.trim()} ${JSON.stringify(status)}`;
    });
    return (await Promise.all(texts)).join('; ');
  }

  private async isPresent(id: number, index: number): Promise<boolean> {
    const [status, ready] = await Promise.all([this.cluster.status(id), isReady(this.cluster.port(id))]);
    return ready && Number(status['lastApplied']) >= index;
  }

  private async missingAt(id: number, names: readonly string[]): Promise<string[]> {
    const versions = await versionsAt(this.cluster.port(id), names);
    return names.filter((_name, index) => versions[index] !== 1);
  }

  /**
   * Once nobody writes any more, all servers have the same, those writes included of which nobody
   * knows what became.
   */
  private async difference(): Promise<string | null> {
    const { attempted } = this.writes;
    const all = await Promise.all(
      this.cluster.ids.map(async (id) => (await versionsAt(this.cluster.port(id), attempted)).join()),
    );
    return new Set(all).size === 1 ? null : 'the servers do not have the same files';
  }
}
