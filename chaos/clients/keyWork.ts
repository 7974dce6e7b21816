import type { ServerAddress } from '../../src/config/clusterFile.js';
import type { Prng } from '../../src/sim/prng.js';
import type { ServerId } from '../runRecord.js';
import type { ClientLog } from './clientLog.js';
import { KeyClient } from './keyClient.js';
import type { KeyRing } from './keyRing.js';
import type { Worker } from './workload.js';

/** So long a server may take to answer a call, and so long after that the client has given up to hear anything. */
const DEADLINE_MS = 1_500;
const SILENCE_MS = 2_500;
/** Every second client does not wait for the answer: it hangs up and sends the call again. */
const IMPATIENT_MS = 400;
/** One operation is sent again for so long. */
const RETRY_MS = 15_000;

const GET_SHARE = 0.3;
/** Of the changes of a key that is also put. */
const PUT_SHARE = 0.15;

interface KeyWorkPlan {
  readonly clients: number;
  readonly addresses: readonly ServerAddress[];
  readonly ring: KeyRing;
  /** Who seems to lead. */
  readonly leader: () => ServerId | undefined;
  readonly prng: Prng;
}

/** Clients that append to lists under keys, read them, and now and then put a fresh list. */
export function keyWorkers(plan: KeyWorkPlan, log: ClientLog): Worker[] {
  return Array.from({ length: plan.clients }, (_, number) => {
    const name = `k${number + 1}`;
    const prng = plan.prng.fork(number);
    const client = new KeyClient(name, plan.addresses, log, {
      deadlineMs: DEADLINE_MS,
      patienceMs: number % 2 === 0 ? DEADLINE_MS + SILENCE_MS : IMPATIENT_MS,
      retryMs: RETRY_MS,
      leader: plan.leader,
      prng,
    });
    return new KeyWorker(client, plan.ring, prng);
  });
}

class KeyWorker implements Worker {
  private elements = 0;

  constructor(
    private readonly client: KeyClient,
    private readonly ring: KeyRing,
    readonly prng: Prng,
  ) {}

  async work(): Promise<void> {
    const { client, ring, prng } = this;
    const key = ring.pick(prng);
    if (prng.chance(GET_SHARE)) {
      await client.get(key.name);
      return;
    }
    ring.countWrite(key);
    if (key.use === 'mixed' && prng.chance(PUT_SHARE)) {
      return client.put(key.name, [this.newElement(), this.newElement()]);
    }
    return client.append(key.name, this.newElement());
  }

  hangUp(): void {
    this.client.hangUp();
  }

  /** A string that nobody else writes in this run. */
  private newElement(): string {
    this.elements += 1;
    return `${this.client.name}-${this.elements}`;
  }
}
