import { Cluster, stopEverything } from './support/cluster.js';
import { python } from './support/python.js';
import { OpenCall } from './support/waiting.js';

const sizes = [1, 2, 3, 4, 5, 10];

describe('what testers of the assignment run, from Python', function () {
  this.timeout(100_000);

  let five: Cluster;
  // These spend their time waiting: they begin at once, each with servers of its own.
  let strawman: OpenCall<string>;
  let blockedUpdate: OpenCall<string>;
  const ofSize = new Map<number, OpenCall<string>>();

  before(async () => {
    const unstarted = await Cluster.prepare(5);
    strawman = new OpenCall(python('strawman.py', [unstarted.configFile, ...unstarted.addresses]));
    const threeOfFive = await Cluster.start(5, { up: [0, 1, 2] });
    blockedUpdate = new OpenCall(python('blocked_update.py', threeOfFive.addresses));
    five = await Cluster.start(5);
    // Two at a time: all of them together would be more processes than some machines can run in time.
    const lanes = [Promise.resolve(''), Promise.resolve('')];
    sizes.forEach((size, position) => {
      const lane = position % lanes.length;
      const run = (lanes[lane] ?? Promise.resolve('')).then(() => anySize(size));
      lanes[lane] = run.catch(() => '');
      ofSize.set(size, new OpenCall(run));
    });
  });
  after(stopEverything);

  it('1. one server: every call answers soon, with something that can be printed', async () => {
    const one = await Cluster.start(1);
    await python('one_server.py', one.addresses);
  });

  it('2. a follower that missed an update has it one second after its restore', async () => {
    await python('crashed_follower.py', five.addresses);
  });

  it('5. updates and the map are the leader’s, and the map is what was written', async () => {
    await python('map_of_writes.py', five.addresses);
  });

  it('6. versions of crashed servers do not move, and have caught up one second after restore, repeatedly', async () => {
    await python('crashed_minority.py', five.addresses);
  });

  it('7. a file that was never written has version 0 on every server, crashed ones included', async () => {
    await python('never_written.py', five.addresses);
  });

  it('8. blocks come back as they were, and a version is taken once and in order', async () => {
    await python('blocks.py', five.addresses);
  });

  it('3. of five servers started one at a time the third brings a leader, and each crashed leader a new one', async () => {
    await strawman.value(55_000);
  });

  it('4. three of five up and one crashed: an update still waits after 10 s, and ends when the leader is crashed', async () => {
    await blockedUpdate.value(55_000);
  });

  for (const size of sizes) {
    it(`a cluster of ${size} elects, goes on with ${majorityOf(size)}, blocks with fewer, and catches up`, async () => {
      await ofSize.get(size)?.value(95_000);
    });
  }
});

async function anySize(size: number): Promise<string> {
  const cluster = await Cluster.start(size);
  try {
    return await python('any_size.py', cluster.addresses, 80_000);
  } finally {
    await cluster.kill(...cluster.ids);
  }
}

function majorityOf(size: number): number {
  return Math.floor(size / 2) + 1;
}
