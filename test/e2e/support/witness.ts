import { expect } from 'chai';
import type { XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { ELECTION_MS, type Cluster } from './cluster.js';
import { until } from './waiting.js';

/** Remembers every acknowledged update and proves, after whatever was done to the cluster, that nothing is lost. */
export class Witness {
  private readonly acknowledged = new Map<string, [number, XmlRpcValue]>();
  private readonly pids: readonly number[];

  private constructor(private readonly cluster: Cluster) {
    this.pids = cluster.running.map((id) => cluster.process(id).pid);
  }

  static async begin(cluster: Cluster): Promise<Witness> {
    const witness = new Witness(cluster);
    const leader = await cluster.leader();
    for (let file = 0; file < 10; file += 1) await witness.write(leader, `witness ${file}`);
    return witness;
  }

  /** All servers live on, the cluster answers within the time of an election, and knows all that it acknowledged. */
  async prove(): Promise<void> {
    const { cluster } = this;
    expect(
      cluster.running.map((id) => cluster.process(id).pid),
      `no server has ended; stderr: ${cluster.stderr}`,
    ).to.deep.equal(this.pids);
    const leader = await until(
      'a leader that takes an update',
      async () => {
        const [first] = await cluster.leaders();
        return first !== undefined && (await this.write(first, 'proof').catch(() => false))
          ? first
          : undefined;
      },
      ELECTION_MS,
    );
    const map = await cluster.call(leader, 'getfileinfomap');
    for (const [name, [version, hashes]] of this.acknowledged) {
      expect((map as Map<string, unknown>).get(name), name).to.deep.equal([version, hashes]);
    }
    for (const [name, [version]] of this.acknowledged) {
      const versions = await cluster.versions(name);
      const reached = versions.filter((one) => one === version).length;
      expect(reached, `${name} on a majority, versions ${versions.join(' ')}`).to.be.greaterThan(
        versions.length / 2,
      );
    }
  }

  private async write(leader: number, name: string): Promise<true> {
    const version = (this.acknowledged.get(name)?.[0] ?? 0) + 1;
    const hashes = [`${name} v${version}`];
    // An update of an earlier attempt may have been applied without an answer.
    const stored = await this.cluster.version(leader, name);
    const next = Math.max(version, stored + 1);
    expect(await this.cluster.update(leader, name, next, hashes)).to.equal(true);
    this.acknowledged.set(name, [next, hashes]);
    return true;
  }
}
