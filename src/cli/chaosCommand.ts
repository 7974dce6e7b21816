import type { Command } from 'commander';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT } from './command.js';

// Both are programs of their own, which know the servers from outside only.
export const monkey = fileURLToPath(new URL('../../chaos/main.js', import.meta.url));
const grader = fileURLToPath(new URL('../../chaos/grade/main.js', import.meta.url));

export function chaosCommand(program: Command): void {
  program
    .command('chaos')
    .description('crash, cut off and kill servers while clients work, and judge what they saw (chaos --help)')
    .argument('[args...]', 'cluster file and flags of the chaos monkey')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => {
      process.exitCode = await runChild(monkey, args);
    });
}

export function gradeCommand(program: Command): void {
  program
    .command('grade')
    .description("grade anybody's server of the assignment, or those of a whole course (grade --help)")
    .argument('[args...]', 'how a server is started, and flags of the grader')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => {
      process.exitCode = await runChild(grader, args);
    });
}

/**
 * Resolves to the program's exit code. It receives Ctrl-C from the terminal itself, and takes its time to undo what it did.
 */
export function runChild(main: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'inherit' });
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? EXIT.failure));
  });
}
