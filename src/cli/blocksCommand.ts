import { InvalidArgumentError, Option, type Command } from 'commander';
import { BLOCK_BYTES_MAX } from '../blocks/blockStore.js';
import { GRACE_MS } from '../blocks/collectedStore.js';
import { SurfStoreClient } from '../client/index.js';
import { readClusterFile } from '../config/clusterFile.js';
import { addressOf } from '../net/address.js';
import { BlockCallError, BlockCalls, type ServerUsage } from './blockCalls.js';
import { collectGarbage, countGarbage, type Swept } from './collectBlocks.js';
import { clientCommand, CommandError, EXIT, parseDuration, print, withClientOf } from './command.js';
import { table, terminalText } from './output.js';
import { verifyBlocks, type Verified } from './verifyBlocks.js';

type Format = 'table' | 'json';

interface CollectFlags {
  readonly grace: number;
  readonly dryRun?: boolean;
  readonly output: Format;
}

interface VerifyFlags {
  readonly timeout: number;
  readonly repair?: boolean;
  readonly from?: string;
  readonly blockSize: number;
  readonly output: Format;
}

/** Files whose missing blocks are shown one by one. */
const BROKEN_SHOWN_MAX = 20;

export function blocksCommand(program: Command): void {
  const blocks = program.command('blocks').description('look after the blocks that the servers keep');
  blocks
    .command('stat')
    .description('show what the store of each server holds')
    .argument('<config>', 'cluster file')
    .addOption(format())
    .action((config: string, { output }: { output: Format }) => stat(config, output));
  blocks
    .command('gc')
    .description('remove the blocks that no file needs, on all servers that answer')
    .argument('<config>', 'cluster file')
    .option('--dry-run', 'only count them; nothing is changed')
    .addOption(
      new Option(
        '--grace <duration>',
        'spare blocks used in this last time, for clients that do not send the epoch (90m, 24h)',
      )
        .argParser(parseDuration)
        .default(GRACE_MS, '24h'),
    )
    .addOption(format())
    .action((config: string, flags: CollectFlags) => collect(config, flags));
  clientCommand(
    blocks,
    'verify',
    'read every copy of every block that a file needs; exit code 1 when one is lost',
  )
    .option('--repair', 'store again what a server has lost')
    .option('--from <dir>', 'with --repair: take lost blocks from the files in this folder')
    .option('--block-size <bytes>', 'the size of the blocks of those files', blockSize, 4096)
    .addOption(format())
    .action((config: string, flags: VerifyFlags) => verify(config, flags));
}

async function stat(config: string, output: Format): Promise<void> {
  const { servers } = readClusterFile(config);
  await withCalls(async (calls) => {
    const usages = await Promise.all(
      servers.map((server) =>
        calls
          .usage(server)
          .catch((error: unknown) => (error instanceof Error ? error.message : String(error))),
      ),
    );
    if (output === 'json')
      print(
        JSON.stringify(
          usages.map((usage, id) => ({
            server: id,
            ...(typeof usage === 'string' ? { problem: usage } : usage),
          })),
        ),
      );
    else
      print(
        table(
          ['SERVER', 'ADDRESS', 'BLOCKS', 'BYTES', 'DAMAGED', 'EPOCH'],
          servers.map((server, at) => [
            String(server.id),
            addressOf(server),
            ...usageCells(usages[at] ?? ''),
          ]),
        ),
      );
    if (usages.some((usage) => typeof usage === 'string')) process.exitCode = EXIT.failure;
  });
}

function usageCells(usage: ServerUsage | string): string[] {
  if (typeof usage === 'string') return [terminalText(usage), '', '', ''];
  const { blocks, bytes, damaged, epoch } = usage;
  return [String(blocks), String(bytes), String(damaged), String(epoch)];
}

