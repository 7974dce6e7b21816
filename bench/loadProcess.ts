import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { atEnd } from './processes.js';
import type { Job, Measurement } from './load.js';

const program = fileURLToPath(new URL('load.ts', import.meta.url));

/** The load generator, as its parent has it. */
export class LoadProcess {
  private constructor(private readonly child: ChildProcess) {}

  static start(): LoadProcess {
    const child = fork(program, { execArgv: ['--import', 'tsx'], detached: true });
    atEnd(() => {
      child.kill();
    });
    return new LoadProcess(child);
  }

  /** @throws Error when a connection fails, or the generator ends */
  measure(job: Job): Promise<Measurement> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('the load generator has ended'));
      this.child.once('exit', onExit);
      this.child.once('message', (answer: Measurement | { error: string }) => {
        this.child.off('exit', onExit);
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer);
      });
      this.child.send(job);
    });
  }
}
