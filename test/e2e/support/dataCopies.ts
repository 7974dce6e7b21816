import { cpSync } from 'node:fs';
import { basename } from 'node:path';

/** Copies a data directory that no process uses. The socket of a process that was killed stays behind: nobody can copy it. */
export function copyDataDir(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (path) => !basename(path).startsWith('lock-') });
}
