import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { readClusterFile, serverOf } from '../config/clusterFile.js';
import { addressOf } from '../net/address.js';
import type { ServerOptions } from '../config/options.js';
import { programVersion, startServer } from './assembly.js';
import { EXIT, onStopSignal } from './command.js';
import { createLogger, LoggingObserver } from './logging.js';
import { liveWithoutOutput } from './output.js';
import { addServerFlags, serverOptionsFrom } from './serverFlags.js';

/** A start that takes longer is announced, once. */
const SLOW_START_MS = 1_000;
const SLOW_START = 'still starting: reading the data directory';

/** Sent over the channel to a parent process, if there is one, when the server answers. */
export const READY_MESSAGE = 'ready';

export function serverCommand(program: Command): void {
  const command = program
    .command('server')
    .description('run one server of a cluster until it is told to stop (SIGTERM, SIGINT, SIGHUP)')
    .argument('<config>', 'cluster file: "M: N", then a line "metadataI: host:port" per server')
    .argument('<id>', 'number of this server, from 0');
  addServerFlags(command).action((config: string, id: string, flags: Partial<ServerOptions>) =>
    run(config, id, flags),
  );
}

/** Room for new objects, in bytes: with less, a fifth of the leader's time goes into collecting them; more is not faster. */
const NEW_SPACE_BYTES = 16 * 1024 * 1024;

/**
 * Without these flags V8 keeps 32 MiB for new objects, and lets garbage grow to the size of what is alive before it
 * collects any: a server with 100,000 keys of 256 bytes then takes 290 MiB, with them 180.
 */
function limitGarbage(): void {
  setFlagsFromString('--heap-growing-percent=25');
  // One step from the 4 MiB at the start, and no further one.
  setFlagsFromString('--semi-space-growth-factor=4');
  const observer = new PerformanceObserver(() => {
    const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if (space !== undefined && space.space_size < NEW_SPACE_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}

async function run(config: string, idText: string, flags: Partial<ServerOptions>): Promise<void> {
  limitGarbage();
  liveWithoutOutput();
  const options = serverOptionsFrom(flags);
  const cluster = readClusterFile(config);
  const server = serverOf(cluster, idText);
  const log = await createLogger(options, server.id);
  const observer = new LoggingObserver(log, options.tickMs);
  observer.holdBack();
  const failed = new Promise<Error>((resolve) => (observer.onFailed = resolve));
  const slow = setTimeout(() => log.info(SLOW_START), SLOW_START_MS).unref();
  const running = await startServer({ cluster, server, options, log, observer }).finally(() =>
    clearTimeout(slow),
  );
  const ended = untilTold(failed);
  process.stdout.write(
    `surfstore ${programVersion}: server ${server.id} of ${cluster.servers.length} is ready at ${addressOf(server)}\n`,
  );
  observer.ready();
  process.send?.(READY_MESSAGE);
  process.exitCode = await ended;
  await running.stop();
  if (process.connected) process.disconnect();
}

/**
 * Resolves to the exit code when the server is told to stop, loses its parent, or fails. A second signal ends it at
 * once.
 */
function untilTold(failed: Promise<Error>): Promise<number> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (): void => {
      signals += 1;
      if (signals > 1) process.exit(EXIT.failure);
      resolve(EXIT.ok);
    };
    onStopSignal(onSignal);
    void failed.then(({ message }) => {
      process.stderr.write(`surfstore: ${message}\n`);
      resolve(EXIT.failure);
    });
    if (process.send === undefined) return;
    // A parent that is gone can no longer stop this process.
    if (process.connected) process.on('disconnect', () => resolve(EXIT.ok));
    else resolve(EXIT.ok);
  });
}
