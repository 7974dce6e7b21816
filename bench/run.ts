/**
 * `npm run bench`: starts clusters of its own on free ports of this machine and measures them. The cases are run in turn,
 * round after round, and the medians over the rounds are printed as tables of Markdown.
 */
import { Command, Option } from 'commander';
import { runAndCleanUp } from './processes.js';
import { comparePeers, type ComparisonSettings } from './comparison.js';
import { LoadProcess } from './loadProcess.js';
import { measureOwnCases, type OwnCaseSettings } from './ownCases.js';

interface Flags extends Omit<OwnCaseSettings & ComparisonSettings, 'clients'> {
  readonly clients?: readonly number[];
  readonly peers?: boolean;
}

function clientsOf({ clients, peers, openLoop }: Flags): readonly number[] {
  if (clients !== undefined) return clients;
  // So many that a call seldom waits for its connection.
  if (openLoop !== undefined) return [64];
  return peers === true ? [1, 16, 64, 256] : [1, 16, 64];
}

async function run(flags: Flags): Promise<string> {
  const settings = { ...flags, clients: clientsOf(flags) };
  const load = LoadProcess.start();
  return flags.peers === true ? comparePeers(settings, load) : measureOwnCases(settings, load);
}

const numbers = (text: string): number[] => text.split(',').map(Number);
const program = new Command('bench')
  .description('measures clusters of this build on this machine')
  .option('--servers <n>', 'size of the cluster', Number, 3)
  .option('--rounds <n>', 'rounds over all cases', Number, 5)
  .option('--seconds <n>', 'length of one measurement', Number, 3)
  .option('--clients <list>', 'numbers of clients (default: 1,16,64)', numbers)
  .option('--cases <names>', 'only these, separated by semicolons; ping is always there', (text) =>
    text.split(';').map((name) => name.trim()),
  )
  .option('--against <main.js>', 'measure another build in turn with this one, and print the ratios')
  .option('--cpu-profile <dir>', 'write CPU profiles of the servers there')
  .option('--open-loop <rate>', 'so many calls a second, latencies counted from when they were due', Number)
  .addOption(
    new Option(
      '--peers',
      'instead: etcd and ZooKeeper in turn with this build, if they are installed',
    ).conflicts(['cases', 'against', 'cpuProfile']),
  )
  .option('--svg <file>', 'with --peers: a picture of the throughput of writes');
program.parse();
const flags = program.opts<Flags>();
if (flags.svg !== undefined && flags.peers !== true) program.error('--svg needs --peers');
await runAndCleanUp(async () => {
  process.stdout.write(await run(flags));
});
