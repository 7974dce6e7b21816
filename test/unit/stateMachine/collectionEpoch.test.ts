import { expect } from 'chai';
import {
  decodeCommand,
  encodeRaiseEpoch,
  encodeUpdateFile,
  type CommandResult,
} from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { SnapshotError } from '../../../src/stateMachine/stateMachine.js';

/** A state and the log that leads to it. */
class Log {
  readonly state = new ServiceState();

  apply(command: string): CommandResult {
    return this.state.apply({ index: this.state.lastApplied + 1, term: 1, kind: 'command', command });
  }
}

function loaded(...records: readonly unknown[]): ServiceState {
  const state = new ServiceState();
  const loader = state.load();
  loader.add(JSON.stringify(records));
  loader.install(7);
  return state;
}

describe('the epoch of garbage collection', () => {
  let log: Log;

  beforeEach(() => {
    log = new Log();
  });

  it('rises by one, and of two collections that raise it to the same number one fails', () => {
    expect(log.apply(encodeRaiseEpoch(1))).to.equal('applied');
    expect(log.apply(encodeRaiseEpoch(1))).to.equal('refused');
    expect(log.apply(encodeRaiseEpoch(3))).to.equal('refused');
    expect(log.apply(encodeRaiseEpoch(2))).to.equal('applied');
    expect(log.state.epoch.current).to.equal(2);
  });

  it('refuses updates that carry another one, and no others', () => {
    const update = (version: number, epoch?: number): CommandResult =>
      log.apply(encodeUpdateFile('a', version, ['h'], undefined, epoch));
    expect(update(1, 0)).to.equal('applied');
    log.apply(encodeRaiseEpoch(1));
    for (const other of [0, 2]) expect(update(2, other)).to.equal('epochMoved');
    expect(log.state.files.versionOf('a')).to.equal(1);
    expect(update(2, 1)).to.equal('applied');
    expect(update(3)).to.equal('applied');
  });

  it('gives a request that it refused the same answer again', () => {
    log.apply(encodeRaiseEpoch(1));
    const late = encodeUpdateFile('a', 1, ['h'], { clientId: 'name', sequence: 0 }, 0);
    expect([log.apply(late), log.apply(late)]).to.deep.equal(['epochMoved', 'epochMoved']);
  });

  it('is in snapshots once there is one, and an older snapshot has none', () => {
    const chunk = (): unknown => JSON.parse(log.state.snapshot(1_000).next().value ?? '');
    expect(chunk()).to.deep.equal([]);
    log.apply(encodeRaiseEpoch(1));
    expect(chunk()).to.deep.equal([{ epoch: 1 }]);
    expect(loaded({ epoch: 5 }).epoch.current).to.equal(5);
    expect(loaded(['a', 1, 'h']).epoch.current).to.equal(0);
    const state = loaded({ epoch: 5 });
    state.load().install(8);
    expect(state.epoch.current).to.equal(0);
  });

  it('of a snapshot must be one number above zero', () => {
    for (const records of [[{ epoch: 0 }], [{ epoch: 'x' }], [{ epoch: 1.5 }], [{ epoch: 1 }, { epoch: 2 }]])
      expect(() => loaded(...records), JSON.stringify(records)).to.throw(SnapshotError);
  });

  it('is decoded from whole numbers only', () => {
    for (const epoch of ['1', 1.5, null]) {
      expect(decodeCommand(JSON.stringify({ type: 'raiseEpoch', epoch }))).to.equal(undefined);
      const update = { type: 'updateFile', name: 'a', version: 1, hashList: [], epoch };
      expect(decodeCommand(JSON.stringify(update))).to.equal(undefined);
    }
    expect(encodeUpdateFile('a', 1, [])).to.not.contain('epoch');
  });

  it('and keys change no file; updates that take effect and snapshots do', () => {
    let told = 0;
    log.state.onFilesChanged = () => (told += 1);
    log.apply(encodeRaiseEpoch(1));
    log.apply(encodeUpdateFile('a', 5, ['h']));
    expect([log.state.filesChangedAt, told]).to.deep.equal([0, 0]);
    log.apply(encodeUpdateFile('a', 1, ['h']));
    expect([log.state.filesChangedAt, told]).to.deep.equal([3, 1]);
    log.apply(encodeRaiseEpoch(2));
    expect(log.state.filesChangedAt).to.equal(3);
    log.state.load().install(9);
    expect([log.state.filesChangedAt, told]).to.deep.equal([9, 2]);
  });
});
