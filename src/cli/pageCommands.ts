import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runChild } from './chaosCommand.js';
import { CommandError, EXIT } from './command.js';

const simulator = fileURLToPath(new URL('../sim/main.js', import.meta.url));

const page = new URL('../../web/raft.html', import.meta.url);

/** Says where the page is in which Raft runs. */
export function learnCommand(program: Command): void {
  program
    .command('learn')
    .description('say where the page is that runs Raft in a browser, with stories and bugs to try')
    .action(() => {
      if (!existsSync(page)) throw new CommandError('the page is not built: run npm run build');
      process.stdout.write(`${page.href}\n`);
    });
}

/** The simulator, or with `--open` the run in a link of the page in which Raft runs. */
export function simCommand(program: Command): void {
  program
    .command('sim')
    .description(
      'run simulated clusters under faults (sim --help), or play a link of raft.html (sim --open LINK)',
    )
    .argument('[args...]', 'flags of the simulator, or --open and a link')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => {
      process.exitCode = args[0] === '--open' ? await open(args.slice(1)) : await runChild(simulator, args);
    });
}

/** Plays the run of a link up to its moment, as the page does, and says what it has come to. */
async function open([link, ...more]: readonly string[]): Promise<number> {
  if (link === undefined || more.length > 0)
    throw new CommandError(
      'sim --open needs one link: the address of the page, or its part from # on',
      EXIT.usage,
    );
  // Most commands need none of the simulator.
  const { History } = await import('../web/raft/history.js');
  const { readLink } = await import('../web/raft/permalink.js');
  const { properties } = await import('../web/raft/reasons.js');
  const at = link.indexOf('#');
  const moment = await readLink(link.slice(Math.max(0, at))).catch((error: unknown) => {
    throw new CommandError(error instanceof Error ? error.message : String(error), EXIT.usage);
  });
  const { actions, mode, bug } = moment;
  const history = new History(moment, actions);
  history.seek(moment.position);
  const { world } = history;
  const lines = [
    `seed ${moment.seed}, ${moment.servers} servers, rules ${mode === 'paper' ? 'as in the paper' : 'as shipped'}`,
    ...(bug === undefined ? [] : [`a bug in every server: ${bug}`]),
    `position ${world.position}, ${(world.nowMs / 1000).toFixed(3)} s, ${actions.length} actions`,
    `state ${world.hash}`,
    ...properties.map(({ id, name }) => `${world.violation?.property === id ? 'BROKEN' : 'holds '} ${name}`),
    ...(world.violation === undefined ? [] : [world.violation.text]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return world.violation === undefined ? EXIT.ok : EXIT.failure;
}
