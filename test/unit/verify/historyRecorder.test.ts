import { expect } from 'chai';
import { checkHistory, decodeHistory, encodeHistory, HistoryRecorder } from '../../../src/verify/index.js';

function recorder(): HistoryRecorder {
  let time = 0;
  return new HistoryRecorder(() => (time += 1));
}

describe('the recorder of a history', () => {
  it('writes down calls in order of invocation, with the times of its clock and what came of them', () => {
    const history = recorder();
    const update = history.invoke('c1', { kind: 'update', file: 'a', version: 1, content: 'x' });
    const read = history.invoke('c2', { kind: 'readFile', file: 'a' });
    read.ok({ version: 0, content: null });
    update.ok({ applied: true });
    expect(history.operations()).to.deep.equal([
      {
        id: 1,
        client: 'c1',
        kind: 'update',
        file: 'a',
        version: 1,
        content: 'x',
        invokedAt: 1,
        returnedAt: 4,
        outcome: { status: 'ok', applied: true },
      },
      {
        id: 2,
        client: 'c2',
        kind: 'readFile',
        file: 'a',
        invokedAt: 2,
        returnedAt: 3,
        outcome: { status: 'ok', version: 0, content: null },
      },
    ]);
  });

  it('keeps failed and unknown apart, with the reason if one is given', () => {
    const history = recorder();
    history.invoke('c', { kind: 'readMap' }).fail('notLeader');
    history.invoke('c', { kind: 'readMap' }).unknown();
    const outcomes = history.operations().map(({ outcome }) => outcome);
    expect(outcomes).to.deep.equal([{ status: 'failed', reason: 'notLeader' }, { status: 'unknown' }]);
  });

  it('a call still under way has an unknown outcome and no end', () => {
    const history = recorder();
    const call = history.invoke('c', { kind: 'kvPut', key: 'k', value: ['x'] });
    expect(history.operations()[0]).to.deep.include({ returnedAt: null, outcome: { status: 'unknown' } });
    call.ok({});
    expect(history.operations()[0]).to.deep.include({ returnedAt: 2, outcome: { status: 'ok' } });
  });

  it('a call is settled once', () => {
    const call = recorder().invoke('c', { kind: 'kvGet', key: 'k' });
    call.ok({ value: 1 });
    expect(() => call.unknown()).to.throw('operation 1 was settled twice');
  });

  it('what it wrote can be stored, read back and checked', () => {
    const history = recorder();
    history.invoke('c', { kind: 'kvAppend', key: 'k', value: 'x' }).ok({});
    history.invoke('c', { kind: 'kvGet', key: 'k' }).ok({ value: ['x'] });
    history.invoke('c', { kind: 'readVersion', file: 'a' }).ok({ version: 0 });
    history.invoke('c', { kind: 'readMap' }).ok({ files: {} });
    const decoded = decodeHistory(encodeHistory(history.operations()));
    expect(decoded).to.deep.equal(history.operations());
    expect(checkHistory(decoded)).to.deep.equal({ ok: true });
    expect(history.size).to.equal(4);
  });
});
