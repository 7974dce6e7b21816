import { expect } from 'chai';
import { importProblems } from './imports.js';
import {
  languageProblems,
  lengthProblems,
  machinePathProblems,
  purityProblems,
  silencedProblems,
  skippedTestProblems,
  sourceLinesMax,
  undocumentedDependencies,
  unfinishedProblems,
} from './rules.js';

// A rule that cannot fail protects nothing: each is shown a bad source that it must find and a good one that it must
// leave alone.

type Rule = (file: string, text: string) => string[];

/** Sources written here would break the rules for this very file, so some words are put together from two halves. */
const halves = (first: string, second: string): string => first + second;

function finds(rule: Rule, file: string, bad: readonly (readonly [text: string, what: string])[]): void {
  for (const [text, what] of bad) {
    it(`finds ${JSON.stringify(text)}`, () => {
      const problems = rule(file, `const first = 1;\n${text}\n`);
      expect(problems, 'the number of problems').to.have.length(1);
      expect(problems[0]).to.contain(`${file}:2: `).and.contain(what);
    });
  }
}

function accepts(rule: Rule, file: string, good: readonly string[]): void {
  for (const text of good) {
    it(`accepts ${JSON.stringify(text)}`, () => {
      expect(rule(file, text)).to.deep.equal([]);
    });
  }
}

