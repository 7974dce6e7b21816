import { expect } from 'chai';
import { RaftLog } from '../../../src/raft/log.js';
import { append, CoreHarness, entriesOf } from '../../support/coreHarness.js';

describe('t48 late write completions (etcd append ABA race)', () => {
  it('a second truncation does not lift the barrier of the first', () => {
    const log = new RaftLog();
    log.append(entriesOf([1, 1, 1]));
    log.truncateFrom(2, 2);
    log.append(entriesOf([2], 2));
    log.truncateFrom(2, 3);
    log.append(entriesOf([1, 1, 1], 2));
    log.truncateFrom(4, 4);
    log.append(entriesOf([3], 4));
    log.persisted(1, { term: 1, index: 3 });
    expect(log.stableIndex).to.equal(1);
  });

  it('nothing is applied that was truncated and came back, until the write that brought it back is done', () => {
    const h = new CoreHarness({ term: 1, isDiskFast: false });
    const [first, second] = [
      append(h.status, 1, { entries: entriesOf([1, 1, 1]) }),
      { prevLogIndex: 1, prevLogTerm: 1 },
    ];
    h.receive(first);
    h.receive(append(h.status, 2, { term: 2, ...second, entries: entriesOf([2], 2) }));
    h.receive(append(h.status, 1, { term: 3, ...second, entries: entriesOf([1, 1, 1], 2) }));
    const last = { prevLogIndex: 3, prevLogTerm: 1, entries: entriesOf([4], 4), leaderCommit: 4 };
    h.receive(append(h.status, 2, { term: 4, ...last }));
    expect(h.persist().committed.map(({ index }) => index)).to.deep.equal([1]);
  });
});
