import type { Prng } from '../../src/sim/prng.js';
import type { Cluster } from '../cluster/cluster.js';
import { Client } from './client.js';
import type { ClientLog } from './clientLog.js';
import type { Worker } from './workload.js';

/** Every second client waits as long as it takes, as the assignment has it; the others go looking for another server. */
const PATIENT_MS = 600_000;
const IMPATIENT_MS = 1_500;
const RETRY_MS = 5_000;

const UPDATE_SHARE = 0.7;

/**
 * Every fourth client only reads. Nothing that it asks of a leader without a majority is answered, and it would be the one to
 * notice if it were: who writes there is stuck.
 */
const READER_EVERY = 4;

/** Every fourth client, one that writes, learns versions from `tester_getversion`: a map that is broken does not keep it from writing. */
const MAPLESS_PLACE = 2;

interface FileWorkPlan {
  readonly clients: number;
  readonly cluster: Pick<Cluster, 'servers' | 'dialect'>;
  /** The files that these clients write. */
  readonly files: readonly string[];
  /** All files of the run, also those that these clients do not write. */
  readonly allFiles: readonly string[];
  readonly prng: Prng;
  /** Whether the map that servers give can be read. */
  readonly readsMap: boolean;
}

/** Clients that update and read the files of the run. */
export function fileWorkers(plan: FileWorkPlan, log: ClientLog): Worker[] {
  return Array.from({ length: plan.clients }, (_, number) => {
    const patienceMs = number % 2 === 0 ? PATIENT_MS : IMPATIENT_MS;
    const updateShare = number % READER_EVERY === READER_EVERY - 1 ? 0 : UPDATE_SHARE;
    const client = new Client(`c${number + 1}`, plan.cluster, log, { patienceMs, retryMs: RETRY_MS });
    const readsMap = plan.readsMap && number % READER_EVERY !== MAPLESS_PLACE;
    return new FileWorker(client, plan, { updateShare, readsMap }, plan.prng.fork(number));
  });
}

class FileWorker implements Worker {
  private mustRead = true;

  constructor(
    private readonly client: Client,
    private readonly plan: FileWorkPlan,
    private readonly habits: { readonly updateShare: number; readonly readsMap: boolean },
    readonly prng: Prng,
  ) {}

  async work(): Promise<void> {
    const { client, plan, prng, habits } = this;
    if (!habits.readsMap) {
      const file = prng.pick(plan.files);
      if (this.mustRead || !client.known.has(file)) await client.learnVersion(file);
      this.mustRead = (await client.update(file)) !== true;
    } else if (this.mustRead || !prng.chance(habits.updateShare)) {
      this.mustRead = (await client.read(plan.allFiles)) === undefined;
    } else {
      // After a refusal, or without an answer, only a read tells what the version is.
      this.mustRead = (await client.update(prng.pick(plan.files))) !== true;
    }
  }

  hangUp(): void {
    this.client.hangUp();
  }
}