describe('tidy: every rule can fail', () => {
  describe('direction of imports', () => {
    const rule: Rule = (file, text) => importProblems(file, text, ['pino', '@scope/one']);

    describe('of the protocol core', () => {
      finds(rule, 'src/raft/core.ts', [
        [`import { a } from '../node/errors.js';`, 'raft must not import node/errors'],
        [`import type { A } from '../storage/storage.js';`, 'raft must not import storage/storage'],
        [`export { a } from '../sim/prng.js';`, 'raft must not import sim/prng'],
        [`export * from '../sim/prng.js';`, 'raft must not import sim/prng'],
        [`type A = import('../node/errors.js').A;`, 'raft must not import node/errors'],
        [`import { hash } from 'node:crypto';`, 'raft is pure and must not import node:crypto'],
        [`import { pino } from 'pino';`, 'raft is pure and must not import pino'],
      ]);
      accepts(rule, 'src/raft/core.ts', [
        `import { a } from './log.js';`,
        `import type { A } from '../raft/types.js';`,
        `const text = "import { a } from '../node/errors.js'";`,
      ]);
    });

    describe('of an interface of the driver', () => {
      finds(rule, 'src/storage/memoryStorage.ts', [
        [`import { a } from '../raft/log.js';`, 'only types of raft/log: write import type'],
        [`import { type A } from '../raft/log.js';`, 'only types of raft/log: write import type'],
        [`export { a } from '../raft/log.js';`, 'only types of raft/log'],
        [`const a = await import('../raft/log.js');`, 'only types of raft/log'],
        [`import log = require('../raft/log.js');`, 'only types of raft/log'],
        [`import '../raft/log.js';`, 'only types of raft/log'],
        [`const a = await import(name);`, 'a computed import cannot be checked'],
        [`import type { A } from '../node/raftNode.js';`, 'storage must not import node/raftNode'],
        [`import { a } from '../xmlrpc/parser.js';`, 'storage must not import xmlrpc/parser'],
      ]);
      accepts(rule, 'src/storage/memoryStorage.ts', [
        `import type { A } from '../raft/log.js';`,
        `export type { A } from '../raft/log.js';`,
        `type A = import('../raft/log.js').A;`,
        `import { a } from './storage.js';`,
        `import { readFileSync } from 'node:fs';`,
      ]);
      accepts(rule, 'src/transport/rpcTransport.ts', [`import { a } from '../xmlrpc/client.js';`]);
    });

    describe('of the driver', () => {
      finds(rule, 'src/node/raftNode.ts', [
        [`import { a } from '../storage/memoryStorage.js';`, 'only types of storage/memoryStorage'],
        [`import type { A } from '../api/status.js';`, 'node must not import api/status'],
      ]);
      accepts(rule, 'src/node/raftNode.ts', [
        `import { a } from '../raft/core.js';`,
        `import type { A } from '../transport/transport.js';`,
      ]);
    });

    describe('of the surfaces and the outer folders', () => {
      finds(rule, 'src/api/status.ts', [
        [`import type { A } from '../client/client.js';`, 'api must not import client/client'],
        [`import { a } from '../raft/core.js';`, 'only types of raft/core'],
      ]);
      finds(rule, 'src/client/client.ts', [
        [`import { a } from '../node/raftNode.js';`, 'client must not import node/raftNode'],
        [`import { a } from '../node/errorsOfMine.js';`, 'client must not import node/errorsOfMine'],
      ]);
      finds(rule, 'src/sim/deep/er/simCluster.ts', [
        [`import type { A } from '../../../api/status.js';`, 'sim must not import api/status'],
      ]);
      finds(rule, 'chaos/monkey.ts', [
        [`import { a } from '../src/node/raftNode.js';`, 'chaos must not import node/raftNode'],
      ]);
      finds(rule, 'src/cli/main.ts', [
        [`import { a } from '../../test/support/cluster.js';`, 'is outside the source folders'],
      ]);
      accepts(rule, 'src/client/client.ts', [
        `import { a } from '../node/errors.js';`,
        `import { b } from '../node/clientSessions.js';`,
        `import type { C } from '../stateMachine/command.js';`,
      ]);
      accepts(rule, 'src/cli/main.ts', [
        `import { a } from '../sim/prng.js';`,
        `import { b } from '../api/status.js';`,
      ]);
      accepts(rule, 'chaos/monkey.ts', [`import { a } from '../src/client/client.js';`]);
      accepts(rule, 'test/unit/any.test.ts', [`import { a } from '../../src/raft/core.js';`]);
    });

    describe('of packages', () => {
      finds(rule, 'src/api/status.ts', [
        [`import { a } from 'mocha';`, 'mocha is not among the dependencies'],
        [`import { a } from '@scope/two/deep';`, '@scope/two is not among the dependencies'],
        [`import { readFileSync } from 'fs';`, 'write node:fs'],
      ]);
      accepts(rule, 'src/api/status.ts', [
        `import { a } from 'pino/file';`,
        `import { a } from '@scope/one/deep';`,
      ]);
    });

    it('wants a decision for a folder it does not know, and for files beside the folders', () => {
      expect(rule('src/new/one.ts', '')).to.deep.equal([
        'src/new/one.ts: folder new has no line in the table of imports: decide what it may import',
      ]);
      expect(rule('src/index.ts', '')).to.have.length(1);
      expect(rule('src/api/one.ts', `import { a } from '../new/one.js';`)).to.have.length(1);
    });
  });

  describe('purity of the core', () => {
    finds(purityProblems, 'src/raft/core.ts', [
      ['const now = Date.now();', 'Date'],
      ['const now = new Date();', 'Date'],
      ['const now = performance.now();', 'performance'],
      ['const draw = Math.random();', 'Math.random'],
      ["const draw = Math['random']();", 'Math.random'],
      ['const { random } = Math;', 'Math.random'],
      ['const id = crypto.randomUUID();', 'crypto'],
      ['setTimeout(step, 10);', 'setTimeout'],
      ['const later = setInterval;', 'setInterval'],
      ['setImmediate(step);', 'setImmediate'],
      ['queueMicrotask(step);', 'queueMicrotask'],
      ['process.exit(1);', 'process'],
      ['const bag = { process };', 'process'],
      ["console.log('x');", 'console'],
      ['globalThis.x = 1;', 'globalThis'],
      ['let later: Promise<void>;', 'Promise'],
      ['async function step() {}', 'async'],
      ['const step = async () => 1;', 'async'],
      ['await step();', 'await'],
      ['for await (const x of xs) step(x);', 'for await'],
      ['const here = import.meta.url;', 'import.meta'],
    ]);
    accepts(purityProblems, 'src/raft/core.ts', [
      '/** Never calls Date.now() or {@link Promise}. */ const a = 1; // no process',
      "const text = 'Date';",
      'const m = Math.max(1, Math.min(2, 3));',
      'const p = message.process; const q = { console: 1 }; interface A { performance: number }',
      'const { process: renamed } = message;',
    ]);
  });

  describe('parts of the language', () => {
    finds(languageProblems, 'src/node/raftNode.ts', [
      ['export default 1;', 'default export'],
      ['export default function f() {}', 'default export'],
      ['export default class A {}', 'default export'],
      ['export { first as default };', 'default export'],
      ['enum A { B }', 'enum'],
      ['const enum A { B }', 'enum'],
      ['@sealed class A {}', 'decorator'],
      ['class A { @logged f() {} }', 'decorator'],
      ['let a: any;', 'any'],
      ['let a: Map<string, any[]>;', 'any'],
      ['const a = b as any;', 'any'],
      ['const a = b!;', 'non-null'],
      ['const a = b!.c;', 'non-null'],
    ]);
    accepts(languageProblems, 'src/node/raftNode.ts', [
      'switch (a) { case 1: break; default: f(); }',
      "const any = 'any'; const a = !b; if (a !== b) f(any);",
      'export const a = 1; export type { B } from "./b.js";',
      'class A { declared!: number }',
    ]);
  });

  describe('switched off tests', () => {
    finds(skippedTestProblems, 'test/unit/a.test.ts', [
      [`it.only('a', () => {});`, 'it.only'],
      [`it.skip('a', () => {});`, 'it.skip'],
      [`describe.only('a', () => {});`, 'describe.only'],
      [`describe.skip('a', () => {});`, 'describe.skip'],
      [`context.skip('a', () => {});`, 'context.skip'],
      [`${halves('x', 'it')}('a', () => {});`, 'skips tests'],
      [`${halves('x', 'describe')}('a', () => {});`, 'skips tests'],
    ]);
    accepts(skippedTestProblems, 'test/unit/a.test.ts', [
      `it('only', () => {}); describe('skip', () => {});`,
      `it('a', function () { this.skip(); }); reader.skip(3); list.only();`,
    ]);
  });

  describe('unfinished work', () => {
    finds(unfinishedProblems, 'src/api/status.ts', [
      [`// ${halves('TO', 'DO')}: later`, halves('TO', 'DO')],
      [`/* ${halves('FIX', 'ME')} */`, halves('FIX', 'ME')],
      [`const a = '${halves('X', 'XX')}';`, halves('X', 'XX')],
      [`# ${halves('HA', 'CK')}(me): odd`, halves('HA', 'CK')],
    ]);
    accepts(unfinishedProblems, 'src/api/status.ts', ['mktemp a.XXXXXX', 'const hacksaw = todo;', 'TODOS']);
  });

  describe('silenced tools', () => {
    finds(silencedProblems, 'src/api/status.ts', [
      [`// ${halves('@ts-', 'ignore')}`, 'make it compile'],
      [`// ${halves('@ts-', 'nocheck')}`, 'make it compile'],
      [`// ${halves('eslint-', 'disable-next-line')} no-console`, 'without a reason'],
      [`/* ${halves('eslint-', 'disable')} */`, 'without a reason'],
    ]);
    accepts(silencedProblems, 'src/api/status.ts', [
      `// ${halves('eslint-', 'disable-next-line')} no-console -- the table is the output`,
      '// @ts-expect-error the test passes a wrong type',
    ]);
  });

  describe("paths of somebody's machine", () => {
    finds(machinePathProblems, 'docs/a.md', [
      [`cd ${halves('/ho', 'me/me/surfstore')}`, halves('/ho', 'me/me/surfstore')],
      [`cd ${halves('/Us', 'ers/me/surfstore')}`, 'machine'],
      [`cd ${halves('/ro', 'ot/surfstore')}`, 'machine'],
      [`cd ${halves('/wo', 'rk/main')}/src`, 'machine'],
      [halves('C:\\Us', 'ers\\me'), 'machine'],
    ]);
    accepts(machinePathProblems, 'docs/a.md', [
      '/tmp/data',
      'https://example.org/home',
      halves('./wo', 'rk/maintenance'),
      '~/x',
    ]);
  });

  describe('length of files', () => {
    it(`is at most ${sourceLinesMax} lines`, () => {
      const most = 'x\n'.repeat(sourceLinesMax);
      expect(lengthProblems('src/a.ts', most)).to.deep.equal([]);
      expect(lengthProblems('src/a.ts', `${most}x`)).to.deep.equal([
        `src/a.ts: ${sourceLinesMax + 1} lines, more than ${sourceLinesMax}: split it`,
      ]);
    });
  });

  describe('documented dependencies', () => {
    const packageJson = JSON.stringify({
      dependencies: { pino: '1' },
      devDependencies: { '@eslint/js': '1', eslint: '1' },
    });

    it('are found in rows, bullets and headings', () => {
      const document = '| `pino` | logs |\n- `eslint`: lint\n### `@eslint/js`\n';
      expect(undocumentedDependencies(packageJson, document)).to.deep.equal([]);
    });

    it('are missing when only prose or a longer name has them', () => {
      const document = 'We use `pino` and more.\n\n- `@eslint/js`: rules\n';
      expect(undocumentedDependencies(packageJson, document)).to.deep.equal(['pino', 'eslint']);
    });
  });
});
