import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { ClusterError } from './cluster.js';

const READY_MS = 20_000;

/** One server as a process of ours. It ends by itself when we are gone: it loses the channel to its parent. */
export class ServerProcess {
  private wasKilled = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<unknown>,
  ) {}

  /**
   * Starts it; it answers when this resolves.
   *
   * @param logFile where its stderr goes, appended
   * @throws ClusterError when it ends instead, or never says that it is ready
   */
  static async start(program: string, args: readonly string[], logFile: string): Promise<ServerProcess> {
    const log = openSync(logFile, 'a');
    const child = fork(program, [...args], {
      // A group of its own: Ctrl-C in the terminal is for the monkey, which has to heal before the servers end.
      detached: true,
      // Not the loader that runs the monkey from its sources.
      execArgv: [],
      stdio: ['ignore', 'ignore', log, 'ipc'],
    });
    closeSync(log);
    const ended = once(child, 'exit');
    const server = new ServerProcess(child, ended);
    await server.ready(logFile);
    return server;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** How it ended, when that was not our doing: as in "exit code 1", "SIGKILL". */
  get deathCause(): string | undefined {
    if (this.isRunning || this.wasKilled) return undefined;
    return this.child.signalCode ?? `exit code ${this.child.exitCode}`;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(signal);
  }

  /** SIGKILL, which ends a stopped process too. It is gone when this resolves. */
  async kill(): Promise<void> {
    this.killNow();
    await this.ended;
  }

  /** SIGKILL without waiting, for when our own process ends. */
  killNow(): void {
    if (!this.isRunning) return;
    this.wasKilled = true;
    this.child.kill('SIGKILL');
  }

  private async ready(logFile: string): Promise<void> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), READY_MS);
    try {
      const message = once(this.child, 'message', { signal: late.signal });
      const first = await Promise.race([message.then(() => 'ready'), this.ended.then(() => 'ended')]);
      if (first === 'ready') return;
      message.catch(() => undefined);
      throw new ClusterError(`a server could not start: see ${logFile}`);
    } catch (error) {
      if (error instanceof ClusterError) throw error;
      this.killNow();
      throw new ClusterError(`a server was not ready within ${READY_MS / 1000} s: see ${logFile}`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
      late.abort();
    }
  }
}
