import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from './cluster.js';

const source = join(import.meta.dirname, 'slowSync.c');

/** Why syncs cannot be delayed here; undefined when they can. */
export function whyNoSlowSyncs(): string | undefined {
  if (process.platform !== 'linux')
    return `a library is preloaded, which works on Linux, not on ${process.platform}`;
  const { status, error, stderr } = spawnSync('gcc', ['--version'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr).trim();
}

/** The environment of a server each of whose syncs takes this much longer. */
export function slowSyncs(delayMs: number): Record<string, string> {
  const library = join(temporaryFolder(), 'slowSync.so');
  const { status, stderr } = spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`gcc cannot compile ${source}: ${stderr}`);
  return { LD_PRELOAD: library, SYNC_DELAY_MS: String(delayMs) };
}
