import type { Prng } from '../../../src/sim/prng.js';
import { SimHost, type VirtualTime } from '../../../src/sim/simHost.js';
import { Crash } from '../memoryFileSystem.js';

/** Steps that change the folder or the store. */
const CHANGES = /^(?:create|write|append|rename|link|remove|mkdir|rmdir|set|sync|syncdir|update|PUT)\b/;

/** A process is killed in its so many-th step of those whose names begin like this, or a moment later. */
export interface LastStep {
  readonly kind: string;
  readonly count: number;
}

interface LifeOptions {
  readonly name: string;
  readonly stepMaxMs: number;
  readonly lastStep: LastStep | undefined;
  readonly isDryRun: boolean;
  readonly onStep: (name: string) => void;
  /** Told of a change during a dry run. */
  readonly onForbidden: (name: string) => void;
  /** Told that it has come to its last step. */
  readonly onLastStep: () => void;
}

/**
 * One process of a client: every step on files and every call takes time, and none comes to its end once the process has
 * been killed. Of the bytes that were being written then a part may be there.
 */
export class ClientLife {
  readonly host: SimHost;
  steps = 0;
  /** The file that it was about to tell the store of, last. */
  lastUpdated: string | undefined;
  private ids = 0;
  private stepsOfKind = 0;
  /** Ends each write that is under way in the middle of it. */
  private readonly writes = new Set<() => void>();

  constructor(
    time: VirtualTime,
    private readonly random: Prng,
    private readonly options: LifeOptions,
  ) {
    this.host = new SimHost(time, 1);
  }

  /** A text that nobody else has made. */
  newId(): string {
    this.ids += 1;
    return `${this.options.name}.${this.ids}`;
  }

  step(name: string): Promise<void> {
    const { options, random } = this;
    if (!this.host.isAlive) return new Promise(() => undefined);
    this.steps += 1;
    options.onStep(name);
    this.lastUpdated = /^update (.*) \d+$/.exec(name)?.[1] ?? this.lastUpdated;
    if (options.isDryRun && CHANGES.test(name)) options.onForbidden(name);
    if (options.lastStep !== undefined && name.startsWith(options.lastStep.kind)) {
      this.stepsOfKind += 1;
      if (this.stepsOfKind === options.lastStep.count) options.onLastStep();
    }
    return new Promise((resolve, reject) => {
      const tear = (): void => reject(new Crash(name, false));
      if (/^(?:write|append) /.test(name)) this.writes.add(tear);
      this.host.after(options.stepMaxMs * random.next(), () => {
        this.writes.delete(tear);
        resolve();
      });
    });
  }

  kill(): void {
    this.host.kill();
    const [first] = this.writes;
    if (first !== undefined && this.random.chance(0.5)) first();
  }
}
