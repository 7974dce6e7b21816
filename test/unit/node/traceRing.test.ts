import { expect } from 'chai';
import { TraceRing } from '../../../src/node/traceRing.js';

describe('the ring of a server’s reasons', () => {
  it('keeps the newest, the oldest first', () => {
    let now = 0;
    const ring = new TraceRing(3, 10, () => (now += 1));
    expect(ring.list()).to.deep.equal([]);
    for (let term = 1; term <= 5; term += 1)
      ring.traced([{ kind: 'role', role: 'candidate', term, leader: null }]);
    expect(ring.list()).to.deep.equal([
      { atMs: 3, kind: 'role', text: 'candidate in term 3' },
      { atMs: 4, kind: 'role', text: 'candidate in term 4' },
      { atMs: 5, kind: 'role', text: 'candidate in term 5' },
    ]);
  });

  it('shows what the hooks did beside what the core did', () => {
    const ring = new TraceRing(3, 10, () => 7);
    ring.lifecycleChanged('crashed');
    ring.traced([{ kind: 'leaderLost', term: 2, leader: 1 }]);
    expect(ring.list().map(({ kind }) => kind)).to.deep.equal(['lifecycle', 'leaderLost']);
  });
});