async function collect(config: string, { grace, dryRun = false, output }: CollectFlags): Promise<void> {
  const { servers } = readClusterFile(config);
  await withCalls(async (calls) => {
    const swept = await (dryRun ? countGarbage : collectGarbage)(calls, servers, grace);
    if (output === 'json') print(JSON.stringify({ dryRun, servers: swept }));
    else print(`${sweptTable(swept, dryRun)}\n${sweptSummary(swept, dryRun)}`);
    if (swept.some(({ problem }) => problem !== undefined)) process.exitCode = EXIT.failure;
  });
}

function sweptTable(swept: readonly Swept[], dryRun: boolean): string {
  const rows = swept.map(({ server, result, problem = '' }) =>
    result === undefined
      ? [String(server), terminalText(problem), '', '', '', '']
      : [server, result.blocks, result.referenced, result.spared, result.removed, result.removedBytes].map(
          String,
        ),
  );
  const removed = dryRun ? 'WOULD GO' : 'REMOVED';
  return table(['SERVER', 'BLOCKS', 'NEEDED', 'SPARED', removed, 'BYTES'], rows);
}

function sweptSummary(swept: readonly Swept[], dryRun: boolean): string {
  const results = swept.flatMap(({ result }) => (result === undefined ? [] : [result]));
  const copies = results.reduce((sum, { removed }) => sum + removed, 0);
  const bytes = results.reduce((sum, { removedBytes }) => sum + removedBytes, 0);
  return `${copies} copies of blocks, ${bytes} bytes, ${dryRun ? 'would be removed; nothing was changed' : 'were removed'}`;
}

async function verify(config: string, flags: VerifyFlags): Promise<void> {
  const { repair = false, from, blockSize: size, output, timeout } = flags;
  if (from !== undefined && !repair)
    throw new CommandError('--from needs --repair: it stores what the folder holds', EXIT.usage);
  await withClientOf(SurfStoreClient, config, timeout, async ({ cluster, client }) => {
    const files = await client.getFileInfoMap();
    await withCalls(async (calls) => {
      const options = { repair, from, blockSize: size };
      const verified = await verifyBlocks(calls, cluster.servers, files, options);
      print(output === 'json' ? JSON.stringify(verified) : verifiedText(verified));
      const isWhole = verified.broken.length === 0 && verified.silent.length === 0;
      if (!isWhole || verified.thin > (repair ? verified.repaired : 0)) process.exitCode = EXIT.failure;
    });
  });
}

function verifiedText({ files, blocks, bytes, whole, thin, repaired, broken, silent }: Verified): string {
  const lines = [
    `${files} files need ${blocks} blocks; ${whole + thin} of them were read, ${bytes} bytes`,
    `${whole} are on every server that should have them, ${thin} are not, ${repaired} were repaired`,
  ];
  for (const problem of silent) lines.push(`not asked: ${problem}`);
  for (const { name, missing } of broken.slice(0, BROKEN_SHOWN_MAX))
    lines.push(
      `lost: ${missing.length} blocks of ${JSON.stringify(name)}, ${missing[0]}${missing.length > 1 ? ' ...' : ''}`,
    );
  if (broken.length > BROKEN_SHOWN_MAX)
    lines.push(`lost: blocks of ${broken.length - BROKEN_SHOWN_MAX} more files`);
  if (broken.length === 0) lines.push('no file has lost a block');
  return lines.map((line) => terminalText(line)).join('\n');
}

async function withCalls(action: (calls: BlockCalls) => Promise<void>): Promise<void> {
  const calls = new BlockCalls();
  try {
    await action(calls);
  } catch (error) {
    if (error instanceof BlockCallError) throw new CommandError(error.message);
    throw error;
  } finally {
    calls.close();
  }
}

function blockSize(text: string): number {
  const bytes = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (bytes < 1 || bytes > BLOCK_BYTES_MAX)
    throw new InvalidArgumentError(`Write a whole number from 1 to ${BLOCK_BYTES_MAX}.`);
  return bytes;
}

function format(): Option {
  return new Option('-o, --output <format>', 'how to show it').choices(['table', 'json']).default('table');
}
