import { statfs } from 'node:fs/promises';
import type { DiskSample } from './sample.js';

/** Free space changes slowly, and a disk may be slow to tell. */
const MEASURED_EVERY_MS = 5_000;

/**
 * How much room there is where a server keeps its state. It is measured when somebody looks, and nobody waits for it: a disk that
 * hangs must not hide the rest.
 */
export class DiskWatch {
  private measuredAt = -Infinity;
  private isMeasuring = false;
  private sample: DiskSample;

  constructor(private readonly directory: string) {
    this.sample = { directory, freeBytes: null, totalBytes: null };
  }

  /** The last measurement; begins a new one when that is old. */
  look(): DiskSample {
    if (!this.isMeasuring && performance.now() - this.measuredAt >= MEASURED_EVERY_MS) void this.measure();
    return this.sample;
  }

  private async measure(): Promise<void> {
    this.isMeasuring = true;
    const { directory } = this;
    try {
      const { bavail, blocks, bsize } = await statfs(directory);
      this.sample = { directory, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      this.sample = { directory, freeBytes: null, totalBytes: null };
    }
    this.measuredAt = performance.now();
    this.isMeasuring = false;
  }
}
