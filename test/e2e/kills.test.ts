import { expect } from 'chai';
import { randomInt } from 'node:crypto';
import { Prng } from '../../src/sim/prng.js';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { DurableLoad } from './support/durableLoad.js';
import { KillRounds, serverEvents, victims, type Victims } from './support/killRounds.js';

/** `npm run kills` goes on for longer. */
const rounds: readonly Victims[] = [...victims, 'leader'];
const SNAPSHOT_ENTRIES = 100;

describe('servers with a data directory, killed under load', function () {
  this.timeout(60_000);

  after(stopEverything);

  it('lose no acknowledged update, whoever is killed and when, and their clients see one history', async () => {
    const seed = randomInt(2 ** 31);
    try {
      await killUnderLoad(new Prng(seed));
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  });

  async function killUnderLoad(prng: Prng): Promise<void> {
    const flags = [
      ...quickElections,
      ...['--log-level', 'debug', '--snapshot-entries', String(SNAPSHOT_ENTRIES)],
    ];
    const { cluster } = await Cluster.startWithLeader(3, { flags, durable: true });
    const load = await DurableLoad.start(cluster, prng.fork(1));
    const killing = new KillRounds(cluster, load, prng.fork(2), { longOutageUpdates: 2 * SNAPSHOT_ENTRIES });
    let longestMs = 0;
    for (const kind of prng.shuffle(rounds)) {
      const { silenceMs } = await killing.round(kind);
      longestMs = Math.max(longestMs, silenceMs);
    }
    await load.judge();
    const { elections, snapshotsTaken, snapshotsInstalled } = serverEvents(cluster);
    expect(snapshotsTaken, 'snapshots taken').to.be.greaterThan(0);
    console.log(
      `      ${killing.kills} kills, ${load.figures.acknowledged} updates, ${load.figures.unknown} unknown, ` +
        `${load.figures.reads} reads, ${elections} elections, ${snapshotsTaken} snapshots taken, ` +
        `${snapshotsInstalled} installed; longest silence ${Math.round(longestMs)} ms`,
    );
  }
});
