import { atEnd, Cluster, quickElections, stopEverything } from './support/cluster.js';
import { evilAnswers, EvilPeer } from './support/evilPeer.js';
import { until } from './support/waiting.js';
import { Witness } from './support/witness.js';

/** Enough that the leader has met the answer of the moment, also where each attempt ends in a timeout. */
const REQUESTS = 2;

describe('a peer that answers nonsense is a peer that is not there', function () {
  this.timeout(30_000);

  let cluster: Cluster;
  let evil: EvilPeer;
  let witness: Witness;

  before(async () => {
    cluster = await Cluster.prepare(3, [...quickElections, '--rpc-timeout-ms', '150']);
    const peer = await EvilPeer.start(cluster.port(2));
    atEnd(() => peer.close());
    evil = peer;
    await Promise.all([cluster.startServer(0), cluster.startServer(1)]);
    witness = await Witness.begin(cluster);
  });
  after(stopEverything);

  for (const [what, answer] of Object.entries(evilAnswers)) {
    it(`${what}: to appends and to requests for votes`, async () => {
      evil.answer = answer;
      const { requests } = evil;
      await until('appends', () => evil.requests >= requests + REQUESTS, 5_000);
      await witness.prove();
    });
  }

  it('any of these while the others elect', async () => {
    const answers = Object.values(evilAnswers);
    evil.answer = (response, request) => answers[evil.requests % answers.length]?.(response, request);
    for (let round = 0; round < 3; round += 1) {
      const leader = await cluster.leader();
      await cluster.crash(leader);
      const { requests } = evil;
      // The other one asks for votes, in vain: nonsense elects nobody.
      await until('requests for votes', () => evil.requests >= requests + REQUESTS, 10_000);
      await cluster.restore(leader);
      await until('a leader', async () => (await cluster.leaders()).length === 1, 10_000);
      await witness.prove();
    }
  });
});
