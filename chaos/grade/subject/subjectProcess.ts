import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { confinedCommand, confinedEnvironment, type Confinement } from './confinement.js';

const LOOK_EVERY_MS = 25;
const CONNECT_MS = 500;
const TAIL_BYTES = 64 * 1_024;
/** Linux counts the time of a process in hundredths of a second. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;
const MIB = 1_048_576;
const NEWLINE = 10;

interface ProcessOptions {
  readonly cwd: string;
  /** A folder that is the process's own. */
  readonly home: string;
  readonly confinement: Confinement;
  /** Where its stdout and stderr go, appended. */
  readonly logFile: string;
}

/** A server as a process of its own group: the shell that the line is for, the server, and all that it starts. */
export class SubjectProcess {
  private wasKilled = false;
  private endedBecause: string | undefined;

  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {}

  static start(line: string, { cwd, home, confinement, logFile }: ProcessOptions): SubjectProcess {
    const log = openSync(logFile, 'a');
    const [program, ...words] = confinedCommand(line, confinement);
    const env = confinedEnvironment(confinement, home);
    const child = spawn(program, words, { cwd, detached: true, env, stdio: ['ignore', log, log] });
    closeSync(log);
    child.on('error', () => undefined);
    return new SubjectProcess(child, logFile);
  }

  get isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** How it ended, when that was not our doing: as in "exit code 1", "SIGSEGV". */
  get deathCause(): string | undefined {
    if (this.isRunning || this.wasKilled) return undefined;
    return this.endedBecause ?? this.child.signalCode ?? `exit code ${this.child.exitCode ?? '?'}`;
  }

  /** How many lines it has written so far. */
  logLines(): number {
    try {
      let lines = 0;
      for (const byte of readFileSync(this.logFile)) if (byte === NEWLINE) lines += 1;
      return lines;
    } catch {
      return 0;
    }
  }

  /** The last lines that it wrote: a traceback is the best explanation that there is. */
  tail(lines: number): string[] {
    return lastLines(this.logFile, lines);
  }

  /**
   * Waits until somebody listens on the port.
   *
   * @returns what went wrong instead
   */
  async listens(port: number, withinMs: number): Promise<string | undefined> {
    const end = performance.now() + withinMs;
    for (;;) {
      if (await accepts(port)) return undefined;
      if (!this.isRunning)
        return `ended with ${this.deathCause ?? 'a signal'} before it listened on its port`;
      if (performance.now() > end)
        return `does not listen on port ${port} of 127.0.0.1, ${Math.round(withinMs / 1_000)} s after it was started`;
      await sleep(LOOK_EVERY_MS);
    }
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (signal === 'SIGKILL') this.wasKilled ||= this.isRunning;
    this.signalGroup(signal);
  }

  /** SIGKILL to the whole group; the process is gone when this resolves. */
  async kill(): Promise<void> {
    const isRunning = this.isRunning;
    this.signal('SIGKILL');
    if (isRunning) await once(this.child, 'exit');
  }

  /** Ends it for a reason that counts as its own doing. */
  endFor(reason: string): void {
    if (!this.isRunning) return;
    this.endedBecause = reason;
    this.signalGroup('SIGKILL');
  }

  /** The time that the group has spent on processors; undefined where the system does not say. */
  cpuMs(): number | undefined {
    return this.ofGroup(({ cpuTicks }) => cpuTicks * TICK_MS);
  }

  /** The memory that the group has in use; undefined where the system does not say. */
  memoryMb(): number | undefined {
    return this.ofGroup(({ pages }) => (pages * PAGE_BYTES) / MIB);
  }

  private ofGroup(valueOf: (figures: Figures) => number): number | undefined {
    const group = this.child.pid;
    if (process.platform !== 'linux' || group === undefined) return undefined;
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid))
      .map(figuresOf)
      .filter((figures) => figures?.group === group)
      .reduce((sum, figures) => sum + (figures === undefined ? 0 : valueOf(figures)), 0);
  }

  private signalGroup(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // The group is gone already.
    }
  }
}

interface Figures {
  readonly group: number;
  readonly cpuTicks: number;
  readonly pages: number;
}

/** From /proc/PID/stat; undefined when the process is gone. */
function figuresOf(pid: string): Figures | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may have anything in it; what comes after it begins with the state.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return {
      group: Number(fields[2]),
      cpuTicks: Number(fields[11]) + Number(fields[12]),
      pages: Number(fields[21]),
    };
  } catch {
    return undefined;
  }
}

export function lastLines(file: string, lines: number): string[] {
  try {
    const text = readFileSync(file).subarray(-TAIL_BYTES).toString('utf8');
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-lines);
  } catch {
    return [];
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', timeout: CONNECT_MS });
  try {
    await Promise.race([
      once(socket, 'connect'),
      once(socket, 'timeout').then(() => Promise.reject(new Error('no answer'))),
    ]);
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
