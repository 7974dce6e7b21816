import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { offlineCommand } from './subject/confinement.js';

/** Set for the grader that runs without a network, so that it does not begin again. */
const MARK = 'SURFSTORE_GRADE_OFFLINE';

/**
 * Runs this very command once more where the network has nothing but loopback: the grader needs no more, and a server that it
 * starts has no more.
 *
 * @returns its exit code; undefined: this is that run, or the system does not allow it
 */
export async function offlineAgain(): Promise<number | undefined> {
  if (process.env[MARK] !== undefined || process.platform !== 'linux') return undefined;
  const [program, ...words] = offlineCommand() ?? [];
  if (program === undefined) return undefined;
  const args = [...words, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, [MARK]: '1' } });
  // From a terminal it gets them by itself; what is sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}
