import { expect } from 'chai';
import { brakesBefore, brakesOn, usableBase } from '../../../src/sync/brakes.js';
import { plan, type RemoteFile, type Trees } from '../../../src/sync/plan.js';

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `f${index}`);

function stored(
  files: readonly string[],
  version = 1,
  content: RemoteFile['content'] = ['x'],
): Trees['remote'] {
  return new Map(files.map((name) => [name, { version, content }]));
}

function local(files: readonly string[]): Trees['local'] {
  return new Map(files.map((name) => [name, { content: ['x'], mtimeMs: 0 }]));
}

const kindsOf = (brakes: readonly { kind: string }[]): string[] => brakes.map(({ kind }) => kind);

/** The brakes on the plan for this many files, of which so many were deleted in the folder and in the store. */
function onDeletions(files: number, inFolder: number, inStore: number): string[] {
  const all = names(files);
  const trees: Trees = {
    local: local(all.slice(inFolder)),
    remote: new Map([...stored(all), ...stored(all.slice(files - inStore), 2, null)]),
    base: stored(all),
  };
  return brakesOn(plan(trees, { host: 'h' }), trees).map(({ reason }) => reason);
}

describe('brakes', () => {
  it('let an ordinary sync through', () => {
    const trees = { local: local(names(3)), remote: stored(names(3)), base: stored(names(2)) };
    expect(brakesBefore(trees, {})).to.deep.equal([]);
    expect(brakesBefore({ ...trees, base: new Map() }, {})).to.deep.equal([]);
  });

  it('stop when more than half of the files would go, if these are more than ten', () => {
    expect(onDeletions(10, 10, 0)).to.deep.equal([]);
    expect(onDeletions(22, 11, 0)).to.deep.equal([]);
    expect(onDeletions(21, 11, 0)).to.deep.equal(['11 of 21 files would be deleted in the store']);
    expect(onDeletions(21, 0, 11)).to.deep.equal(['11 of 21 files would be deleted in the folder']);
    // Ten on either side are twenty, but not eleven on one.
    expect(onDeletions(20, 10, 10)).to.deep.equal([]);
  });

  it('stop before an empty folder that had files', () => {
    const trees = { local: local([]), remote: stored(names(2)), base: stored(names(2)) };
    expect(kindsOf(brakesBefore(trees, {}))).to.deep.equal(['empty-folder']);
    const deleted = { ...trees, remote: stored(names(2), 2, null), base: stored(names(2), 2, null) };
    expect(brakesBefore(deleted, {})).to.deep.equal([]);
  });

  it('stop before an empty store, and before one that has gone back in time', () => {
    const trees = { local: local(names(2)), remote: stored([]), base: stored(names(2), 4) };
    expect(kindsOf(brakesBefore(trees, {}))).to.deep.equal(['empty-store']);
    expect(kindsOf(brakesBefore({ ...trees, remote: stored(names(2), 3) }, {}))).to.deep.equal(['rollback']);
    expect(kindsOf(brakesBefore({ ...trees, remote: stored(['f0'], 4) }, {}))).to.deep.equal(['rollback']);
    const rewritten = stored(names(2), 4, ['other']);
    expect(kindsOf(brakesBefore({ ...trees, remote: rewritten }, {}))).to.deep.equal(['rollback']);
    expect(brakesBefore({ ...trees, remote: stored(names(2), 4) }, {})).to.deep.equal([]);
  });

  it('stop before another folder, another cluster, and a base that cannot be read', () => {
    const trees = { local: local(names(1)), remote: stored(names(1)), base: new Map() };
    expect(kindsOf(brakesBefore(trees, { isOtherFolder: true }))).to.deep.equal(['other-folder']);
    expect(kindsOf(brakesBefore(trees, { clusters: { last: 'a', now: 'b' } }))).to.deep.equal([
      'other-cluster',
    ]);
    expect(brakesBefore(trees, { clusters: { last: 'a', now: 'a' } })).to.deep.equal([]);
    const lost = brakesBefore(trees, { baseProblem: 'line 3 is not JSON' });
    expect(lost).to.deep.equal([
      { kind: 'lost-base', reason: 'the record of the last sync cannot be read: line 3 is not JSON' },
    ]);
  });

  it('that are let through cost the base, so that nothing is deleted', () => {
    const trees = { local: local([]), remote: stored(names(2), 3), base: stored(names(2), 4) };
    for (const kind of ['other-folder', 'empty-store', 'other-cluster', 'lost-base'] as const)
      expect(usableBase(trees, [{ kind, reason: '' }]).size, kind).to.equal(0);
    expect(usableBase(trees, [{ kind: 'empty-folder', reason: '' }])).to.equal(trees.base);
    const half = { ...trees, remote: new Map([...stored(['f0'], 4), ...stored(['f1'], 3)]) };
    expect([...usableBase(half, [{ kind: 'rollback', reason: '' }]).keys()]).to.deep.equal(['f0']);
  });
});
