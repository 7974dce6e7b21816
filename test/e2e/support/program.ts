import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { within } from './waiting.js';

/** The root of the source tree. */
export const root = join(import.meta.dirname, '..', '..', '..');

/** How the product is started; every test goes through here. */
export const surfstoreCommand: readonly string[] = [
  process.execPath,
  join(root, 'dist', 'src', 'cli', 'main.js'),
];

/** Exit code, or the name of the signal that ended the process. */
export type ExitStatus = number | NodeJS.Signals;

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const running = new Set<Program>();
let keeper: ChildProcess | undefined;

/** A process in a process group of its own, with what it wrote. It does not outlive the test run. */
export class Program {
  stdout = '';
  stderr = '';
  /** Resolves when the process has ended. Nothing that it started need have ended. */
  readonly ended: Promise<ExitStatus>;
  /** Resolves when the process has ended, and with it all that share its output. */
  readonly closed: Promise<ExitStatus>;
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;

  constructor(command: readonly string[], options: ProgramOptions = {}) {
    const [file = '', ...args] = command;
    this.child = spawn(file, args, {
      cwd: options.cwd ?? root,
      env: { ...cleanEnvironment(), ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(this.child, 'exit').then(statusOf);
    this.closed = once(this.child, 'close').then(statusOf);
    running.add(this);
    tellKeeper(`+${this.pid}`);
    void this.closed.then(() => {
      running.delete(this);
      tellKeeper(`-${this.pid}`);
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.child.spawnfile} did not start`);
    return this.child.pid;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The first line on stdout, once it is complete. */
  async firstLine(deadlineMs = 15_000): Promise<string> {
    const line = async (): Promise<string> => {
      while (!this.stdout.includes('\n')) {
        const ended = this.closed.then((status) => {
          if (!this.stdout.includes('\n')) throw new Error(`ended with ${status}: ${this.stderr}`);
        });
        await Promise.race([once(this.child.stdout, 'data'), ended]);
      }
      return this.stdout.slice(0, this.stdout.indexOf('\n'));
    };
    return within(line(), deadlineMs, 'a first line on stdout');
  }

  /** Sends a signal to the process alone. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Kills the process and all that it started. */
  async kill(): Promise<void> {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await within(this.closed, 5_000, `the end of process group ${this.pid}`);
  }
}

/** A command of the product, or of another build of it by the path of its `main.js`. */
export function surfstore(
  args: readonly string[],
  { main, ...options }: ProgramOptions & { readonly main?: string | undefined } = {},
): Program {
  const command = main === undefined ? surfstoreCommand : [process.execPath, main];
  return new Program([...command, ...args], options);
}

/** Kills every program that is still running. */
export async function killPrograms(): Promise<void> {
  await Promise.all([...running].map((program) => program.kill()));
}

function statusOf([code, signal]: unknown[]): ExitStatus {
  return (code as number | null) ?? (signal as NodeJS.Signals);
}

/** The environment without settings from the shell of the test run: only tests set these variables. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const unwanted = ['NODE_OPTIONS', 'NO_COLOR', 'FORCE_COLOR', 'SURFSTORE_LOG_LEVEL'];
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.includes(name)));
}

function tellKeeper(line: string): void {
  if (keeper === undefined) {
    keeper = spawn('python3', [join(import.meta.dirname, '..', 'python', 'keeper.py')], {
      detached: true,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    keeper.unref();
    // The run need not wait for it: it is the keeper that waits for the run.
    (keeper.stdin as unknown as { unref(): void }).unref();
  }
  keeper.stdin?.write(`${line}\n`);
}
