import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;
const CONNECT_MS = 500;
const TAIL_BYTES = 64 * 1_024;
/** Linux counts the time of a process in hundredths of a second. */
const TICK_MS = 10;
const NEWLINE = 10;

/** A server as a process of its own group: the shell that the line is for, the server, and all that it starts. */
export class SubjectProcess {
  private wasKilled = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly logFile: string,
  ) {}

  /** @param logFile where its stdout and stderr go, appended */
  static start(line: string, cwd: string, logFile: string): SubjectProcess {
    const log = openSync(logFile, 'a');
    const env = { ...process.env, PYTHONUNBUFFERED: '1' };
    const child = spawn('/bin/sh', ['-c', line], { cwd, detached: true, env, stdio: ['ignore', log, log] });
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
    return this.child.signalCode ?? `exit code ${this.child.exitCode ?? '?'}`;
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
    if (this.child.pid === undefined) return;
    if (signal === 'SIGKILL') this.wasKilled ||= this.isRunning;
    try {
      process.kill(-this.child.pid, signal);
    } catch {
      // The group is gone already.
    }
  }

  /** SIGKILL to the whole group; the process is gone when this resolves. */
  async kill(): Promise<void> {
    const isRunning = this.isRunning;
    this.signal('SIGKILL');
    if (isRunning) await once(this.child, 'exit');
  }

  /** The time that the group has spent on processors; undefined where the system does not say. */
  cpuMs(): number | undefined {
    if (process.platform !== 'linux' || this.child.pid === undefined) return undefined;
    let ticks = 0;
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const fields = statFields(pid);
      if (Number(fields?.[2]) === this.child.pid) ticks += Number(fields?.[11]) + Number(fields?.[12]);
    }
    return ticks * TICK_MS;
  }
}

/** The fields of /proc/PID/stat behind the name, from the state on; undefined when the process is gone. */
function statFields(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
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
