import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { addressOf } from '../net/address.js';
import type { LeaderAddress } from '../node/errors.js';
import type { ChaosSample, ChaosScenario } from './sample.js';

/** Fewer clients than usual: the monkey shares this machine with a server. */
const CLIENTS = 4;
const SUMMARY_CHARS_MAX = 4_000;
const LINE_CHARS_MAX = 300;

/** The outcomes by exit code of the monkey. */
const outcomes: readonly ChaosSample['outcome'][] = ['passed', 'failed', 'not run', 'not run'];

interface ChaosRunsOptions {
  /** The program of the chaos monkey. */
  readonly monkey: string;
  readonly servers: readonly LeaderAddress[];
  /** Told that there is something new to see. */
  readonly changed: () => void;
}

/** A run of the chaos monkey against this very cluster, as a program of its own, one at a time. */
export class ChaosRuns {
  private listing: Promise<readonly ChaosScenario[]> | undefined;
  private child: ChildProcess | undefined;
  private folder: string | undefined;
  private current: ChaosSample | null = null;

  constructor(private readonly options: ChaosRunsOptions) {}

  /** The run that is under way, or was the last; null: there was none. */
  get sample(): ChaosSample | null {
    return this.current;
  }

  /** The scenarios that need no processes of their own, as the monkey lists them. */
  scenarios(): Promise<readonly ChaosScenario[]> {
    this.listing ??= promisify(execFile)(process.execPath, [this.options.monkey, '--list']).then(
      ({ stdout }) => scenariosIn(stdout),
    );
    this.listing.catch(() => (this.listing = undefined));
    return this.listing;
  }

  get isRunning(): boolean {
    return this.child !== undefined;
  }

  /** Starts a run, unless one is under way. */
  start(scenario: string, seconds: number): void {
    if (this.isRunning) return;
    this.forget();
    this.folder = mkdtempSync(join(tmpdir(), 'surfstore-chaos-'));
    const config = join(this.folder, 'cluster.txt');
    writeFileSync(config, clusterText(this.options.servers));
    const named = scenario === 'random' ? [] : ['--scenario', scenario];
    const line = ['--duration', String(seconds), '--clients', String(CLIENTS), '--out', this.folder];
    const child = spawn(process.execPath, [this.options.monkey, config, ...named, ...line], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const startedAtMs = Date.now();
    this.set({ scenario, seconds, startedAtMs, state: 'running', outcome: null, line: '', summary: '' });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = text.trim().split('\n');
      this.set({ line: (lines.at(-1) ?? '').replace(/^chaos: /, '').slice(0, LINE_CHARS_MAX) });
    });
    let summary = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      summary = `${summary}${text}`.slice(0, SUMMARY_CHARS_MAX);
    });
    child.once('error', (error) => this.ended(child, 'not run', error.message));
    child.once('close', (code) => this.ended(child, outcomes[code ?? -1] ?? 'not run', summary));
  }

  /** The run ends early, undoes what it did, and judges what it saw. */
  stop(): void {
    if (this.child === undefined) return;
    this.set({ state: 'stopping' });
    this.child.kill('SIGTERM');
  }

  /** The report of the last run; undefined without one. */
  async report(): Promise<Buffer | undefined> {
    if (this.folder === undefined || this.current?.state !== 'ended') return undefined;
    return readFile(join(this.folder, 'report.html')).catch(() => undefined);
  }

  close(): void {
    this.child?.kill('SIGTERM');
    this.forget();
  }

  private ended(child: ChildProcess, outcome: ChaosSample['outcome'], text: string): void {
    if (this.child !== child) return;
    this.child = undefined;
    // The paths and the command at its end are of no use in a page.
    const summary = text.split('\n').filter((line) => !/^again: |^\//.test(line));
    this.set({ state: 'ended', outcome, summary: summary.join('\n').trim() });
  }

  private set(change: Partial<ChaosSample>): void {
    this.current = { ...(this.current ?? nothingYet), ...change };
    this.options.changed();
  }

  private forget(): void {
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
    this.folder = undefined;
    this.current = null;
  }
}

const nothingYet: ChaosSample = {
  scenario: '',
  seconds: 0,
  startedAtMs: 0,
  state: 'ended',
  outcome: null,
  line: '',
  summary: '',
};

function clusterText(servers: readonly LeaderAddress[]): string {
  const lines = servers.map(({ id, ...address }) => `metadata${id}: ${addressOf(address)}\n`);
  return `M: ${servers.length}\n${lines.join('')}`;
}

/** `NAME (SERVERS)` and, on the next line, what it shows. */
function scenariosIn(list: string): ChaosScenario[] {
  const found = [...list.matchAll(/^(\S+) \(([^)]*)\)\n +(.*)$/gm)].map(
    ([, name = '', needs = '', shows = '']) => ({ name, needs, shows }),
  );
  const random = { name: 'random', needs: '1 server or more', shows: 'One misfortune after the other.' };
  return [random, ...found.filter(({ needs }) => !needs.includes('--managed'))];
}
