import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ambiguousTypes, importCircles, moduleOf, unusedExports } from './graph.js';
import { importProblems } from './imports.js';
import {
  languageProblems,
  lengthProblems,
  machinePathProblems,
  purityProblems,
  silencedProblems,
  skippedTestProblems,
  undocumentedDependencies,
  unfinishedProblems,
} from './rules.js';

const root = join(import.meta.dirname, '..', '..');

interface TreeFile {
  readonly path: string;
  readonly text: string;
}

/** The text files that are tracked, or will be: everything that is not ignored. */
function filesOfTree(): TreeFile[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  return list
    .toString()
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'));
}

/** The files that other programs import (`exports` of package.json). */
const publicFiles = ['src/client/index.ts', 'src/config/clusterFile.ts'];

describe('tidy: the tree', () => {
  const files = filesOfTree();
  const sources = files.filter(({ path }) => /^(?:src|chaos)\/.*\.tsx?$/.test(path));
  const core = sources.filter(({ path }) => path.startsWith('src/raft/'));
  const tests = files.filter(({ path }) => /^test\/.*\.ts$/.test(path));
  const programs = files.filter(({ path }) => /\.(?:tsx?|[cm]?js|sh|py)$|^\.ci\//.test(path));
  const written = files.filter(({ path }) => path !== 'package-lock.json');
  const modules = files
    .filter(({ path }) => /\.tsx?$/.test(path))
    .map(({ path, text }) => moduleOf(path, text));
  const packageJson = readFileSync(join(root, 'package.json'), 'utf8');

  function keeps(rule: (file: string, text: string) => string[], among: readonly TreeFile[]): void {
    expect(among, 'files to check').not.to.be.empty;
    expect(among.flatMap(({ path, text }) => rule(path, text)).join('\n')).to.equal('');
  }

  it('imports only in the direction of the architecture', () => {
    const { dependencies } = JSON.parse(packageJson) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    keeps((file, text) => importProblems(file, text, Object.keys(dependencies)), sources);
  });

  it('has no circle of imports, those of types alone included', () => {
    expect(importCircles(modules)).to.deep.equal([]);
  });

  it('exports nothing that nobody imports', () => {
    const isPublic = (file: string): boolean =>
      !/^(?:src|chaos|bench)\//.test(file) || publicFiles.includes(file);
    expect(unusedExports(modules, isPublic)).to.deep.equal([]);
  });

  it('gives no name to two exported types', () => {
    expect(ambiguousTypes(modules.filter(({ file }) => file.startsWith('src/')))).to.deep.equal([]);
  });

  it('has a protocol core without clock, randomness, promises or I/O', () => {
    keeps(purityProblems, core);
  });

  it('has no default exports, enums, decorators, any or non-null assertions', () => {
    keeps(languageProblems, sources);
  });

  it('has no test that is switched off', () => {
    keeps(skippedTestProblems, tests);
  });

  it('has no marks of unfinished work', () => {
    keeps(unfinishedProblems, written);
  });

  it('silences no compiler, and no linter without a reason', () => {
    keeps(silencedProblems, programs);
  });

  it("names no path of somebody's machine", () => {
    keeps(machinePathProblems, written);
  });

  it('has files that fit a mind', () => {
    keeps(lengthProblems, [...sources, ...programs.filter(({ path }) => /^(?:scripts|bench)\//.test(path))]);
  });

  it('says in docs/dependencies.md what each package is for', () => {
    const document = join(root, 'docs', 'dependencies.md');
    const text = existsSync(document) ? readFileSync(document, 'utf8') : '';
    expect(undocumentedDependencies(packageJson, text)).to.deep.equal([]);
  });
});
