import type { SubjectProcess } from './subjectProcess.js';

const LOOK_EVERY_MS = 1_000;

/**
 * Ends servers that use more memory than they may. A limit of the system counts what a process maps, and Java and Node.js map
 * many times what they use.
 */
export class MemoryWatch {
  private readonly timer: NodeJS.Timeout;

  constructor(processes: () => Iterable<SubjectProcess>, memoryMb: number) {
    this.timer = setInterval(() => {
      for (const process of processes()) {
        const used = Math.round(process.memoryMb() ?? 0);
        if (used > memoryMb)
          process.endFor(`ended by the grader: it used ${used} MiB of memory, and ${memoryMb} are allowed`);
      }
    }, LOOK_EVERY_MS);
    this.timer.unref();
  }

  end(): void {
    clearInterval(this.timer);
  }
}
