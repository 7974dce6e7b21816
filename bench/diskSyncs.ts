import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './results.js';

const SYNCS = 200;

/** How long it takes to append 300 bytes to a file and to sync it: what every durable write waits for at least. */
export class DiskSyncs {
  private readonly times: number[] = [];

  measure(): void {
    const directory = mkdtempSync(join(tmpdir(), 'surfstore-sync-'));
    const file = openSync(join(directory, 'file'), 'w');
    const record = Buffer.alloc(300, 'x');
    for (let sync = 0; sync < SYNCS; sync += 1) {
      const startedAt = performance.now();
      writeSync(file, record);
      fdatasyncSync(file);
      this.times.push(performance.now() - startedAt);
    }
    closeSync(file);
    rmSync(directory, { recursive: true });
  }

  get medianMs(): number {
    return median(this.times);
  }
}
