import { InvalidArgumentError, type Command } from 'commander';

export interface Flags {
  readonly managed?: boolean;
  readonly servers?: number;
  readonly dataDir?: string;
  readonly scenario?: string;
  readonly list?: boolean;
  readonly seed?: number;
  readonly duration: number;
  readonly clients: number;
  readonly kvClients?: number;
  readonly files: number;
  readonly faults?: string;
  readonly atMostDown?: number;
  readonly out?: string;
  readonly writeEvaluation?: string;
  readonly serverProgram?: string;
}

/** Adds all flags of the monkey. What they come to together is checked elsewhere. */
export function addFlags(command: Command): Command {
  return command
    .option('--managed', 'start a cluster of its own on free ports of this machine, and end it afterwards')
    .option('--servers <n>', 'with --managed: so many servers (default: 5)', whole(1, 10))
    .option('--data-dir <dir>', 'with --managed: the servers keep their state in DIR/serverN')
    .option('--scenario <name>', 'tell this story instead of a random one')
    .option('--list', 'list the stories')
    .option(
      '--seed <n>',
      'draws all decisions; their timing in real life cannot be repeated (default: a new one)',
      whole(0, 2 ** 32 - 1),
    )
    .option('--duration <seconds>', 'how long', whole(1, 86_400), 60)
    .option('--clients <n>', 'so many clients read and write files', whole(0, 200), 8)
    .option(
      '--kv-clients <n>',
      'so many more append to lists under keys (default: half as many as --clients)',
      whole(0, 200),
    )
    .option('--files <n>', 'the files that they share', whole(1, 100), 5)
    .option(
      '--faults <list>',
      'random mode: crash, leader, majority, partition, isolate, one-way, bridge, flaky, and with --managed kill, pause',
    )
    .option(
      '--at-most-down <n>',
      'random mode: no more servers at a time (default: a minority, now and then a majority on purpose)',
      whole(0, 100),
    )
    .option('--out <dir>', 'where the results go (default: chaos-results/DATE-SCENARIO-SEED)')
    .option(
      '--write-evaluation <file>',
      'scenario evaluation: write statuses and what they mean, as Markdown',
    )
    .option(
      '--server-program <file>',
      'with --managed: another program as server, by its main JavaScript file',
    );
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,12}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}
