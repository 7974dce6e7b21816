import { expect } from 'chai';
import { judgeNames, problemOfName } from '../../../src/sync/names.js';
import type { Trees } from '../../../src/sync/plan.js';

function trees(local: readonly string[], remote: readonly string[], base: readonly string[] = []): Trees {
  const stored = (names: readonly string[]): Trees['remote'] =>
    new Map(names.map((name) => [name, { version: 1, content: [] }]));
  return {
    local: new Map(local.map((name) => [name, { content: [], mtimeMs: 0 }])),
    remote: stored(remote),
    base: stored(base),
  };
}

const refusedIn = (drawn: Trees, profile: 'classic' | 'tree' = 'classic'): string[] =>
  judgeNames(drawn, profile).refused.map(({ name }) => name);

describe('names from other clients', () => {
  const hostile: readonly (readonly [string, string])[] = [
    ['../outside.txt', 'part'],
    ['a/../../b', 'part'],
    ['a//b', 'part'],
    ['..', 'part'],
    ['/etc/passwd', 'absolute'],
    ['C:\\Windows\\x', 'absolute'],
    ['c:x', 'absolute'],
    ['a\\b', 'backslash'],
    ['a\0b', 'control'],
    ['a\nb', 'control'],
    ['', 'empty'],
    ['CON', 'device'],
    ['nul.txt', 'device'],
    ['docs/Com1.log', 'device'],
    ['LPT¹', 'device'],
    ['a.', 'dot'],
    ['a ', 'blank'],
    ['docs./a', 'dot'],
    ['x'.repeat(256), '255 bytes'],
    ['é'.repeat(128), '255 bytes'],
    ['a/'.repeat(2100) + 'b', '4096 bytes'],
    ['a\ud800', 'Unicode'],
  ];

  for (const [name, reason] of hostile) {
    it(`${JSON.stringify(name.slice(0, 20))} is refused: ${reason}`, () => {
      expect(problemOfName(name, 'tree')).to.include(reason);
    });
  }

  it('ordinary ones are taken, also with blanks, dots and other scripts inside', () => {
    for (const name of ['a', 'a b.txt', '.a', 'console.log', 'über.txt', '日本.txt', 'a..b', 'x'.repeat(255)])
      expect(problemOfName(name, 'classic'), name).to.equal(undefined);
  });

  it('paths need the tree profile', () => {
    expect(problemOfName('a/b', 'classic')).to.include('--tree');
    expect(problemOfName('a/b', 'tree')).to.equal(undefined);
  });

  it('index.txt and what begins with a dot is nobody’s business in the classic profile', () => {
    const { trees: kept, refused } = judgeNames(
      trees(['.git', 'index.txt', 'a'], ['.x', 'index.txt']),
      'classic',
    );
    expect(refused).to.deep.equal([]);
    expect([...kept.local.keys(), ...kept.remote.keys()]).to.deep.equal(['a']);
  });

  it('nothing gets into the folder of the client itself', () => {
    const { trees: kept } = judgeNames(trees([], ['.surfstore/base', '.surfstore', '.git/config']), 'tree');
    expect([...kept.remote.keys()]).to.deep.equal(['.git/config']);
  });

  it('of twins by case or Unicode form one is kept: known to both, else in the store, else the first', () => {
    expect(refusedIn(trees(['A.txt'], ['a.txt']))).to.deep.equal(['A.txt']);
    expect(refusedIn(trees(['A.txt'], ['a.txt', 'A.txt'], ['A.txt']))).to.deep.equal(['a.txt']);
    expect(refusedIn(trees(['e\u0301', '\u00e9'], []))).to.deep.equal(['\u00e9']);
    expect(refusedIn(trees(['a', 'b'], ['c']))).to.deep.equal([]);
  });

  it('a deleted twin does not count', () => {
    const drawn = trees(['A.txt'], []);
    const remote = new Map([['a.txt', { version: 2, content: null }]]);
    expect(refusedIn({ ...drawn, remote })).to.deep.equal([]);
  });

  it('a file where the other side has a folder waits', () => {
    expect(refusedIn(trees(['a'], ['a/b']), 'tree')).to.deep.equal(['a/b']);
    expect(refusedIn(trees(['a/b'], ['a']), 'tree')).to.deep.equal(['a']);
    expect(refusedIn(trees([], ['a', 'a/b']), 'tree')).to.deep.equal(['a/b']);
  });

  it('refused files are in no tree of the plan', () => {
    const { trees: kept, refused } = judgeNames(trees(['CON', 'a'], ['CON', 'a'], ['CON', 'a']), 'classic');
    expect([...kept.local.keys(), ...kept.remote.keys(), ...kept.base.keys()]).to.deep.equal(['a', 'a', 'a']);
    expect(refused).to.deep.equal([{ name: 'CON', reason: 'the name is that of a device on Windows' }]);
  });
});
