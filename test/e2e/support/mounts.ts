import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { atEnd, temporaryFolder } from './cluster.js';

/** File systems that tests may break. They are gone after the tests, however those end. */
const mounted = new Set<string>();
process.once('exit', unmountAll);

/** Why nothing can be mounted here; undefined when it can. */
export function whyNoMounts(): string | undefined {
  const folder = temporaryFolder();
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], {
    encoding: 'utf8',
  });
  if (status !== 0) return (error?.message ?? stderr).trim();
  execFileSync('umount', [folder]);
  return undefined;
}

/** A disk of its own on which only so much fits. */
export function mountSmallDisk(directory: string, mebibytes: number): void {
  mkdirSync(directory, { recursive: true });
  mount(directory, ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory]);
}

export function resizeDisk(directory: string, mebibytes: number): void {
  execFileSync('mount', ['-o', `remount,size=${mebibytes}m`, directory]);
}

/**
 * From now on nothing can be made or opened for writing in this directory; what is open stays writable. A mount that
 * became read-only in place would be busy if a server opened a file in the meantime; one at the side has no writers,
 * and a mount of it is read-only from the beginning.
 */
export function makeReadOnly(directory: string): void {
  const side = temporaryFolder();
  mount(side, ['--bind', directory, side]);
  execFileSync('mount', ['-o', 'remount,ro,bind', side]);
  mount(directory, ['--bind', side, directory]);
  unmount(side);
}

/** Takes back the last mount on this directory. */
export function unmount(directory: string): void {
  execFileSync('umount', [directory]);
  mounted.delete(directory);
}

function mount(directory: string, args: readonly string[]): void {
  execFileSync('mount', args);
  mounted.add(directory);
  atEnd(unmountAll);
}

/** Also below a process that was not stopped in time. */
function unmountAll(): void {
  for (const directory of mounted) spawnSync('umount', ['--lazy', directory]);
  mounted.clear();
}
