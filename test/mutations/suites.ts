import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** How a suite ended. `broken`: it could not even be loaded, so nothing has been shown. */
export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly by: string }
  | { readonly kind: 'timedOut'; readonly by: string }
  | { readonly kind: 'broken'; readonly by: string };

/** A group of tests that runs in one process. */
export interface Suite {
  readonly name: string;
  /** Files under this path are tested by this suite above all. */
  readonly home?: string;
  readonly run: (directory: string) => Promise<Verdict>;
}

const GROUP_LIMIT_MS = 180_000;
const TEST_LIMIT_MS = 15_000;

/** The core by itself, and the scripts. */
const core = mochaSuite('core', 'src/raft/', ['test/paper', 'test/unit/raft', 'test/interaction']);

/** The parts around the core. */
const parts = mochaSuite('parts', 'src/', [
  'test/unit/node',
  'test/unit/stateMachine',
  'test/unit/transport',
  'test/unit/client',
  'test/unit/api/surfstoreMethods.test.ts',
  'test/unit/api/peerProposals.test.ts',
  'test/unit/api/leaderCalls.test.ts',
  'test/unit/api/keyValueService.test.ts',
  'test/unit/api/stateLimit.test.ts',
  'test/unit/api/fileMapXml.test.ts',
  'test/unit/api/hangUps.test.ts',
  'test/unit/xmlrpc/stringCall.test.ts',
  'test/unit/http',
  'test/storage',
  'test/sim/reference.test.ts',
]);

/** The stores of blocks, and their collection. */
const blocks = mochaSuite('blocks', 'src/blocks/', [
  'test/unit/blocks',
  'test/unit/api/referencedBlocks.test.ts',
  'test/unit/stateMachine/collectionEpoch.test.ts',
]);

/** The client of a folder. */
const sync = mochaSuite('sync', 'src/sync/', ['test/unit/sync', 'test/sync']);

/** The suites in the order of their cost. @param seeds how many the simulator may spend */
export function allSuites(seeds: number): Suite[] {
  return [
    ...[core, parts, blocks, sync],
    simulator('simulator', ['src/sim/main.ts', '--no-shrink', '--seeds', String(seeds)]),
    simulator('sync simulator', ['test/sync/sim/main.ts', '--seed', '1', '--seeds', String(seeds)]),
  ];
}

/** Those suites first that are at home where the mutation is, the most special one before all; else by cost. */
export function inOrderFor(files: readonly string[], suites: readonly Suite[]): Suite[] {
  const nearness = ({ home }: Suite): number =>
    home !== undefined && files.some((file) => file.startsWith(home)) ? home.length : 0;
  return suites.toSorted((a, b) => nearness(b) - nearness(a));
}

function mochaSuite(name: string, home: string, specs: readonly string[]): Suite {
  const args = ['--no-config', '--node-option', 'import=tsx', '--recursive', '--extension', 'test.ts'];
  const limits = ['--timeout', String(TEST_LIMIT_MS), '--bail', '--exit', '--reporter', 'json-stream'];
  return {
    name,
    home,
    async run(directory) {
      const mocha = join(directory, 'node_modules', 'mocha', 'bin', 'mocha.js');
      const ended = await runProgram([mocha, ...args, ...limits, ...specs], directory);
      const events = testEvents(ended.output);
      const failed = events.find(({ event }) => event === 'fail');
      if (failed !== undefined) {
        const isSlow = failed.error.startsWith(`Timeout of ${TEST_LIMIT_MS}ms exceeded`);
        return { kind: 'failed', by: `${failed.title}${isSlow ? ' (test timed out)' : ''}` };
      }
      if (ended.exitCode === 0) return { kind: 'passed' };
      const last = events.at(-1)?.title;
      return unfinished(ended, last === undefined ? 'no test' : `after "${last}"`);
    },
  };
}

interface TestEvent {
  readonly event: 'pass' | 'fail';
  readonly title: string;
  readonly error: string;
}

/** The reporter writes one JSON array per line; what the tests print is in between. */
function testEvents(output: string): TestEvent[] {
  return output.split('\n').flatMap((line) => {
    if (!/^\["(?:pass|fail)",\{/.test(line)) return [];
    const [event, test] = JSON.parse(line) as ['pass' | 'fail', { fullTitle: string; err?: string }];
    return [{ event, title: test.fullTitle, error: test.err ?? '' }];
  });
}

/** A simulator, one process for all seeds, stopped at the first violation. */
function simulator(name: string, args: readonly string[]): Suite {
  return {
    name,
    async run(directory) {
      const ended = await runProgram(['--import', 'tsx', ...args], directory);
      const rule = /^VIOLATION of "(.*?)": (.*)$/m.exec(ended.output);
      const seed = /^seed (\d+) failed/m.exec(ended.output)?.[1];
      if (rule !== null && seed !== undefined) {
        const [, broken = '', detail = ''] = rule;
        const isError = broken === 'InvariantViolation' || broken.endsWith('Error');
        const text = isError ? `${broken}: ${detail}` : broken;
        return { kind: 'failed', by: `${text}, seed ${seed}` };
      }
      if (ended.exitCode === 0) return { kind: 'passed' };
      return unfinished(ended, 'a seed');
    },
  };
}

interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
  readonly timedOut: boolean;
}

/** A process that died of a test's error after its first result was killed by it; before, it was never alive. */
function unfinished({ timedOut, output, exitCode }: Ended, where: string): Verdict {
  if (timedOut) return { kind: 'timedOut', by: `time-out of ${GROUP_LIMIT_MS / 1000} s, ${where}` };
  const error = /^\w*(?:Error|Violation)\b.*$/m.exec(output)?.[0] ?? output.trim().split('\n').at(-1) ?? '';
  const kind = where === 'no test' ? 'broken' : 'failed';
  return { kind, by: `exit code ${exitCode ?? 'none'}, ${where}: ${error}` };
}

function runProgram(args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let timedOut = false;
    const note = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    // Mocha starts a process of its own for the loader: the whole group has to go.
    const killGroup = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const limit = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, GROUP_LIMIT_MS);
    process.once('exit', killGroup);
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(limit);
      process.removeListener('exit', killGroup);
      resolve({ exitCode, output, timedOut });
    });
  });
}
