import { expect } from 'chai';
import { Scrape } from '../unit/metrics/scrape.js';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { until } from './support/waiting.js';

describe('metrics of real servers', () => {
  after(stopEverything);

  it('tell one story on all servers, and of a crash', async () => {
    const { cluster, leader } = await Cluster.startWithLeader(3, { flags: quickElections, durable: true });
    const scrape = async (id: number): Promise<Scrape> =>
      new Scrape(await (await fetch(`http://localhost:${cluster.ports[id]}/metrics`)).text());
    const put = { type: 'put', payload: { key: 'k', value: 'v' } };
    const messages = `http://localhost:${cluster.ports[leader]}/messages`;
    await fetch(messages, {
      method: 'POST',
      body: JSON.stringify(put),
      headers: { 'Content-Type': 'application/json' },
    });
    await until('the key on every server', async () => {
      const all = await Promise.all(cluster.ids.map(scrape));
      return all.every((one) => one.value('surfstore_server_keys') === 1);
    });
    const all = await Promise.all(cluster.ids.map(scrape));
    expect(all.map((one) => one.value('surfstore_server_is_leader'))).to.deep.equal(
      cluster.ids.map((id) => Number(id === leader)),
    );
    // The entry that founds the cluster, the put, and one for each server that came after the founding.
    const applied = all[0]?.value('surfstore_raft_entries_applied_total');
    expect(applied).to.be.within(2, 4);
    for (const [id, one] of all.entries()) {
      expect(one.value('surfstore_server_id')).to.equal(id);
      expect(one.value('surfstore_server_has_leader')).to.equal(1);
      expect(one.value('surfstore_raft_entries_applied_total')).to.equal(applied);
      expect(one.value('surfstore_storage_persist_duration_seconds_count')).to.be.greaterThan(1);
    }
    await cluster.call(leader, 'crash');
    const crashed = await scrape(leader);
    expect(crashed.value('surfstore_server_crashed')).to.equal(1);
    expect(crashed.value('surfstore_server_has_leader')).to.equal(0);
  });
});
