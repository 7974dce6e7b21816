import { expect } from 'chai';
import { verdictOf } from '../../../src/dashboard/verdict.js';
import type { ServerView, HealthVerdict } from '../../../src/dashboard/sample.js';
import { crashed, fiveServers, gone, viewOf } from './samples.js';

function verdict(servers: readonly ServerView[], leaderlessMs: number | null = null): HealthVerdict {
  return verdictOf({ servers, leaderlessMs });
}

const waiting = (calls: number) => ({ calls, oldestMs: 1_000, oldestIsWrite: true });

describe('dashboard: the verdict', () => {
  it('is healthy when all servers answer and follow one leader', () => {
    expect(verdict(fiveServers())).to.deep.equal({
      level: 'healthy',
      headline: 'healthy: server 2 leads in term 7, 5 of 5 answer, two more may fail',
      next: null,
      notes: [],
    });
  });

  for (const [size, spare] of [
    [1, 'and it is alone: it must not fail'],
    [2, 'no more may fail'],
    [3, 'one more may fail'],
    [4, 'one more may fail'],
    [7, 'three more may fail'],
    [10, 'four more may fail'],
  ] as const)
    it(`says of ${size}: ${spare}`, () => {
      const servers = Array.from({ length: size }, (_, id) =>
        id === 0 ? viewOf(0, { role: 'leader', hasQuorum: true }) : viewOf(id),
      );
      const count = size === 1 ? '1 of 1 answers' : `${size} of ${size} answer`;
      expect(verdict(servers).headline).to.equal(`healthy: server 0 leads in term 7, ${count}, ${spare}`);
    });

  it('says which servers to restore and which to start', () => {
    const told = verdict(fiveServers({ 0: crashed(0), 4: gone(4) }));
    expect(told.level).to.equal('degraded');
    expect(told.headline).to.equal('degraded: server 2 leads in term 7, 3 of 5 answer, no more may fail');
    expect(told.next).to.equal('restore server 0; start server 4');
    expect(told.notes).to.deep.equal([
      'server 0 is held down by its crash hook',
      'server 4 does not answer: connection refused',
    ]);
  });

  it('without a majority says how many calls wait and how many servers would do', () => {
    const told = verdict([
      crashed(0),
      viewOf(1, { waiting: waiting(3) }),
      viewOf(2, { waiting: waiting(1) }),
      crashed(3),
      crashed(4),
    ]);
    expect(told.level).to.equal('down');
    expect(told.headline).to.equal('no majority: 4 calls wait');
    expect(told.next).to.equal('restore one of 0, 3, 4 (3 of 5 are needed, two are there)');
    const worse = verdict([crashed(0), viewOf(1), gone(2), crashed(3), crashed(4)]);
    expect(worse.headline).to.equal('no majority: nothing can be written or read');
    expect(worse.next).to.equal('restore or start two of 0, 2, 3, 4 (3 of 5 are needed, one is there)');
  });

  it('names all of those that are needed when all of them are', () => {
    const told = verdict([crashed(0), gone(1)]);
    expect(told.next).to.equal('restore server 0; start server 1 (2 of 2 are needed, none are there)');
  });

  it('waits for an election, and says when it takes too long', () => {
    const servers = fiveServers({ 2: crashed(2) });
    expect(verdict(servers, 800).headline).to.equal('no leader for 0.8 s: 4 of 5 answer, no call waits');
    expect(verdict(servers, 800).next).to.match(/^wait: /);
    expect(verdict(servers, 12_000).next).to.equal('restore server 2');
    const whole = fiveServers({ 2: viewOf(2) });
    expect(verdict(whole, 12_000).next).to.match(/^look at the logs/);
  });

  it('does not take a leader that no majority answers for one', () => {
    const told = verdict(fiveServers({ 2: viewOf(2, { role: 'leader', hasQuorum: false }) }), 100);
    expect(told.headline).to.match(/^no leader/);
  });

  it('sees a server that is cut off, in both directions, and does not count it', () => {
    const others = [0, 1, 2, 3];
    const told = verdict([
      ...others.map((id) =>
        viewOf(id, { unreachableFrom: [4], ...(id === 2 ? { role: 'leader', hasQuorum: true } : {}) }),
      ),
      viewOf(4, { unreachableFrom: others, role: 'leader', term: 6 }),
    ]);
    expect(told.headline).to.equal('degraded: server 2 leads in term 7, 4 of 5 in touch, one more may fail');
    expect(told.next).to.equal('heal server 4');
    expect(told.notes).to.deep.equal([
      'server 4 is cut off: it was told to ignore everybody else',
      'server 4 still takes itself for the leader of term 6; it reaches no majority',
    ]);
  });

  it('tells a process that is gone from one that is silent', () => {
    const silent = viewOf(1, {}, { failure: 'no answer within 1000 ms' });
    expect(verdict(fiveServers({ 0: gone(0), 1: silent })).next).to.equal(
      'start server 0; see why server 1 is silent',
    );
  });

  it('names single links that are cut', () => {
    const told = verdict(fiveServers({ 3: viewOf(3, { unreachableFrom: [0] }) }));
    expect(told.next).to.equal('heal server 3');
    expect(told.notes).to.deep.equal(['server 3 ignores 0: it was told to']);
  });

  it('notes who lags, whose disk or memory is full, whose event loop stalls, and different versions', () => {
    const disk = { directory: '/data', freeBytes: 100 * 1024 * 1024, totalBytes: 1e12 };
    const told = verdict(
      fiveServers({
        0: viewOf(0, {}, { lag: { entries: 12_345, seconds: 6.2 } }),
        1: viewOf(1, { disk }),
        3: viewOf(3, { eventLoopMs: 812 }),
        4: viewOf(4, { stateBytes: 950_000, version: '0.9.0' }),
      }),
    );
    expect(told.level).to.equal('degraded');
    expect(told.notes).to.deep.equal([
      'server 0 is 12,345 entries behind (6 s)',
      'server 1 has 100 MiB left in /data',
      'server 3 stalls: its event loop was late by 812 ms',
      'server 4 is nearly full: files and keys take 95 % of what they may',
      'the servers run different versions: 1.0.0, 0.9.0',
    ]);
  });

  it('is not known before the others were asked', () => {
    const unasked = (id: number): ServerView => ({ ...viewOf(id), sample: null, lag: null });
    expect(verdict([viewOf(0), unasked(1), unasked(2)])).to.include({
      level: 'unknown',
      headline: 'asking servers 1 and 2 ...',
    });
    expect(verdict([viewOf(0, { role: 'leader', hasQuorum: true }), viewOf(1), unasked(2)])).to.include({
      level: 'unknown',
      headline: 'server 0 leads in term 7; asking server 2 ...',
    });
  });
});
