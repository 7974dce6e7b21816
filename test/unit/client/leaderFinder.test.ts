import { expect } from 'chai';
import fc from 'fast-check';
import { LeaderFinder, type ServerInfo } from '../../../src/client/leaderFinder.js';

const serversOf = (count: number): ServerInfo[] =>
  Array.from({ length: count }, (_, id) => ({ id, host: 'localhost', port: 9000 + id }));

/** The servers of one round; `learn` may change the finder's mind after each. */
function roundOf(finder: LeaderFinder, learn: (id: number) => void = () => undefined): number[] {
  const ids: number[] = [];
  for (const { id } of finder.round()) {
    ids.push(id);
    learn(id);
  }
  return ids;
}

describe('client: the search for the leader', () => {
  it('needs at least one server', () => {
    expect(() => new LeaderFinder([])).to.throw('a cluster has at least one server');
  });

  it('asks each server once per round', () => {
    for (const count of [1, 2, 3, 5, 10]) {
      const finder = new LeaderFinder(serversOf(count));
      for (let round = 0; round < 5; round += 1) {
        expect(roundOf(finder).sort((a, b) => a - b)).to.deep.equal(serversOf(count).map(({ id }) => id));
      }
    }
  });

  it('does not begin again with the same server after a round that ended early', () => {
    const finder = new LeaderFinder(serversOf(3));
    const first = (): number | undefined => {
      for (const { id } of finder.round()) return id;
      return undefined;
    };
    expect(new Set([first(), first(), first()])).to.deep.equal(new Set([0, 1, 2]));
  });

  it('begins with the last known leader', () => {
    const finder = new LeaderFinder(serversOf(5));
    finder.presume(3);
    for (let round = 0; round < 3; round += 1) expect(roundOf(finder)[0]).to.equal(3);
  });

  it('begins with the newer of two', () => {
    const finder = new LeaderFinder(serversOf(5));
    finder.presume(3);
    finder.presume(1);
    expect(roundOf(finder)[0]).to.equal(1);
  });

  it('goes to the server that a refusal names, next', () => {
    const finder = new LeaderFinder(serversOf(5));
    expect(roundOf(finder, (id) => id === 0 && finder.presume(4)).slice(0, 2)).to.deep.equal([0, 4]);
  });

  it('follows hint after hint', () => {
    const finder = new LeaderFinder(serversOf(5));
    const hints = new Map([
      [0, 3],
      [3, 1],
      [1, 4],
    ]);
    const order = roundOf(finder, (id) => {
      const hint = hints.get(id);
      if (hint !== undefined) finder.presume(hint);
    });
    expect(order.slice(0, 4)).to.deep.equal([0, 3, 1, 4]);
  });

  it('asks each server once in a round in which all name one another', () => {
    const finder = new LeaderFinder(serversOf(3));
    const order = roundOf(finder, (id) => finder.presume((id + 2) % 3));
    expect(order).to.deep.equal([0, 2, 1]);
  });

  it('asks each server once in a round in which one names itself', () => {
    const finder = new LeaderFinder(serversOf(3));
    expect(roundOf(finder, (id) => finder.presume(id))).to.have.members([0, 1, 2]);
  });

  it('takes no hint to a server that is not of the cluster', () => {
    const finder = new LeaderFinder(serversOf(3));
    finder.presume(1);
    finder.presume(7);
    finder.presume(-1);
    expect(roundOf(finder)[0]).to.equal(1);
  });

  it('forgets a leader that turned out not to lead, but not another one', () => {
    const [kept, forgotten] = [new LeaderFinder(serversOf(3)), new LeaderFinder(serversOf(3))];
    for (const finder of [kept, forgotten]) finder.presume(2);
    kept.forgetLeader(1);
    expect(roundOf(kept)).to.deep.equal([2, 0, 1]);
    forgotten.forgetLeader(2);
    expect(roundOf(forgotten)).to.deep.equal([0, 1, 2]);
  });

  it('ends every round after each server was asked once, whatever they say', () => {
    const hints = fc.array(fc.integer({ min: -1, max: 7 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), hints, (count, all) => {
        const finder = new LeaderFinder(serversOf(count));
        const pending = [...all];
        for (let round = 0; round < 3; round += 1) {
          const order = roundOf(finder, (id) => {
            const hint = pending.shift();
            if (hint === undefined) return;
            if (hint % 2 === 0) finder.forgetLeader(id);
            finder.presume(hint);
          });
          expect([...order].sort((a, b) => a - b)).to.deep.equal(serversOf(count).map(({ id }) => id));
        }
      }),
    );
  });
});
