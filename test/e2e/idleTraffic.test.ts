import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd, Cluster, stopEverything, type PeerRoute } from './support/cluster.js';
import { PeerProxy, portOf } from './support/peerProxy.js';
import { OpenCall } from './support/waiting.js';

const WINDOW_MS = 3_500;
/** The assignment: "a single node should be able to handle up to O(10) RPC calls per second". */
const PER_SECOND_MAX = 10;

describe('requests that an idle server receives from its peers, counted at the socket', function () {
  this.timeout(40_000);

  const runs = new Map<number, OpenCall<Rates>>();

  interface Rates {
    readonly idle: readonly number[];
    readonly withoutMajority: readonly number[];
  }

  before(() => {
    for (const size of [3, 5, 10]) runs.set(size, new OpenCall(measure(size)));
  });
  after(stopEverything);

  for (const size of [3, 5, 10]) {
    it(`are at most ten per second in a cluster of ${size}, with a leader and without a majority`, async () => {
      const rates = await runs.get(size)?.value(35_000);
      if (rates === undefined) throw new Error(`${size} was not measured`);
      console.log(
        `      with a leader ${shown(rates.idle)}; without a majority ${shown(rates.withoutMajority)}`,
      );
      expect(Math.max(...rates.idle)).to.be.at.most(PER_SECOND_MAX);
      expect(Math.max(...rates.withoutMajority)).to.be.at.most(PER_SECOND_MAX);
      // All but the leader hear a few heartbeats per second: the proxies do count.
      expect(rates.idle.filter((rate) => rate >= 1)).to.have.length(size - 1);
    });
  }

  async function measure(size: number): Promise<Rates> {
    let before: readonly PeerProxy[] = [];
    const routes = async (ports: readonly number[]): Promise<PeerRoute> => {
      before = await PeerProxy.startAll(ports);
      atEnd(() => before.forEach((proxy) => proxy.close()));
      return (_from, to) => portOf(before[to]);
    };
    const cluster = await Cluster.prepare(size, [], { routes });
    await Promise.all(cluster.ids.map((id) => cluster.startServer(id)));
    const leader = await cluster.leader();
    const idle = await ratesOf(before);
    await cluster.crash(...cluster.ids.filter((id) => id === leader || id % 2 === 1));
    return { idle, withoutMajority: await ratesOf(before) };
  }

  async function ratesOf(counted: readonly PeerProxy[]): Promise<number[]> {
    const startedAt = performance.now();
    const before = counted.map(({ requests }) => requests);
    await sleep(WINDOW_MS);
    const seconds = (performance.now() - startedAt) / 1_000;
    return counted.map(({ requests }, id) => (requests - (before[id] ?? 0)) / seconds);
  }

  function shown(rates: readonly number[]): string {
    return rates.map((rate) => rate.toFixed(1)).join(' ');
  }
});
