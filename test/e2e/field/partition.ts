import type { Cluster } from '../support/cluster.js';

/**
 * Some servers of a cluster, cut off together from all others in both directions. It outlasts their
 * restarts.
 */
export class Partition {
  private readonly away = new Set<number>();

  constructor(private readonly cluster: Cluster) {}

  async cutOff(ids: readonly number[]): Promise<void> {
    for (const id of ids) this.away.add(id);
    await this.apply();
  }

  /**
   * A server that was cut off is with the others again; one that was started anew hears whom it
   * should.
   */
  async reconnect(id: number): Promise<void> {
    this.away.delete(id);
    await this.apply();
  }

  async heal(): Promise<void> {
    this.away.clear();
    await this.apply();
  }

  private async apply(): Promise<void> {
    const { away, cluster } = this;
    await Promise.all(
      cluster.running.map((id) => {
        const dropped = cluster.ids.filter((other) => away.has(other) !== away.has(id));
        return cluster.call(id, 'makeUnreachableFrom', [dropped]);
      }),
    );
  }
}
