import { expect } from 'chai';
import { randomInt } from 'node:crypto';
import { Prng } from '../../../src/sim/prng.js';
import { stopEverything } from '../support/cluster.js';
import { whyNoSlowSyncs } from '../support/slowSyncs.js';
import { runSlowDisk } from './slowDisk.js';

/** Longer than the shortest election timeout, and than a server waits for the answer of another. */
const SYNC_MS = 700;
/** `npm run field -- slow-disk` loses more of them, with other delays. */
const LOSSES = 2;

describe('servers whose disks take long for each sync', function () {
  this.timeout(90_000);

  after(stopEverything);

  it(`replace a leader within 5 s when that takes ${SYNC_MS} ms`, async function () {
    const whyNot = whyNoSlowSyncs();
    if (whyNot !== undefined) {
      console.log(`    syncs cannot be delayed here: ${whyNot}`);
      this.skip();
    }
    const seed = randomInt(2 ** 31);
    const options = { servers: 3, losses: LOSSES, delayMs: SYNC_MS, prng: new Prng(seed) };
    const { violation, leaderTimes, writeTimes } = await runSlowDisk(options);
    expect(violation, `seed ${seed}`).to.equal(null);
    console.log(
      `      replaced after ${leaderTimes.maxMs} ms at most; a write then took ${writeTimes.maxMs} ms`,
    );
  });
});
