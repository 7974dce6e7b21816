// Times `surfstore sync` beside rclone, which copies the same folder into the same object store, and rsync, which copies
// it on this machine: the first copy of many small files and of a large one, a second one without a change, and one with
// a changed byte in the large file. Needs rclone and rsync, and an object store as scripts/radosgw.sh makes it:
//
//   npm run sync-speed -- --files 10000 --large-mib 1024
//
// Each tool runs as a process of its own, one after the other; what is printed is wall time, and the peak of its memory.

import { spawn, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { BenchCluster, main } from './cluster.js';
import { atEnd, memoryMib, runAndCleanUp } from './processes.js';

const MIB = 1024 * 1024;
const SMALL_BYTES = 4096;
/** Block size for the large file: as large as a store of objects likes them. */
const LARGE_BLOCK_BYTES = 4 * MIB;
const MEMORY_EVERY_MS = 50;

interface Sizes {
  readonly files: number;
  readonly largeMib: number;
}

interface Timing {
  readonly seconds: number;
  readonly peakMib: number;
}

/** A tool and its command, which copies one of the folders. */
interface Tool {
  readonly name: string;
  readonly command: readonly string[];
}

const steps = [
  'small files',
  'small files, nothing changed',
  'large file',
  'large file, one byte changed',
] as const;
type Step = (typeof steps)[number];

await runAndCleanUp(async () => {
  const { files, largeMib } = sizesOf(process.argv);
  const store = new URL(
    process.env['SURFSTORE_TEST_BLOCKS'] ?? usageError('no object store: run it under scripts/radosgw.sh'),
  );
  for (const program of ['rclone', 'rsync'])
    if (spawnSync(program, ['--version']).status !== 0) usageError(`${program} is not installed`);

  const root = mkdtempSync(join(tmpdir(), 'surfstore-sync-speed-'));
  atEnd(() => rmSync(root, { recursive: true, force: true }));
  const small = join(root, 'small');
  const large = join(root, 'large');
  makeFolders(small, large, { files, largeMib });

  const place = { root, store };
  const smallTools = await toolsFor('small', SMALL_BYTES, place);
  const largeTools = await toolsFor('large', LARGE_BLOCK_BYTES, place);
  const results = new Map<Step, Timing[]>();
  const measure = async (step: Step, tools: readonly Tool[]): Promise<void> => {
    const timings: Timing[] = [];
    for (const { command } of tools) timings.push(await timed(command, root));
    results.set(step, timings);
    process.stderr.write(`${step}: ${timings.map(({ seconds }) => seconds.toFixed(1)).join(', ')} s\n`);
  };
  await measure('small files', smallTools);
  // A file that has just changed may change again within the same tick of the file system's clock: it is read once more.
  for (const { command } of smallTools) await timed(command, root);
  await measure('small files, nothing changed', smallTools);
  await measure('large file', largeTools);
  changeByte(join(large, 'file'), Math.floor((largeMib * MIB) / 2));
  await measure('large file, one byte changed', largeTools);

  process.stdout.write(
    `${files} files of ${SMALL_BYTES} bytes; one of ${largeMib} MiB. Seconds, and peak of memory in MiB.\n\n`,
  );
  process.stdout.write(table(smallTools, results));
});

function sizesOf(argv: readonly string[]): Sizes {
  const whole = (text: string): number => {
    if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('write a whole number from 1.');
    return Number(text);
  };
  return new Command('sync-speed')
    .option('--files <n>', 'small files', whole, 10_000)
    .option('--large-mib <n>', 'size of the large file', whole, 1024)
    .parse(argv)
    .opts<Sizes>();
}

function usageError(problem: string): never {
  process.stderr.write(`sync-speed: ${problem}\n`);
  process.exit(2);
}

function makeFolders(small: string, large: string, { files, largeMib }: Sizes): void {
  mkdirSync(small);
  mkdirSync(large);
  const content = Buffer.alloc(SMALL_BYTES);
  for (let file = 0; file < files; file += 1)
    writeFileSync(join(small, `file${file}`), randomFillSync(content));
  const descriptor = openSync(join(large, 'file'), 'w');
  const piece = Buffer.alloc(MIB);
  for (let written = 0; written < largeMib; written += 1) writeSync(descriptor, randomFillSync(piece));
  closeSync(descriptor);
}

function changeByte(file: string, position: number): void {
  const descriptor = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, position);
  byte.writeUInt8(byte.readUInt8() ^ 1);
  writeSync(descriptor, byte, 0, 1, position);
  closeSync(descriptor);
}

/** The tools for one folder, ours with a cluster of three of its own. */
async function toolsFor(
  folder: 'small' | 'large',
  blockBytes: number,
  { root, store }: { readonly root: string; readonly store: URL },
): Promise<readonly Tool[]> {
  const blocks = new URL(store);
  blocks.pathname += `-${folder}`;
  const cluster = await BenchCluster.start({ servers: 3, durable: true, flags: ['--blocks', blocks.href] });
  await cluster.roles();
  const [server = ''] = cluster.addresses.map(({ host, port }) => `${host}:${port}`);
  const source = join(root, folder);
  const endpoint = store.searchParams.get('endpoint') ?? '';
  const { AWS_ACCESS_KEY_ID: key = '', AWS_SECRET_ACCESS_KEY: secret = '' } = process.env;
  const credentials = ['--s3-access-key-id', key, '--s3-secret-access-key', secret];
  const remote = ['--s3-provider', 'Ceph', '--s3-endpoint', endpoint, ...credentials, '--transfers', '8'];
  return [
    { name: 'surfstore', command: [process.execPath, main, 'sync', server, source, String(blockBytes)] },
    { name: 'rclone', command: ['rclone', 'sync', source, `:s3:${store.host}/rclone-${folder}`, ...remote] },
    { name: 'rsync', command: ['rsync', '-a', `${source}/`, join(root, `copy-${folder}`)] },
  ];
}

/** Runs a command to its end. */
async function timed([program = '', ...args]: readonly string[], root: string): Promise<Timing> {
  const startedAt = performance.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    // rclone cannot start with a bundle of certificates for AWS; all of this is on loopback, without any.
    env: { ...process.env, AWS_CA_BUNDLE: undefined, XDG_STATE_HOME: join(root, 'state') },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let peakMib = 0;
  const timer = setInterval(() => {
    if (child.pid !== undefined && child.exitCode === null)
      peakMib = Math.max(peakMib, memoryMib(child.pid, 'VmRSS') || 0);
  }, MEMORY_EVERY_MS);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(timer);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(code)}: ${stderr}`);
  return { seconds: (performance.now() - startedAt) / 1000, peakMib };
}

function table(tools: readonly Tool[], results: ReadonlyMap<Step, readonly Timing[]>): string {
  const heads = [
    'step',
    ...tools.map(({ name }) => name),
    ...tools.slice(1).map(({ name }) => `${name} / surfstore`),
  ];
  const rows = steps.map((step) => {
    const timings = results.get(step) ?? [];
    const [ours] = timings;
    const cells = timings.map(({ seconds, peakMib }) => `${seconds.toFixed(2)} (${peakMib.toFixed(0)})`);
    const ratios = timings.slice(1).map(({ seconds }) => (seconds / (ours?.seconds ?? 0)).toFixed(2));
    return [step, ...cells, ...ratios];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [
    line(heads),
    line(heads.map((_head, column) => (column === 0 ? ':---' : '---:'))),
    ...rows.map(line),
  ].join('');
}
