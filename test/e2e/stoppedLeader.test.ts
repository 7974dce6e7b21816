import { Prng } from '../../src/sim/prng.js';
import { Cluster, ELECTION_MS, quickElections, stopEverything } from './support/cluster.js';
import { DurableLoad } from './support/durableLoad.js';
import { until, within } from './support/waiting.js';

const STOPS = 2;

describe('a leader that stands still (SIGSTOP) for longer than an election, under load', function () {
  this.timeout(40_000);

  after(stopEverything);

  for (const durable of [false, true]) {
    it(`gives no stale read and loses no write when it goes on, ${durable ? 'with a data directory' : 'in memory'}`, async () => {
      const { cluster } = await Cluster.startWithLeader(3, { flags: quickElections, durable });
      const load = await DurableLoad.start(cluster, new Prng(durable ? 1 : 2), { patienceMs: 1_000 });
      for (let stop = 1; stop <= STOPS; stop += 1) await standStill(cluster, load);
      await load.judge();
    });
  }

  /** Calls reach the leader before it stands still and while it does; another one leads meanwhile. */
  async function standStill(cluster: Cluster, load: DurableLoad): Promise<void> {
    const leader = await cluster.leader();
    const server = cluster.process(leader);
    const open = callsAt(leader, load);
    server.signal('SIGSTOP');
    try {
      open.push(...callsAt(leader, load));
      await until('another leader', () => anotherLeads(cluster, leader), ELECTION_MS);
      await load.progress(50);
      open.push(...callsAt(leader, load));
    } finally {
      server.signal('SIGCONT');
    }
    await within(Promise.all(open), 10_000, 'answers to the calls at the leader that stood still');
    await load.progress(50);
  }

  function callsAt(id: number, load: DurableLoad): Promise<void>[] {
    return [load.readAt(id), load.updateAt(id, 'file 0'), load.updateAt(id, 'file 1'), load.readAt(id)];
  }

  async function anotherLeads(cluster: Cluster, than: number): Promise<boolean> {
    const views = await Promise.all(cluster.others(than).map((id) => cluster.call(id, 'isLeader')));
    return views.includes(true);
  }
});
