import { expect } from 'chai';
import { conflictName } from '../../../src/sync/conflictName.js';
import { plan, type SyncOperation, type RemoteFile, type Trees } from '../../../src/sync/plan.js';

const at = Date.UTC(2026, 10, 28, 14, 3);

type Side = readonly string[] | null;

function trees(local: Side, remote: readonly [number, Side], base?: readonly [number, Side]): Trees {
  const entry = ([version, content]: readonly [number, Side]): RemoteFile => ({ version, content });
  return {
    local: new Map(local === null ? [] : [['a.txt', { content: local, mtimeMs: at }]]),
    remote: new Map(remote[0] === 0 ? [] : [['a.txt', entry(remote)]]),
    base: new Map(base === undefined ? [] : [['a.txt', entry(base)]]),
  };
}

function planned(...sides: Parameters<typeof trees>): SyncOperation[] {
  return plan(trees(...sides), { host: 'lab3' });
}

const x = ['x'];
const y = ['y'];
const z = ['z'];
const name = 'a.txt';
const copy = 'a (conflict, lab3, 2026-11-28 14.03, v4).txt';

describe('plan', () => {
  it('has nothing to do when all three agree, be it about a file or a deleted one', () => {
    expect(planned(x, [3, x], [3, x])).to.deep.equal([]);
    expect(planned(null, [3, null], [3, null])).to.deep.equal([]);
  });

  it('sends a new file, a changed one and a deletion as the next version', () => {
    expect(planned(x, [0, null])).to.deep.equal([{ kind: 'upload', name, version: 1, content: x }]);
    expect(planned(y, [3, x], [3, x])).to.deep.equal([{ kind: 'upload', name, version: 4, content: y }]);
    expect(planned(null, [3, x], [3, x])).to.deep.equal([{ kind: 'deleteRemote', name, version: 4 }]);
  });

  it('fetches what changed in the store, and deletes what was deleted there', () => {
    expect(planned(null, [3, x])).to.deep.equal([
      { kind: 'download', name, version: 3, content: x, replaces: null },
    ]);
    expect(planned(x, [5, y], [3, x])).to.deep.equal([
      { kind: 'download', name, version: 5, content: y, replaces: x },
    ]);
    expect(planned(x, [4, null], [3, x])).to.deep.equal([
      { kind: 'deleteLocal', name, version: 4, replaces: x },
    ]);
  });

  it('takes equal changes on both sides for no conflict', () => {
    expect(planned(y, [4, y], [3, x])).to.deep.equal([{ kind: 'adopt', name, version: 4, content: y }]);
    expect(planned(null, [4, null], [3, x])).to.deep.equal([
      { kind: 'adopt', name, version: 4, content: null },
    ]);
  });

  it('keeps an edit that the other side deleted', () => {
    expect(planned(y, [4, null], [3, x])).to.deep.equal([{ kind: 'upload', name, version: 5, content: y }]);
    expect(planned(null, [4, y], [3, x])).to.deep.equal([
      { kind: 'download', name, version: 4, content: y, replaces: null },
    ]);
  });

  it('moves the edit of the folder to a copy when both sides edited', () => {
    expect(planned(z, [6, y], [3, x])).to.deep.equal([
      { kind: 'conflict', name, version: 6, content: y, replaces: z, copy },
    ]);
  });

  it('makes the union of both sides without a base', () => {
    expect(planned(x, [7, null])).to.deep.equal([{ kind: 'upload', name, version: 8, content: x }]);
    expect(planned(z, [7, y]).map(({ kind }) => kind)).to.deep.equal(['conflict']);
  });

  it('gives a conflict copy no name that another file has, and uses that of an interrupted attempt again', () => {
    const both = trees(z, [4, y], [3, x]);
    const withCopy = (content: string[]): Trees => ({
      ...both,
      local: new Map([...both.local, [copy, { content, mtimeMs: at }]]),
    });
    const copyIn = (drawn: Trees): unknown =>
      plan(drawn, { host: 'lab3' })
        .filter(({ kind }) => kind === 'conflict')
        .map((operation) => 'copy' in operation && operation.copy);
    expect(copyIn(withCopy(z))).to.deep.equal([copy]);
    expect(copyIn(withCopy(x))).to.deep.equal(['a (conflict, lab3, 2026-11-28 14.03, v4, 2).txt']);
  });

  it('deletes last', () => {
    const operations = plan(
      {
        local: new Map([
          ['b', { content: x, mtimeMs: at }],
          ['c', { content: y, mtimeMs: at }],
        ]),
        remote: new Map([
          ['a', { version: 1, content: x }],
          ['c', { version: 2, content: null }],
        ]),
        base: new Map([
          ['a', { version: 1, content: x }],
          ['c', { version: 1, content: y }],
        ]),
      },
      { host: 'lab3' },
    );
    expect(operations.map(({ kind, name: file }) => `${kind} ${file}`)).to.deep.equal([
      'upload b',
      'deleteRemote a',
      'deleteLocal c',
    ]);
  });
});

describe('the name of a conflict copy', () => {
  const losing = { host: 'lab3', atMs: at, version: 7, count: 1 };

  it('says where and when the version was made that lost', () => {
    expect(conflictName('docs/notes.txt', losing)).to.equal(
      'docs/notes (conflict, lab3, 2026-11-28 14.03, v7).txt',
    );
    expect(conflictName('.profile', losing)).to.equal('.profile (conflict, lab3, 2026-11-28 14.03, v7)');
  });

  it('fits into 255 bytes without breaking a character', () => {
    const name = conflictName(`${'é'.repeat(126)}.md`, losing);
    expect(Buffer.byteLength(name)).to.be.within(253, 255);
    expect(name).to.match(/^é+ \(conflict, .*\)\.md$/);
  });

  it('has one plain word for the machine, whatever its name is', () => {
    expect(conflictName('a', { ...losing, host: '../my host' })).to.include('(conflict, my-host, ');
    expect(conflictName('a', { ...losing, host: '' })).to.include('(conflict, unknown, ');
  });
});
