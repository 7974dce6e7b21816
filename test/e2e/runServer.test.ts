import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  appendFileSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect } from 'chai';

// run-server.sh in copies of this tree that hold a program of a few lines in place of the product, so that a build
// takes
// a second. The path of a copy contains a blank.

const root = join(import.meta.dirname, '..', '..');

/** Says who it is and what it was given, and ends with 7 on SIGTERM. */
const program = `
process.on('SIGTERM', () => process.exit(7));
setInterval(() => undefined, 1000);
console.log(JSON.stringify({ pid: process.pid, cwd: process.cwd(), args: process.argv.slice(2) }));
`;

interface Introduction {
  readonly pid: number;
  readonly cwd: string;
  readonly args: readonly string[];
}

/** A process group of its own, started and stopped by pid. */
class Run {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;

  constructor(command: string, args: readonly string[], cwd: string, path: string | undefined) {
    this.#child = spawn(command, args, {
      cwd,
      env: { ...process.env, PATH: path ?? process.env['PATH'] },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(this.#child, 'close').then(
      ([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? 'SIGKILL',
    );
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('did not start');
    return this.#child.pid;
  }

  /** The first line of the program's output. */
  async introduction(): Promise<Introduction> {
    while (!this.stdout.includes('\n')) {
      const ended = this.ended.then((status) => {
        throw new Error(`ended with ${status}: ${this.stderr}`);
      });
      await Promise.race([once(this.#child.stdout, 'data'), ended]);
    }
    return JSON.parse(this.stdout) as Introduction;
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | NodeJS.Signals> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(-this.pid, signal);
    return this.ended;
  }
}

/** A copy of what run-server.sh needs, without a build. */
class Tree {
  readonly #temporary = mkdtempSync(join(realpathSync(tmpdir()), 'surfstore-run-'));
  readonly #runs: Run[] = [];
  readonly folder = join(this.#temporary, 'surf store');
  readonly script = this.path('run-server.sh');

  constructor() {
    for (const name of [
      'run-server.sh',
      'scripts',
      'package.json',
      'package-lock.json',
      'tsconfig.json',
      'tsconfig.build.json',
    ]) {
      cpSync(join(root, name), this.path(name), { recursive: true, preserveTimestamps: true });
    }
    mkdirSync(this.path('src/cli'), { recursive: true });
    mkdirSync(this.path('chaos'));
    this.write('src/cli/main.ts', program);
    this.write('src/cli/program.ts', 'export {};\n');
    this.writePages();
    this.linkPackages('node_modules');
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Pages of one line each, for the bundler to have something to do. */
  private writePages(): void {
    for (const page of ['dashboard', 'raft']) {
      mkdirSync(this.path('src/web', page), { recursive: true });
      this.write(`src/web/${page}/main.tsx`, `document.title = '${page}';\n`);
    }
    this.write('src/web/raft/style.css', 'body { margin: 0 }\n');
    for (const name of ['index.html', 'icon.svg']) this.write(`src/web/dashboard/${name}`, '');
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** A folder with every installed package, and a list of them of its own, as npm leaves it. */
  linkPackages(name: string): void {
    const installed = join(root, 'node_modules');
    mkdirSync(this.path(name));
    for (const entry of readdirSync(installed).filter((entry) => entry !== '.package-lock.json')) {
      symlinkSync(join(installed, entry), this.path(name, entry));
    }
    writeFileSync(this.path(name, '.package-lock.json'), readFileSync(join(installed, '.package-lock.json')));
  }

  /** A folder for PATH with programs of this machine and with shell scripts in place of others. */
  commands(names: readonly string[], scripts: Readonly<Record<string, string>> = {}): string {
    const folder = mkdtempSync(join(this.#temporary, 'bin-'));
    for (const name of names) symlinkSync(commandOf(name), join(folder, name));
    for (const [name, text] of Object.entries(scripts)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
      chmodSync(join(folder, name), 0o755);
    }
    return folder;
  }

  start(args: readonly string[], options: { cwd?: string; path?: string; script?: string } = {}): Run {
    const run = new Run(options.script ?? this.script, args, options.cwd ?? this.folder, options.path);
    this.#runs.push(run);
    return run;
  }

  startFive(path?: string): Run[] {
    return [0, 1, 2, 3, 4].map((id) =>
      this.start(['cluster.txt', String(id)], path === undefined ? {} : { path }),
    );
  }

  /** Starts a server and stops it again: afterwards the tree is built. */
  async build(): Promise<Run> {
    const run = this.start(['cluster.txt', '0']);
    await run.introduction();
    await run.stop();
    return run;
  }

  leftovers(): string[] {
    return readdirSync(this.folder).filter((name) => /^\.dist-(?!lock)|\.log$/.test(name));
  }

  async remove(): Promise<void> {
    await Promise.all(this.#runs.map((run) => run.stop()));
    rmSync(this.#temporary, { recursive: true });
  }
}

function commandOf(name: string): string {
  if (name === 'node') return process.execPath;
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  if (found === undefined) throw new Error(`${name} is not on the PATH`);
  return found;
}

/** The commands that run-server.sh uses where there is no flock. */
const commandsWithoutFlock = [
  ...['bash', 'cat', 'chmod', 'dirname', 'find', 'ln', 'mkdir', 'mv', 'node', 'readlink'],
  ...['rm', 'rmdir', 'sleep', 'touch'],
];

const firstBuild = 'surfstore: first start: building ...\n';
const rebuild = 'surfstore: sources changed: building ...\n';

async function allRun(runs: readonly Run[]): Promise<void> {
  const introductions = await Promise.all(runs.map((run) => run.introduction()));
  expect(introductions.map(({ pid }) => pid)).to.deep.equal(runs.map(({ pid }) => pid));
}

function stderrOf(runs: readonly Run[]): string {
  return runs.map(({ stderr }) => stderr).join('');
}

describe('run-server.sh', function () {
  this.timeout(180_000);

  let tree: Tree;

  beforeEach(() => {
    tree = new Tree();
  });

  afterEach(async () => {
    await tree.remove();
  });

  it('builds once when five servers start at the same moment, and all five run', async () => {
    const runs = tree.startFive();
    await allRun(runs);
    expect(stderrOf(runs)).to.equal(firstBuild);
    expect(tree.leftovers()).to.deep.equal([]);
  });

  it('builds again while servers of the last build run: they hold no lock', async () => {
    const running = tree.start(['cluster.txt', '0']);
    await running.introduction();
    tree.write('src/added.ts', 'export const added = 1;\n');
    expect((await tree.build()).stderr).to.equal(rebuild);
  });

  it('builds once for five also where there is no flock command, and after a killed start left its lock', async () => {
    const dead = tree.start(['cluster.txt']);
    await dead.ended;
    mkdirSync(tree.path('.dist-lock'));
    symlinkSync(String(dead.pid), tree.path('.dist-lock', 'holder'));
    const runs = tree.startFive(tree.commands(commandsWithoutFlock));
    await allRun(runs);
    expect(stderrOf(runs)).to.equal(firstBuild);
    expect(readdirSync(tree.path('.dist-lock'))).to.deep.equal([]);
  });

  it('builds when a source is new, changed or deleted, and only then', async () => {
    await tree.build();
    const built = statSync(tree.path('dist', '.stamp')).mtimeMs;

    expect((await tree.build()).stderr, 'nothing changed').to.equal('');
    expect(statSync(tree.path('dist', '.stamp')).mtimeMs).to.equal(built);

    tree.write('src/added.ts', 'export const added = 1;\n');
    expect((await tree.build()).stderr, 'added').to.equal(rebuild);
    expect(existsSync(tree.path('dist', 'src', 'added.js'))).to.equal(true);

    appendFileSync(tree.path('src', 'added.ts'), 'export const changed = 2;\n');
    expect((await tree.build()).stderr, 'changed').to.equal(rebuild);
    expect(readFileSync(tree.path('dist', 'src', 'added.js'), 'utf8')).to.contain('changed');

    rmSync(tree.path('src', 'added.ts'));
    expect((await tree.build()).stderr, 'deleted').to.equal(rebuild);
    expect(existsSync(tree.path('dist', 'src', 'added.js'))).to.equal(false);
  });

  it('builds a source that is dated in the future once, not for ever', async () => {
    const tomorrow = Date.now() / 1000 + 86_400;
    utimesSync(tree.path('src', 'cli', 'main.ts'), tomorrow, tomorrow);
    expect((await tree.build()).stderr).to.equal(firstBuild);
    expect((await tree.build()).stderr).to.equal('');
  });

  it('shows what the compiler says when the build fails, keeps the last build and builds again next time', async () => {
    await tree.build();
    tree.write('src/wrong.ts', "export const wrong: number = 'text';\n");
    for (const attempt of ['first', 'second']) {
      const run = tree.start(['cluster.txt', '0']);
      expect(await run.ended, attempt).to.equal(1);
      expect(run.stdout).to.equal('');
      expect(run.stderr).to.match(
        /^surfstore: sources changed: building \.\.\.\n(?:.*\n)*.*wrong\.ts.*error TS2322(?:.*\n)*surfstore: the build failed, see above\n$/,
      );
    }
    expect(existsSync(tree.path('dist', 'src', 'cli', 'main.js'))).to.equal(true);
    expect(tree.leftovers()).to.deep.equal([]);
  });

  it('becomes the server: its pid is the pid of node, and a signal sent to it arrives there', async () => {
    const run = tree.start(['cluster.txt', '0']);
    expect((await run.introduction()).pid).to.equal(run.pid);
    process.kill(run.pid, 'SIGTERM');
    expect(await run.ended).to.equal(7);
  });

  it('passes its arguments on, and leaves the working directory alone, also when started through symlinks', async () => {
    const elsewhere = tree.commands([]);
    symlinkSync(tree.script, join(elsewhere, 'absolute link'));
    symlinkSync('absolute link', join(elsewhere, 'relative link'));
    const run = tree.start(['my cluster.txt', '3', '--bind', '', 'a  b', '*'], {
      script: join(elsewhere, 'relative link'),
      cwd: elsewhere,
    });
    expect(await run.introduction()).to.deep.equal({
      pid: run.pid,
      cwd: elsewhere,
      args: ['server', 'my cluster.txt', '3', '--bind', '', 'a  b', '*'],
    });
  });

  it('starts the whole cluster when the id is "all"', async () => {
    const run = tree.start(['cluster.txt', 'all', '--tick-ms', '20']);
    expect((await run.introduction()).args).to.deep.equal(['cluster', 'cluster.txt', '--tick-ms', '20']);
  });

  it('explains its usage, and neither installs nor builds for that', async () => {
    rmSync(tree.path('node_modules'), { recursive: true });
    for (const args of [[], ['cluster.txt']]) {
      const run = tree.start(args);
      expect(await run.ended).to.equal(2);
      expect(run.stdout).to.equal('');
      expect(run.stderr).to.match(/^usage: run-server\.sh CONFIG ID\|all \[flags\.\.\.\]\n/);
    }
    const help = tree.start(['--help']);
    expect(await help.ended).to.equal(0);
    expect(help.stdout).to.match(/^usage: run-server\.sh CONFIG ID\|all/);
    expect(help.stderr).to.equal('');
    expect(existsSync(tree.path('node_modules'))).to.equal(false);
    expect(existsSync(tree.path('dist'))).to.equal(false);
  });

  it('says so when node is missing or too old', async () => {
    const none = tree.start(['cluster.txt', '0'], { path: tree.commands(['bash', 'dirname', 'readlink']) });
    expect(await none.ended).to.equal(1);
    expect(none.stderr).to.equal('surfstore: node is not on the PATH: install Node.js 20.15 or newer\n');

    for (const version of ['v18.20.4', 'v20.14.0']) {
      const path = tree.commands(['bash', 'dirname', 'readlink'], { node: `echo ${version}` });
      const old = tree.start(['cluster.txt', '0'], { path });
      expect(await old.ended).to.equal(1);
      expect(old.stderr).to.equal(`surfstore: node is ${version}: install Node.js 20.15 or newer\n`);
    }
  });

  describe('and packages', () => {
    /** The PATH of this process with a script in place of npm, which runs in the tree. */
    function withNpm(script: string): string {
      const called = `printf '%s\\n' "$*" >>'${tree.path('npm-calls')}'`;
      return [tree.commands([], { npm: `${called}\n${script}` }), process.env['PATH']].join(delimiter);
    }

    function npmCalls(): string[] {
      const file = tree.path('npm-calls');
      return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    }

    beforeEach(() => {
      rmSync(tree.path('node_modules'), { recursive: true });
    });

    it('are installed once when five servers start at the same moment, and then again never', async () => {
      tree.linkPackages('packages');
      const path = withNpm('echo noise; echo noise >&2; mv packages node_modules');
      const runs = tree.startFive(path);
      await allRun(runs);
      expect(stderrOf(runs)).to.equal(
        'surfstore: first start: installing packages and building, about a minute ...\n',
      );
      expect(npmCalls()).to.have.length(1);
      expect(npmCalls()[0]).to.match(/^ci .*--include=dev/);

      const again = tree.start(['cluster.txt', '0'], { path });
      await again.introduction();
      expect(again.stderr).to.equal('');
      expect(npmCalls()).to.have.length(1);
    });

    it('stay when package-lock.json has a new date only, and are installed anew when it asks for others', async () => {
      tree.linkPackages('node_modules');
      await tree.build();
      const path = withNpm('exit 1');
      const future = new Date(Date.now() + 5000);
      utimesSync(tree.path('package-lock.json'), future, future);
      const same = tree.start(['cluster.txt', '0'], { path });
      await same.introduction();
      expect(npmCalls()).to.deep.equal([]);

      const lock = readFileSync(tree.path('package-lock.json'), 'utf8');
      tree.write('package-lock.json', lock.replaceAll(/"version": "\d+/g, '"version": "999'));
      const later = new Date(Date.now() + 10_000);
      utimesSync(tree.path('package-lock.json'), later, later);
      const other = tree.start(['cluster.txt', '0'], { path });
      expect(await other.ended).to.equal(1);
      expect(other.stderr).to.match(/^surfstore: packages changed: installing them and building/);
      expect(npmCalls()).to.have.length(1);
    });

    it('that cannot be installed end the start with what npm said', async () => {
      const run = tree.start(['cluster.txt', '0'], { path: withNpm('echo npm error ENETUNREACH; exit 1') });
      expect(await run.ended).to.equal(1);
      expect(run.stdout).to.equal('');
      expect(run.stderr).to.match(
        /^surfstore: first start: .*\nnpm error ENETUNREACH\nsurfstore: npm ci failed, see above: .*network.*\n$/,
      );
    });

    it('are no longer installed when the start is stopped, and the next start can begin', async () => {
      const path = withNpm(`echo $$ >'${tree.path('npm-pid')}'; exec sleep 600`);
      const run = tree.start(['cluster.txt', '0'], { path });
      while (!existsSync(tree.path('npm-pid')) || readFileSync(tree.path('npm-pid'), 'utf8') === '') {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      process.kill(run.pid, 'SIGTERM');
      expect(await run.ended).to.equal(143);
      const npmPid = Number(readFileSync(tree.path('npm-pid'), 'utf8'));
      expect(() => process.kill(npmPid, 0)).to.throw('ESRCH');

      tree.linkPackages('node_modules');
      await tree.build();
    });
  });
});
