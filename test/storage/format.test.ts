import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { LogStorage } from '../../src/storage/logStorage.js';
import type { StoredState } from '../../src/storage/storage.js';
import { ServiceState } from '../../src/stateMachine/serviceState.js';
import { close, load } from './batchWriter.js';
import { temporaryDirectories } from './dataDirectories.js';

/**
 * The directory of the only server of a cluster, written by an earlier build and packed after `kill -9`: two segments,
 * a snapshot, files, keys, sessions. Whoever changes the format on purpose gives it a new number and packs a new one.
 */
const ARCHIVE = fileURLToPath(new URL('fixtures/format-3.tgz', import.meta.url));
const OWNER = { server: 0, servers: ['127.0.0.1:31999'] };

function stateOf({ snapshot, entries }: StoredState): ServiceState {
  const state = new ServiceState();
  if (snapshot !== null) {
    const loader = state.load();
    for (let at = 0; at < snapshot.chunks.length; at += 1) loader.add(snapshot.chunks.at(at) ?? '');
    loader.install(snapshot.last.index);
  }
  for (const entry of entries) if (entry.index > state.lastApplied) state.apply(entry);
  return state;
}

describe('a data directory that an earlier build wrote', () => {
  const newDirectory = temporaryDirectories();
  let stored: StoredState;

  before(async () => {
    const directory = newDirectory();
    execFileSync('tar', ['xzf', ARCHIVE, '-C', directory]);
    const storage = await LogStorage.open(directory, OWNER);
    stored = await load(storage);
    await close(storage);
  });

  it('has its term, vote, identity, snapshot and log', () => {
    expect(stored.hardState).to.deep.equal({ term: 1, votedFor: 0 });
    expect(stored.identity?.cluster).to.match(/./);
    expect(stored.snapshot?.last.index).to.be.above(stored.base.index);
    expect(stored.entries[0]?.index).to.equal(stored.base.index + 1);
  });

  it('has every file, with versions, tombstones and names in any script', () => {
    const { files } = stateOf(stored);
    expect(files.recordOf('file-2.txt')).to.deep.equal({
      version: 5,
      hashList: ['a'.repeat(64), '0'.repeat(64)],
    });
    expect(files.recordOf('gone.txt')).to.deep.equal({ version: 2, hashList: '0' });
    expect(files.recordOf('empty.txt')).to.deep.equal({ version: 1, hashList: [] });
    expect(files.recordOf('dänisch \u{1F600}.txt')?.version).to.equal(1);
  });

  it('has every key', () => {
    const { keys } = stateOf(stored);
    expect(keys.get('list')).to.deep.equal([1, 2]);
    expect(keys.get('key-3')).to.equal(undefined);
    expect(keys.get('key-1')).to.deep.include({ n: 19 });
    expect(keys.get('late')).to.equal('after the snapshot');
  });
});
