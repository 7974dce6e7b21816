import { expect } from 'chai';
import { passesIn, type Shape } from '../../src/sim/shapes.js';

/** The directions that are open, as "from>to", in the order of the places. */
function open(shape: Shape, leader?: number): string[] {
  const passes = passesIn(shape, leader);
  return shape.order.flatMap((from) =>
    shape.order.filter((to) => from !== to && passes(from, to)).map((to) => `${from}>${to}`),
  );
}

const places = { order: [0, 1, 2, 3], leaderAt: null };

describe('a shape of the network', () => {
  it('chain: each server reaches its neighbours', () => {
    expect(open({ ...places, kind: 'chain' })).to.deep.equal(['0>1', '1>0', '1>2', '2>1', '2>3', '3>2']);
  });

  it('ring: the first and the last are neighbours, too', () => {
    expect(open({ ...places, kind: 'ring' })).to.include.members(['0>3', '3>0']);
  });

  it('star: all reach the first, and nobody else', () => {
    expect(open({ ...places, kind: 'star' })).to.deep.equal(['0>1', '0>2', '0>3', '1>0', '2>0', '3>0']);
  });

  it('bridges: the first group reaches the others through some of them only', () => {
    const closed = ['0>2', '0>3', '2>0', '3>0'];
    const shape: Shape = { ...places, kind: 'bridges', group: 1, over: 1 };
    const all = open({ ...places, kind: 'oneWay', closed: [] });
    expect(open(shape)).to.have.members(all.filter((link) => !closed.includes(link)));
  });

  it('one-way links: single directions are closed', () => {
    const shape: Shape = { ...places, kind: 'oneWay', closed: [[0, 1]] };
    expect(open(shape)).to.include('1>0').and.not.include('0>1');
  });

  it('puts the leader where it is wanted', () => {
    const star: Shape = { order: [0, 1, 2, 3], leaderAt: 0, kind: 'star' };
    const passes = passesIn(star, 3);
    expect([passes(3, 0), passes(3, 1), passes(3, 2)]).to.deep.equal([true, true, true]);
    expect(passes(0, 1)).to.equal(false);
    expect(passesIn(star, undefined)(0, 3)).to.equal(true);
  });
});
