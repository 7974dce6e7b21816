import { expect } from 'chai';
import { Cluster, ELECTION_MS, stopEverything } from './support/cluster.js';
import { timed, until } from './support/waiting.js';

/** More of them take a minute: SURFSTORE_LONG=1. */
const crashes = process.env['SURFSTORE_LONG'] === undefined ? 10 : 30;

describe('leaders crashed one after another, each restored once it has been replaced', function () {
  this.timeout(crashes * (ELECTION_MS + 2_000));

  after(stopEverything);

  it(`each of ${crashes} crashes brings a new, different leader within 5 s, and no update is lost`, async () => {
    const { cluster, leader: first } = await Cluster.startWithLeader(5);
    const times: number[] = [];
    let leader = first;
    for (let version = 1; version <= crashes; version += 1) {
      expect(await cluster.update(leader, 'crashes.txt', version), `version ${version}`).to.equal(true);
      await cluster.crash(leader);
      const { value: next, tookMs } = await timed(() => newLeader(cluster, leader));
      expect(next).not.to.equal(leader);
      times.push(Math.round(tookMs));
      await cluster.restore(leader);
      leader = next;
    }
    const sorted = times.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    console.log(`      new leader after ms: ${sorted.join(' ')}; median ${median}`);

    expect(await cluster.call(leader, 'getfileinfomap')).to.deep.equal(
      new Map([['crashes.txt', [crashes, ['h']]]]),
    );
  });

  async function newLeader(cluster: Cluster, crashed: number): Promise<number> {
    return until(
      'a new leader',
      async () => {
        const leaders = await cluster.leaders();
        expect(leaders).not.to.include(crashed);
        return leaders[0];
      },
      ELECTION_MS,
    );
  }
});
