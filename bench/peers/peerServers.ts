import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd, ServerProcess } from '../processes.js';

/** A cluster of another system has this long to elect a leader. */
const ELECTION_MS = 30_000;
const STEP_MS = 100;

/** A directory that is removed at the end. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `surfstore-bench-${name}-`));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Starts a server whose output goes to a file. */
export function startLogged(
  logFile: string,
  { name, program, args }: { name: string; program: string; args: readonly string[] },
): ServerProcess {
  return new ServerProcess({ name, program, args, output: openSync(logFile, 'w') });
}

/**
 * Asks until there is an answer.
 * @throws Error with the last one and the end of the log when there is none in time
 */
export async function whenReady<T>(name: string, logFile: string, ask: () => Promise<T>): Promise<T> {
  const endsAt = performance.now() + ELECTION_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() < endsAt) {
        await sleep(STEP_MS);
        continue;
      }
      const log = readFileSync(logFile, 'utf8').slice(-2000);
      throw new Error(`${name} is not ready: ${String(error)}\n${log}`, { cause: error });
    }
  }
}
