import { expect } from 'chai';
import { hostileConnections } from './hostile/connections.js';
import { forgedPeers } from './hostile/forgedPeers.js';
import { hostileKeyValues } from './hostile/keyValues.js';
import { hostileRequests } from './hostile/requests.js';
import { HEAD_MS, neverFinishHead } from './hostile/slowHead.js';
import type { Target } from './hostile/target.js';
import { Cluster, stopEverything } from './support/cluster.js';
import { OpenCall } from './support/waiting.js';
import { Witness } from './support/witness.js';

describe('nothing that comes over the network ends a server or loses an update', function () {
  this.timeout(40_000);

  let running: Target | undefined;
  /** Takes ten seconds, while the other tests go on. */
  let slowHead: OpenCall<number>;
  const target: Target = {
    get cluster() {
      return current().cluster;
    },
    get witness() {
      return current().witness;
    },
  };

  function current(): Target {
    if (running === undefined) throw new Error('the cluster was not started');
    return running;
  }

  before(async () => {
    const cluster = await Cluster.start(3);
    running = { cluster, witness: await Witness.begin(cluster) };
    slowHead = new OpenCall(neverFinishHead(cluster.port(0)));
  });
  after(stopEverything);

  describe('requests', () => hostileRequests(target));
  describe('messages of peers', () => forgedPeers(target));
  describe('keys and messages', () => hostileKeyValues(target));
  describe('connections', () => hostileConnections(target));

  describe('a slow client', () => {
    it('a client that never finishes the head of its request is hung up on', async () => {
      const afterMs = await slowHead.value(2 * HEAD_MS, 'the end of the connection');
      expect(afterMs).to.be.within(HEAD_MS - 500, HEAD_MS + 5_000);
      await target.witness.prove();
    });
  });
});
