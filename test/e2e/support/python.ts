import { join } from 'node:path';
import { Program, surfstoreCommand } from './program.js';
import { within } from './waiting.js';

/**
 * Runs a script of test/e2e/python to its end and gives what it printed; throws that when it did not exit with 0.
 * It finds the command that starts the product in SURFSTORE_COMMAND.
 */
export async function python(
  script: string,
  args: readonly string[] = [],
  deadlineMs = 60_000,
): Promise<string> {
  const file = join(import.meta.dirname, '..', 'python', script);
  const program = new Program(['python3', '-B', file, ...args], {
    env: { SURFSTORE_COMMAND: JSON.stringify(surfstoreCommand) },
  });
  try {
    const status = await within(program.closed, deadlineMs, `the end of ${script}`);
    if (status !== 0) throw new Error(`${script} ended with ${status}:\n${program.stdout}${program.stderr}`);
    return program.stdout;
  } catch (error) {
    await program.kill();
    throw error;
  }
}
