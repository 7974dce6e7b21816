import { Command } from 'commander';
import { Prng } from '../../src/sim/prng.js';
import { wholeNumber } from '../../src/sim/wholeNumber.js';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { DurableLoad } from './support/durableLoad.js';
import { KillRounds, serverEvents, type Round } from './support/killRounds.js';

interface Flags {
  readonly kills: number;
  readonly seed: number;
  readonly servers: number;
  readonly snapshotEntries: number;
}

const flags = new Command('kills')
  .description(
    'kills servers with a data directory under load, starts them again, and judges what clients saw',
  )
  .option('--kills <n>', 'how many kills at least', wholeNumber, 100)
  .option('--seed <n>', 'who is killed, and for how long; the moments differ', wholeNumber, 1)
  .option('--servers <n>', 'servers of the cluster', wholeNumber, 3)
  .option('--snapshot-entries <n>', 'as of the server command', wholeNumber, 200)
  .parse()
  .opts<Flags>();

const startedAt = performance.now();
const prng = new Prng(flags.seed);
const cluster = await Cluster.start(flags.servers, {
  flags: [
    ...quickElections,
    ...['--log-level', 'debug', '--snapshot-entries', String(flags.snapshotEntries)],
  ],
  durable: true,
});
const load = await DurableLoad.start(cluster, prng.fork(1));
const killing = new KillRounds(cluster, load, prng.fork(2), {
  longOutageUpdates: 2 * flags.snapshotEntries,
});
const rounds: Round[] = [];
let violation: string | null = null;
try {
  while (killing.kills < flags.kills) {
    const round = await killing.round();
    rounds.push(round);
    say(progressOf(round));
  }
  await load.judge();
} catch (error) {
  violation = error instanceof Error ? error.message : String(error);
}
const longest = (among: readonly Round[]): number =>
  Math.round(Math.max(0, ...among.map(({ silenceMs }) => silenceMs)));
const majorityStayed = ({ killed }: Round): boolean => 2 * killed.length < flags.servers;
const summary = {
  ...flags,
  seconds: Math.round((performance.now() - startedAt) / 1_000),
  rounds: rounds.length,
  kills: killing.kills,
  ...load.figures,
  ...serverEvents(cluster),
  silenceMsMaxMajorityUp: longest(rounds.filter(majorityStayed)),
  silenceMsMaxAfterRestart: longest(rounds.filter((round) => !majorityStayed(round))),
  violation,
};
say(verdictOf());
say(JSON.stringify(summary));
process.exitCode = violation === null ? 0 : 1;
await load.end().catch(() => undefined);
await stopEverything();

function progressOf({ victims, killed, outageUpdates, silenceMs }: Round): string {
  return [
    `${killing.kills} kills`.padStart(9),
    victims.padEnd(8),
    `servers ${killed.join(' ')}`.padEnd(18),
    `${outageUpdates} updates meanwhile`.padStart(22),
    `silence ${Math.round(silenceMs)} ms`.padStart(16),
    `${load.figures.acknowledged} acknowledged`,
  ].join('  ');
}

function verdictOf(): string {
  const rows: readonly (readonly [string, string | number])[] = [
    ['kills', `${summary.kills} in ${summary.rounds} rounds, ${summary.seconds} s, seed ${flags.seed}`],
    [
      'updates',
      `${summary.acknowledged} acknowledged, ${summary.refused} refused, ${summary.failed} failed, ${summary.unknown} unknown`,
    ],
    ['reads', summary.reads],
    ['elections', summary.elections],
    ['snapshots', `${summary.snapshotsTaken} taken, ${summary.snapshotsInstalled} installed from a leader`],
    ['longest silence', `${summary.silenceMsMaxMajorityUp} ms with a majority up`],
    ['', `${summary.silenceMsMaxAfterRestart} ms after a majority was started again`],
    ['verdict', violation ?? 'nothing lost, linearizable, all servers equal'],
  ];
  return rows.map(([name, value]) => `${name.padEnd(16)} ${value}`).join('\n');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
