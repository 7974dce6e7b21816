import { KeyValueClient } from '../../../src/client/index.js';
import { Cluster, ELECTION_MS, quickElections } from '../support/cluster.js';
import { pause, within } from '../support/waiting.js';
import { get } from './probes.js';

const OLD_WRITES = 60;
const NEW_WRITES = 3;
const WATCH_MS = 4_000;
const KEY = 'history';

interface WipedMajority {
  readonly observations: readonly string[];
  readonly violations: readonly string[];
}

/**
 * Three servers; two of them lose their disks and are started first, then the third one, which has
 * all. What was acknowledged cannot be told from what was not any more, so it is enough that no two
 * histories are ever read, and that the third server says why it does not take part.
 */
export async function wipedMajority(main?: string): Promise<WipedMajority> {
  const cluster = await Cluster.start(3, { flags: quickElections, durable: true, main });
  await write(cluster, 'old', OLD_WRITES);
  await cluster.heal();
  await cluster.kill(...cluster.ids);
  for (const id of [1, 2]) cluster.wipe(id);

  await cluster.restart(1, 2);
  const observations: string[] = [];
  const violations: string[] = [];
  const isServing = await cluster.leader(ELECTION_MS).then(
    () => true,
    () => false,
  );
  observations.push(isServing ? 'the two emptied servers serve' : 'the two emptied servers wait');
  if (isServing) await write(cluster, 'new', NEW_WRITES);

  const third = cluster.launch(0);
  await third.firstLine().catch(() => undefined);
  const answers = await watch(cluster);
  for (const id of cluster.ids)
    observations.push(`server ${id} reads ${[...(answers.get(id) ?? [])].join(', ')}`);
  const read = new Set([...answers.values()].flatMap((found) => [...found]));
  if (read.has('old') && (read.has('new') || isServing)) violations.push('two histories are read');
  const reason = await reasonOf(cluster);
  observations.push(`server 0: ${reason ?? 'ready'}`);
  if (isServing && reason === undefined) violations.push('server 0 says that it is ready');
  return { observations, violations };
}

/** The reason that server 0 gives for not taking part; undefined when it takes part. */
async function reasonOf(cluster: Cluster): Promise<string | undefined> {
  const program = cluster.process(0);
  if (program.hasEnded)
    return `ended with ${await within(program.ended, 1_000, 'its end')}: ${program.stderr.trim()}`;
  const { status, text } = await get(cluster.port(0), '/readyz');
  return status === 200 ? undefined : `/readyz ${status} ${text.trim()}`;
}

async function write(cluster: Cluster, value: string, writes: number): Promise<void> {
  const servers = cluster.running.map((id) => ({ id, host: '127.0.0.1', port: cluster.port(id) }));
  const client = new KeyValueClient({ servers });
  try {
    for (let number = 0; number < writes; number += 1) await client.put(KEY, [value]);
  } finally {
    client.close();
  }
}

/** The values that each server gives for the key, in some seconds. */
async function watch(cluster: Cluster): Promise<Map<number, Set<string>>> {
  const found = new Map(cluster.ids.map((id) => [id, new Set<string>()]));
  const endsAt = performance.now() + WATCH_MS;
  while (performance.now() < endsAt) {
    await Promise.all(
      cluster.running.map(async (id) => {
        const { status, text } = await get(cluster.port(id), `/keys/${KEY}?timeout_ms=500`);
        found.get(id)?.add(status === 200 ? String(JSON.parse(text)) : `HTTP ${status}`);
      }),
    );
    await pause();
  }
  return found;
}
