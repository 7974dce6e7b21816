import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT } from './command.js';

/** The monkey is a program of its own, which knows the servers from outside only. */
const monkey = fileURLToPath(new URL('../../chaos/main.js', import.meta.url));

export function chaosCommand(program: Command): void {
  program
    .command('chaos')
    .description('crash, cut off and kill servers while clients work, and judge what they saw (chaos --help)')
    .argument('[args...]', 'cluster file and flags of the chaos monkey')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => {
      process.exitCode = await run(args);
    });
}

/** Resolves to the monkey's exit code. It hears a Ctrl-C of the terminal itself, and takes its time to heal the cluster. */
function run(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [monkey, ...args], { stdio: 'inherit' });
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? EXIT.failure));
  });
}
