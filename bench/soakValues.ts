import { KeyValueClient, SurfStoreClient } from '../src/client/index.js';
import type { BenchCluster } from './cluster.js';

/** Characters of each value; they take a byte each. */
const VALUE_CHARS = 256 * 1024;
const MIB = 1024 * 1024;
const ROUNDS = 3;

/** MiB that a server takes without any data. */
const PROGRAM_MIB = 64;

/**
 * Writes values of a given size together, again and again, restarts all servers, and prints what memory each server needs
 * for each byte of the values: all that it is resident with beyond a program without data, mapped files not counted.
 */
export async function soakValues(cluster: BenchCluster, valuesMib: number): Promise<void> {
  const keys = Math.ceil((valuesMib * MIB) / VALUE_CHARS);
  const store = new KeyValueClient({ servers: cluster.addresses });
  const client = new SurfStoreClient({ servers: cluster.addresses });
  const ratios: number[] = [];
  const report = (when: string): void => {
    const cells = cluster.ids.map((id) => {
      const mib = cluster.ownMib(id);
      const ratio = (mib - PROGRAM_MIB) / valuesMib;
      ratios.push(ratio);
      return ` ${mib.toFixed(0)} (${ratio.toFixed(1)}) |`;
    });
    process.stdout.write(`| ${when} |${cells.join('')}\n`);
  };
  process.stdout.write(
    `${keys} values of 256 KiB, ${valuesMib} MiB together: MiB of each server, and bytes for each byte of the values\n\n` +
      `| |${cluster.ids.map((id) => ` server ${id} |`).join('')}\n|:---|${cluster.ids.map(() => '---:|').join('')}\n`,
  );
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (let key = 0; key < keys; key += 1) await store.put(`key-${key}`, valueOf(round, key));
      report(round === 1 ? 'written' : `overwritten, ${round - 1}`);
    }
    await cluster.kill(...cluster.ids);
    await Promise.all(cluster.ids.map((id) => cluster.startServer(id)));
    await client.findLeader();
    report('started again');
    for (let key = 0; key < keys; key += 1) {
      if ((await store.get(`key-${key}`)) !== valueOf(ROUNDS, key))
        throw new Error(`key-${key} is not as it was`);
    }
    report('read');
  } finally {
    store.close();
    client.close();
  }
  process.stdout.write(`at most ${Math.max(...ratios).toFixed(1)} bytes for each byte\n`);
}

function valueOf(round: number, key: number): string {
  return `${round}.${key}.`.padEnd(VALUE_CHARS, 'abcdefghijklmnopqrstuvwxyz0123456789');
}
