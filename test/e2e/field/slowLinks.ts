import { setTimeout as sleep } from 'node:timers/promises';
import { KeyValueClient, SurfStoreClient } from '../../../src/client/index.js';
import { atEnd, Cluster } from '../support/cluster.js';
import { ThrottledLinks } from '../support/throttledLinks.js';
import { OpenCall, timed, until, within } from '../support/waiting.js';
import { Times } from './figures.js';

const BYTES_PER_MBIT = 125_000;
const LONG_MS = 60_000;
/** The pause between two small writes. */
const SMALL_PAUSE_MS = 50;

/** Something large that is written. */
interface SlowLinkCase {
  readonly name: string;
  readonly write: (clients: Clients) => Promise<void>;
}

interface Clients {
  readonly keys: KeyValueClient;
  readonly files: SurfStoreClient;
}

export const slowLinkCases: readonly SlowLinkCase[] = [
  { name: 'one list of 7.9 MB under a key', write: ({ keys }) => keys.put('large', listOf(7_900_000)) },
  {
    name: 'one hash list, 7.9 MB as XML',
    write: async ({ files }) => {
      if (!(await files.updateFile('large', 1, hashesOf(7_900_000))))
        throw new Error('the update was refused');
    },
  },
  {
    name: 'a list of 4 MB, three times',
    write: async ({ keys }) => {
      for (const key of ['first', 'second', 'third']) await keys.put(key, listOf(4_000_000));
    },
  },
];

interface SlowLinksOptions {
  readonly servers: number;
  /** The speed of each link in each direction, in Mbit/s. */
  readonly mbit: number;
  readonly main?: string | undefined;
}

interface SlowLinksResult {
  /** Until the large write was acknowledged; null when it never was. */
  readonly ackedMs: number | null;
  /** Until all servers had applied it. */
  readonly replicatedMs: number | null;
  /** How many terms were begun meanwhile. */
  readonly termsPassed: number;
  /** The small writes that were acknowledged meanwhile. */
  readonly small: Times;
  readonly violation: string | null;
}

/** Writes something large through slow links between the servers, with small writes beside it. */
export async function runSlowLinks(
  { write }: SlowLinkCase,
  { servers, mbit, main }: SlowLinksOptions,
): Promise<SlowLinksResult> {
  const cluster = await Cluster.prepare(servers, [], {
    main,
    routes: async (ports) => {
      const links = await ThrottledLinks.start(ports, mbit * BYTES_PER_MBIT);
      atEnd(() => links.close());
      return (from, to) => links.route(from, to);
    },
  });
  await Promise.all(cluster.ids.map((id) => cluster.startServer(id)));
  await cluster.heal();
  const clients = clientsOf(cluster);
  const termBefore = await highestTerm(cluster);
  const startedAt = performance.now();
  const since = (): number => Math.round(performance.now() - startedAt);

  const smallWrites = new SmallWrites(clients.files);
  const large = new OpenCall(write(clients).then(since));
  let violation: string | null = null;
  let ackedMs: number | null = null;
  let replicatedMs: number | null = null;
  try {
    ackedMs = await large.value(LONG_MS, 'the large write is acknowledged');
    await until('all servers have applied the same', () => haveAppliedAll(cluster), LONG_MS);
    replicatedMs = since();
    await smallWrites.end();
  } catch (error) {
    violation = error instanceof Error ? error.message : String(error);
  }
  const termsPassed = (await highestTerm(cluster)) - termBefore;
  if (termsPassed > 0) violation ??= `${termsPassed} new terms were begun`;
  clients.keys.close();
  clients.files.close();
  await smallWrites.end().catch(() => undefined);
  return { ackedMs, replicatedMs, termsPassed, small: smallWrites.times, violation };
}

/** Small updates, one after another. */
class SmallWrites {
  readonly times = new Times();
  private isEnding = false;
  private readonly work: OpenCall;

  constructor(private readonly client: SurfStoreClient) {
    this.work = new OpenCall(this.run());
  }

  /** @throws what an update failed with */
  async end(): Promise<void> {
    this.isEnding = true;
    await this.work.value(LONG_MS, 'the last small write is acknowledged');
  }

  private async run(): Promise<void> {
    for (let version = 1; !this.isEnding; version += 1) {
      const { value, tookMs } = await timed(() => this.client.updateFile('small', version, ['h']));
      if (!value) throw new Error(`version ${version} of a small file was refused`);
      this.times.add(tookMs);
      await sleep(SMALL_PAUSE_MS);
    }
  }
}

function clientsOf(cluster: Cluster): Clients {
  const servers = cluster.ids.map((id) => ({ id, host: '127.0.0.1', port: cluster.port(id) }));
  const options = { servers, deadlineMs: LONG_MS, attemptMs: LONG_MS };
  const clients = { keys: new KeyValueClient(options), files: new SurfStoreClient(options) };
  atEnd(() => {
    clients.keys.close();
    clients.files.close();
  });
  return clients;
}

async function highestTerm(cluster: Cluster): Promise<number> {
  const statuses = await Promise.all(cluster.ids.map((id) => cluster.status(id)));
  return Math.max(...statuses.map((status) => Number(status['term'])));
}

/** Whether every server has applied all that any of them knows as committed. */
async function haveAppliedAll(cluster: Cluster): Promise<boolean> {
  const statuses = await within(
    Promise.all(cluster.ids.map((id) => cluster.status(id))),
    LONG_MS,
    'the status of all servers',
  );
  const commit = Math.max(...statuses.map((status) => Number(status['commitIndex'])));
  return statuses.every((status) => Number(status['lastApplied']) >= commit - 2);
}

/** A list that takes so many bytes as JSON. */
function listOf(bytes: number): string[] {
  const item = 'x'.repeat(997);
  return Array.from({ length: Math.floor(bytes / 1_000) }, () => item);
}

/** Hashes that take so many bytes in a call. */
function hashesOf(bytes: number): string[] {
  const hash = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
  const around = '<value><string></string></value>'.length;
  return Array.from({ length: Math.floor(bytes / (hash.length + around)) }, () => hash);
}
