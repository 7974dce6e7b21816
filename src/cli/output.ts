import { EXIT } from './exitCodes.js';

let needsOutput = true;

/**
 * Decides what becomes of a process whose output cannot be written. A command whose answer nobody got has failed, and says so.
 * A reader that goes away (`surfstore files ... | head`) is no reason to complain.
 */
export function watchOutput(): void {
  // There is nobody left to tell.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!needsOutput) return;
    if (error.code === 'EPIPE') process.exit(EXIT.ok);
    process.stderr.write(`surfstore: cannot write the answer to stdout: ${error.message}\n`);
    process.exit(EXIT.failure);
  });
}

/** From now on this process lives on without its output: that of a server is a courtesy. */
export function liveWithoutOutput(): void {
  needsOutput = false;
}
