#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readClusterFile } from '../src/config/clusterFile.js';
import { attachedCluster, findDialect } from './cluster/attached.js';
import { ClusterError, type Cluster } from './cluster/cluster.js';
import { ManagedCluster } from './cluster/managed.js';
import { serverProgram } from './cluster/serverProgram.js';
import { addFlags, type Flags } from './flags.js';
import { commandLine, splitArguments } from './commandLine.js';
import { evaluationText } from './output/evaluationText.js';
import { createFolder, writeRun } from './output/files.js';
import { scenarioList } from './output/scenarioList.js';
import { summaryTable } from './output/summaryTable.js';
import { runChaos, type RunSettings } from './run.js';
import type { RunRecord } from './runRecord.js';
import { storyFrom, type Story } from './story.js';
import { UsageError } from './usageError.js';

/** The exit codes: verdicts without a FAIL, with one, wrong usage, or no run at all. */
const EXIT = { pass: 0, fail: 1, usage: 2, noRun: 3 } as const;

const SERVERS = 5;
const SAME_SIGNAL_MS = 1_000;
const SEED_MAX = 1_000_000;

const { own, serverFlags } = splitArguments(process.argv.slice(2));

function createProgram(): Command {
  const program = new Command('chaos')
    .description(
      'A chaos monkey: does bad things to a SurfStore cluster while clients use it, and judges whether it kept its promises. ' +
        'What follows a second -- goes to the servers of --managed as flags.',
    )
    .argument('[config]', 'cluster file of a running cluster (all of its files stay as they are)')
    .configureOutput({
      outputError: (text, write) => write(`chaos: ${text.trim().replace(/^error: /, '')} (see --help)\n`),
    })
    .exitOverride();
  return addFlags(program).action((config: string | undefined, flags: Flags) => perform(config, flags));
}

async function perform(config: string | undefined, flags: Flags): Promise<void> {
  if (flags.list === true) return void process.stdout.write(`${scenarioList()}\n`);
  checkUsage(config, flags);
  const seed = flags.seed ?? randomInt(SEED_MAX);
  const addresses = config === undefined ? undefined : readClusterFile(config).servers;
  const size = addresses?.length ?? flags.servers ?? SERVERS;
  const wanted = storyFrom(flags, size, seed, 'own');
  const out = flags.out ?? join('chaos-results', `${dateText(new Date())}-${wanted.scenario}-${seed}`);
  createFolder(out);
  const interrupted = interruption(config);

  const cluster =
    addresses === undefined
      ? await startCluster(flags, wanted, out)
      : attachedCluster(addresses, await findDialect(addresses));
  try {
    const story = cluster.dialect === 'own' ? wanted : storyFrom(flags, size, seed, cluster.dialect);
    const settings = settingsOf(flags, story, seed, cluster, interrupted);
    process.stderr.write(`chaos: ${story.scenario}, seed ${seed}, ${cluster.servers.length} servers\n`);
    const { record, notes } = await runChaos(cluster, settings);
    const files = writeRun(out, record);
    if (flags.writeEvaluation !== undefined) {
      writeFileSync(flags.writeEvaluation, evaluationText(record, notes));
      files.push(flags.writeEvaluation);
    }
    process.stdout.write(`${summaryTable(record)}\n${files.join('\n')}\nagain: ${record.command}\n`);
    process.exitCode = exitCodeOf(record);
  } finally {
    await cluster.close();
  }
}

/** A run that judged nothing has not shown that anything is well. */
function exitCodeOf({ checks }: RunRecord): number {
  if (checks.some(({ verdict }) => verdict === 'fail')) return EXIT.fail;
  if (checks.some(({ verdict }) => verdict === 'pass')) return EXIT.pass;
  process.stderr.write('chaos: nothing could be judged\n');
  return EXIT.noRun;
}

/** @throws UsageError */
function checkUsage(config: string | undefined, flags: Flags): void {
  if ((config === undefined) === (flags.managed !== true))
    throw new UsageError('give either the cluster file of a running cluster, or --managed');
  if (flags.managed === true) return;
  const foreign = (['servers', 'dataDir', 'serverProgram'] as const).some(
    (name) => flags[name] !== undefined,
  );
  if (foreign || serverFlags.length > 0)
    throw new UsageError('--servers, --data-dir and flags for servers go with --managed');
}

function startCluster(flags: Flags, { needsDisk }: Story, out: string): Promise<Cluster> {
  return ManagedCluster.start({
    size: flags.servers ?? SERVERS,
    program: flags.serverProgram ?? serverProgram,
    flags: serverFlags,
    state: flags.dataDir === undefined ? (needsDisk ? 'temporary' : 'inMemory') : { dataDir: flags.dataDir },
    logDir: out,
  });
}

function settingsOf(
  flags: Flags,
  story: Story,
  seed: number,
  cluster: Cluster,
  interrupted: AbortSignal,
): RunSettings {
  // On servers that may hold files of earlier runs, those of this run have names of their own, and so have keys and clients.
  const isFresh = flags.managed === true && flags.dataDir === undefined;
  const suffix = isFresh ? '' : `-${Date.now().toString(36)}`;
  const nameFor = (name: string): string => `${name}${suffix}`;
  if (flags.faults?.split(',').includes('kill') === true && !cluster.durable) {
    process.stderr.write(
      'chaos: without --data-dir a killed server has forgotten its log and its vote: acknowledged updates may be lost\n',
    );
  }
  return {
    ...story,
    program: 'surfstore chaos',
    seed,
    durationMs: flags.duration * 1_000,
    clients: flags.clients,
    kvClients: cluster.dialect === 'own' ? (flags.kvClients ?? Math.floor(flags.clients / 2)) : 0,
    files: Array.from({ length: flags.files }, (_, number) => nameFor(`file${number}`)),
    nameFor,
    command: commandLine(own, serverFlags, seed),
    interrupted,
  };
}

/**
 * Ctrl-C ends the story; a second one ends everything at once. `timeout` may deliver its one signal twice: what comes within a
 * second is the same one.
 *
 * @param config the cluster file, where servers stay when we are gone
 */
function interruption(config: string | undefined): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        if (performance.now() - firstAt < SAME_SIGNAL_MS) return;
        if (config !== undefined) process.stderr.write(leftBehind(config));
        process.exit(EXIT.noRun);
      }
      process.stderr.write('\nchaos: heals everything; once more ends at once\n');
      firstAt = performance.now();
      controller.abort();
    });
  }
  return controller.signal;
}

function leftBehind(config: string): string {
  return (
    '\nchaos: servers may stay crashed, or cut off from others: restore them with ' +
    `surfstore restore ${config} all; to heal their links too, run the monkey again, which heals everything first\n`
  );
}

/** As in 20261121-094512. */
function dateText(date: Date): string {
  return date.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}

/** The exit code for an error, after one line about it on stderr. */
function report(error: unknown): number {
  // Commander has said its own already; help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.pass : EXIT.usage;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`chaos: ${message}\n`);
  // A cluster file that cannot be read is a slip in what was typed.
  if (error instanceof UsageError || (error instanceof Error && error.name === 'ConfigError'))
    return EXIT.usage;
  if (!(error instanceof ClusterError) && error instanceof Error && error.stack !== undefined)
    process.stderr.write(`${error.stack}\n`);
  return EXIT.noRun;
}

try {
  const program = createProgram();
  if (own.length === 0) {
    program.outputHelp({ error: true });
    process.exitCode = EXIT.usage;
  } else await program.parseAsync(own, { from: 'user' });
} catch (error) {
  process.exitCode = report(error);
}
