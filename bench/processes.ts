import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** The unit of CPU times under Linux. */
const MICROS_PER_TICK = 10_000;

/** Exit code of a program that was interrupted, as shells have it for SIGINT. */
const INTERRUPTED = 130;

const cleanUps: (() => Promise<void> | void)[] = [];

/** Has something done when the program ends, however it ends; the last first. */
export function atEnd(cleanUp: () => Promise<void> | void): void {
  cleanUps.push(cleanUp);
}

/** Runs a program that starts servers: none of them outlives it, also when it fails or is interrupted. */
export async function runAndCleanUp(program: () => Promise<void>): Promise<void> {
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => resolve('interrupted'));
  });
  try {
    const outcome = await Promise.race([program(), interrupted]);
    if (outcome === 'interrupted') process.exitCode = INTERRUPTED;
  } finally {
    // The program may still be starting something while it is interrupted.
    for (let next = cleanUps.pop(); next !== undefined; next = cleanUps.pop()) {
      try {
        await next();
      } catch (error) {
        process.stderr.write(`${String(error)}\n`);
      }
    }
  }
  // An interrupted program may wait for servers that are gone.
  if (process.exitCode === INTERRUPTED) process.exit();
}

/** How a server process is started. */
interface ServerCommand {
  /** Names the server in errors. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** An open file for all that it writes; stderr is that of this process when it is absent. */
  readonly output?: number;
}

/**
 * A server in a process group of its own, so that a Ctrl-C in the terminal reaches the benchmark alone, which
 * then ends its servers.
 */
export class ServerProcess {
  private readonly name: string;
  private readonly child: ChildProcess;

  constructor({ name, program, args, env, output }: ServerCommand) {
    this.name = name;
    this.child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', output ?? 'pipe', output ?? 'inherit'],
      env: env ?? process.env,
    });
    // A program that cannot be started has no pid, and whoever asks for that hears of it.
    this.child.on('error', () => undefined);
    atEnd(() => this.end('SIGKILL'));
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`${this.name} did not start`);
    return this.child.pid;
  }

  /** Resolves when the server writes something on stdout. */
  firstOutput(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.child.stdout?.once('data', () => resolve());
      this.child.once('exit', (code) => reject(new Error(`${this.name} ended with exit code ${code}`)));
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends a signal that ends the process; resolves when it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { pid, exitCode, signalCode } = this.child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      this.child.once('exit', () => resolve());
      this.child.kill(signal);
    });
  }
}

/** The CPU time that a process has taken so far, in microseconds; in steps of 10,000. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, which may hold anything, is in parentheses; user and system time are the fields 14 and 15.
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) * MICROS_PER_TICK;
}

/** Memory of a process in MiB: all that is resident, or without mapped files. */
export function memoryMib(pid: number, field: 'VmRSS' | 'RssAnon'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Ports of 127.0.0.1 that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const listeners = await Promise.all(
    Array.from({ length: count }, async () => {
      const listener = createServer();
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      return listener;
    }),
  );
  const ports = listeners.map((listener) => {
    const address = listener.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(listeners.map((listener) => new Promise((resolve) => listener.close(resolve))));
  return ports;
}
