import { expect } from 'chai';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { apartFromLeaders } from './support/logLines.js';
import { surfstore } from './support/program.js';
import { until, within } from './support/waiting.js';

describe('surfstore recover', function () {
  this.timeout(60_000);

  after(stopEverything);

  /** A cluster that has stopped after some writes, more of them than fit in one snapshot when asked for. */
  async function stoppedCluster(size: number, flags: readonly string[] = []): Promise<Cluster> {
    const { cluster, leader } = await Cluster.startWithLeader(size, {
      flags: [...quickElections, ...flags],
      durable: true,
    });
    for (let version = 1; version <= 30; version += 1)
      expect(await cluster.update(leader, 'kept', version)).to.equal(true);
    await until('all have it', async () => (await cluster.versions('kept')).every((one) => one === 30));
    await cluster.kill(...cluster.ids);
    return cluster;
  }

  async function recover(
    cluster: Cluster,
    id: number,
    ...flags: readonly string[]
  ): Promise<{ status: unknown; stdout: string; stderr: string }> {
    const program = surfstore([
      'recover',
      ...[cluster.configFile, String(id), '--data-dir', cluster.dataDir(id)],
      ...flags,
    ]);
    const status = await within(program.closed, 10_000, 'the end of the command');
    return { status, stdout: program.stdout, stderr: program.stderr };
  }

  for (const [size, flags] of [
    [3, []],
    [5, ['--snapshot-entries', '10']],
  ] as const) {
    it(`makes a cluster of one directory and ${size - 1} empty ones, which has all that the one held`, async () => {
      const cluster = await stoppedCluster(size, flags);
      const [kept = 0, ...lost] = cluster.ids;
      for (const id of lost) cluster.wipe(id);
      expect((await recover(cluster, kept, '--accept-loss')).status).to.equal(0);

      await cluster.startServer(kept);
      const first = lost.slice(0, Math.floor(size / 2));
      await cluster.restart(...first);
      expect(await cluster.leader()).to.equal(kept);
      await cluster.restart(...lost.slice(first.length));
      await until('all have it', async () => (await cluster.versions('kept')).every((one) => one === 30));
      expect(await cluster.update(kept, 'kept', 31)).to.equal(true);

      // All of them count: the new cluster does without the directory that it came from.
      await until('all are voters', async () => {
        const { learners } = await cluster.status(kept);
        return Array.isArray(learners) && learners.length === 0;
      });
      await cluster.kill(kept);
      const next = await cluster.leader();
      expect(await cluster.update(next, 'kept', 32)).to.equal(true);
    });
  }

  it('leaves servers of the old cluster out, in words', async () => {
    const cluster = await stoppedCluster(3);
    cluster.wipe(1);
    expect((await recover(cluster, 0, '--accept-loss')).status).to.equal(0);
    await cluster.restart(0);
    await cluster.restart(1);
    expect(await cluster.leader()).to.equal(0);
    await cluster.restart(2);
    await until('the old one says why', () =>
      apartFromLeaders(cluster.process(2).stderr).some(({ msg }) => msg.includes('another cluster')),
    );
    expect(await cluster.update(0, 'kept', 31)).to.equal(true);
    expect((await cluster.versions('kept'))[2], 'it takes nothing of the new one').to.equal(0);
  });

  it('changes nothing without --accept-loss, and tells what there is', async () => {
    const cluster = await stoppedCluster(3);
    const { status, stdout, stderr } = await recover(cluster, 0);
    expect(status).to.equal(2);
    expect(stdout).to.match(/^cluster \S+, term \d+, log up to entry \d+ of term \d+/);
    expect(stderr).to.match(/^surfstore: nothing was changed; .*--accept-loss.*\n$/);
    await cluster.restart(...cluster.ids);
    expect(await cluster.update(await cluster.leader(), 'kept', 31)).to.equal(true);
  });

  it('refuses an empty directory, and one in use', async () => {
    const cluster = await Cluster.start(2, { durable: true, up: [1] });
    const empty = await recover(cluster, 0, '--accept-loss');
    expect(empty).to.include({ status: 2 });
    expect(empty.stderr).to.match(/^surfstore: .* holds nothing to recover\n$/);
    const inUse = await recover(cluster, 1, '--accept-loss');
    expect(inUse).to.include({ status: 2 });
    expect(inUse.stderr).to.match(/in use by another process/);
  });
});
