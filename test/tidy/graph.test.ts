import { expect } from 'chai';
import { ambiguousTypes, importCircles, moduleOf, unusedExports } from './graph.js';

const nothingPublic = (): boolean => false;

describe('tidy: the graph of imports', () => {
  it('finds circles of any length, of types alone, too, and nothing else', () => {
    const modules = [
      moduleOf('src/a.ts', `import type { B } from './room/b.js';`),
      moduleOf('src/room/b.ts', `export { C } from '../c.js';`),
      moduleOf('src/c.ts', `const a = await import('./a.js');`),
      moduleOf('src/d.ts', `import { A } from './a.js'; type E = import('./e.js').E;`),
      moduleOf('src/e.ts', `import { expect } from 'chai';`),
    ];
    expect(importCircles(modules)).to.deep.equal([['src/a.ts', 'src/c.ts', 'src/room/b.ts']]);
  });

  it('finds exports that nobody imports by name, as a whole or in passing', () => {
    const modules = [
      moduleOf(
        'src/a.ts',
        `export const one = 1; export function two() {} export type Three = 3; export class Four {}`,
      ),
      moduleOf('src/b.ts', `export interface Five {} export const six = 6, seven = 7; const eight = 8;`),
      moduleOf('src/c.ts', `export const nine = 9;`),
      moduleOf(
        'test/d.ts',
        `import { one as first, type Three } from '../src/a.js'; export { six } from '../src/b.js';`,
      ),
      moduleOf('test/e.ts', `import * as c from '../src/c.js';`),
    ];
    expect(unusedExports(modules, nothingPublic)).to.deep.equal([
      'src/a.ts: two',
      'src/a.ts: Four',
      'src/b.ts: Five',
      'src/b.ts: seven',
    ]);
    expect(unusedExports(modules, (file) => file === 'src/a.ts')).to.deep.equal([
      'src/b.ts: Five',
      'src/b.ts: seven',
    ]);
  });

  it('finds types of one name, but no values', () => {
    const modules = [
      moduleOf('src/a.ts', `export type Call = 1; export const log = 1;`),
      moduleOf('src/b.ts', `export class Call {} export const log = 2;`),
      moduleOf('src/c.ts', `interface Call {}`),
    ];
    expect(ambiguousTypes(modules)).to.deep.equal(['Call: src/a.ts, src/b.ts']);
  });
});
