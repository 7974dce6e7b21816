import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerAddress } from '../../src/config/clusterFile.js';
import type { Prng } from '../../src/sim/prng.js';
import { Client } from './client.js';
import type { ClientLog } from './clientLog.js';

/** Every second client waits as long as it takes, as the assignment has it; the others go looking for another server. */
const PATIENT_MS = 600_000;
const IMPATIENT_MS = 1_500;
const RETRY_MS = 5_000;

/** Between two operations of a client. */
const PAUSE_MS_MIN = 30;
const PAUSE_MS_MAX = 150;

const UPDATE_SHARE = 0.7;

/**
 * Every fourth client only reads. Nothing that it asks of a leader without a majority is answered, and it would be the one to
 * notice if it were: who writes there is stuck.
 */
const READER_EVERY = 4;

/** Clients that update and read the files of the run until they are told to end. */
export class Workload {
  private readonly clients: readonly Client[];
  private readonly work: readonly Promise<void>[];
  private isEnding = false;

  constructor(
    count: number,
    addresses: readonly ServerAddress[],
    private readonly files: readonly string[],
    /** All files of the run, also those that these clients do not write. */
    private readonly allFiles: readonly string[],
    prng: Prng,
    log: ClientLog,
  ) {
    this.clients = Array.from({ length: count }, (_, number) => {
      const patienceMs = number % 2 === 0 ? PATIENT_MS : IMPATIENT_MS;
      return new Client(`c${number + 1}`, addresses, log, { patienceMs, retryMs: RETRY_MS });
    });
    this.work = this.clients.map((client, number) => {
      const updateShare = number % READER_EVERY === READER_EVERY - 1 ? 0 : UPDATE_SHARE;
      return this.run(client, updateShare, prng.fork(number));
    });
  }

  /**
   * No more operations begin. Calls that wait are given this long to be answered; then they are given up, their outcome unknown.
   */
  async end(graceMs: number): Promise<void> {
    this.isEnding = true;
    const timer = setTimeout(() => {
      for (const client of this.clients) client.hangUp();
    }, graceMs);
    await Promise.all(this.work);
    clearTimeout(timer);
    for (const client of this.clients) client.hangUp();
  }

  private async run(client: Client, updateShare: number, prng: Prng): Promise<void> {
    let mustRead = true;
    while (!this.isEnding) {
      if (mustRead || !prng.chance(updateShare)) {
        mustRead = (await client.read(this.allFiles)) === undefined;
      } else {
        // After a refusal, or without an answer, only a read tells what the version is.
        mustRead = (await client.update(prng.pick(this.files))) !== true;
      }
      await sleep(prng.between(PAUSE_MS_MIN, PAUSE_MS_MAX));
    }
  }
}
