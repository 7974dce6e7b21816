import { pino } from 'pino';
import { expect } from 'chai';
import { LoggingObserver } from '../../../src/cli/logging.js';
import { PeerHealth } from '../../../src/node/peers.js';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly [member: string]: unknown;
}

const { debug, info, warn, fatal } = pino.levels.values as Record<
  'debug' | 'info' | 'warn' | 'fatal',
  number
>;

/** An observer, the health of the peers that reports to it, and the lines that come out. */
function watched(): { observer: LoggingObserver; health: PeerHealth; lines: Line[]; levels: () => number[] } {
  const lines: Line[] = [];
  const stream = { write: (text: string) => void lines.push(JSON.parse(text) as Line) };
  const observer = new LoggingObserver(pino({ level: 'trace' }, stream), 10);
  return { observer, health: new PeerHealth(observer), lines, levels: () => lines.map(({ level }) => level) };
}

describe('command line: the log of a server', () => {
  it('has one line for each change of leader as information, whatever roles change meanwhile', () => {
    const { observer, lines } = watched();
    observer.roleChanged({ role: 'preCandidate', term: 3, leader: null });
    observer.roleChanged({ role: 'candidate', term: 4, leader: null });
    observer.roleChanged({ role: 'leader', term: 4, leader: 0 });
    observer.roleChanged({ role: 'follower', term: 5, leader: null });
    observer.roleChanged({ role: 'follower', term: 5, leader: 2 });
    observer.roleChanged({ role: 'preCandidate', term: 5, leader: null });
    observer.roleChanged({ role: 'follower', term: 5, leader: 2 });
    const seen = lines.filter(({ level }) => level >= info);
    expect(seen.map(({ msg, leader, term }) => ({ msg, leader, term }))).to.deep.equal([
      { msg: 'this server leads', leader: 0, term: 4 },
      { msg: 'server 2 leads', leader: 2, term: 5 },
    ]);
  });

  it('says who leads only once the server is ready, and then only who leads now', () => {
    const { observer, lines } = watched();
    observer.holdBack();
    observer.roleChanged({ role: 'follower', term: 1, leader: 1 });
    observer.roleChanged({ role: 'follower', term: 2, leader: 2 });
    expect(lines.filter(({ level }) => level >= info)).to.deep.equal([]);
    observer.ready();
    observer.roleChanged({ role: 'leader', term: 3, leader: 0 });
    const seen = lines.filter(({ level }) => level >= info);
    expect(seen.map(({ msg }) => msg)).to.deep.equal(['server 2 leads', 'this server leads']);
  });

  it('has changes of role and of life for those who look for a fault', () => {
    const { observer, lines } = watched();
    observer.roleChanged({ role: 'candidate', term: 4, leader: null });
    observer.lifecycleChanged('crashed');
    expect(lines[0]).to.deep.include({ level: debug, msg: 'role changed', role: 'candidate', term: 4 });
    expect(lines[1]).to.deep.include({ level: debug, msg: 'lifecycle changed', state: 'crashed' });
  });

  describe('has a peer that cannot be reached', () => {
    it('for those who look for a fault while it has not been seen yet: the cluster is starting', () => {
      const { health, lines } = watched();
      health.failed(1, 'connection refused');
      expect(lines).to.have.length(1);
      expect(lines[0]).to.deep.include({
        level: debug,
        msg: 'peer is unreachable',
        peer: 1,
        reason: 'connection refused',
      });
    });

    it('as a warning once it has been seen', () => {
      const { health, lines, levels } = watched();
      health.answered(1);
      health.failed(1, 'connection refused');
      expect(levels()).to.deep.equal([debug, warn]);
      expect(lines[1]).to.deep.include({ msg: 'peer is unreachable', peer: 1 });
    });

    it('once per outage, however many requests fail', () => {
      const { health, levels } = watched();
      health.answered(1);
      for (let failures = 0; failures < 100; failures += 1) health.failed(1, 'timeout');
      expect(levels()).to.deep.equal([debug, warn]);
      health.answered(1);
      health.failed(1, 'timeout');
      expect(levels()).to.deep.equal([debug, warn, info, warn]);
    });

    it('for those who look for a fault when it was crashed on purpose', () => {
      const { health, levels } = watched();
      health.answered(1);
      health.failed(1, 'isCrashed: this server is crashed; call restore to bring it back');
      expect(levels()).to.deep.equal([debug, debug]);
    });

    it('for each peer on its own', () => {
      const { health, lines, levels } = watched();
      health.answered(1);
      health.failed(2, 'refused');
      health.failed(1, 'refused');
      expect(levels()).to.deep.equal([debug, debug, warn]);
      expect(lines.map(({ peer }) => peer)).to.deep.equal([1, 2, 1]);
    });
  });

  it('has a peer that is reached again as information, and the first time for those who look for a fault', () => {
    const { health, lines, levels } = watched();
    health.answered(1);
    health.answered(1);
    health.failed(1, 'timeout');
    health.answered(1);
    expect(levels()).to.deep.equal([debug, warn, info]);
    expect(lines[2]).to.deep.include({ msg: 'peer is reachable', peer: 1 });
  });

  it('has a failure as fatal, with its error, and is written before anybody is told', () => {
    const { observer, lines } = watched();
    let linesWhenTold = 0;
    observer.onFailed = () => (linesWhenTold = lines.length);
    observer.failed(new Error('the disk is full'));
    expect(lines[0]).to.deep.include({ level: fatal, msg: 'this server cannot go on' });
    expect(lines[0]?.['err']).to.include({ message: 'the disk is full' });
    expect(linesWhenTold).to.equal(1);
  });

  it('has a failure although nobody wants to be told', () => {
    const { observer, lines } = watched();
    observer.failed(new Error('x'));
    expect(lines).to.have.length(1);
  });
});
