import { expect } from 'chai';
import { ByteBudget, type Share } from '../../../src/http/byteBudget.js';

describe('http: a budget of bytes', () => {
  let budget: ByteBudget;
  let evicted: string[];

  beforeEach(() => {
    budget = new ByteBudget(100);
    evicted = [];
  });

  function open(name: string): Share {
    return budget.open(() => evicted.push(name));
  }

  it('counts what its holders have now', () => {
    const [one, two] = [open('one'), open('two')];
    one.hold(30);
    two.hold(50);
    one.hold(40);
    expect(budget.bytes).to.equal(90);
    one.hold(0);
    expect(budget.bytes).to.equal(50);
    expect(evicted).to.deep.equal([]);
  });

  it('evicts those that have had some for the longest time, and no more of them than it must', () => {
    const [one, two, three] = [open('one'), open('two'), open('three')];
    two.hold(40);
    one.hold(40);
    three.hold(50);
    expect(evicted).to.deep.equal(['two']);
    expect(budget.bytes).to.equal(90);
  });

  it('evicts the holder itself when it is the oldest', () => {
    const [one, two] = [open('one'), open('two')];
    one.hold(1);
    two.hold(60);
    one.hold(50);
    expect(evicted).to.deep.equal(['one']);
    expect(budget.bytes).to.equal(60);
  });

  it('leaves a holder alone that is alone', () => {
    open('one').hold(500);
    expect(evicted).to.deep.equal([]);
    expect(budget.bytes).to.equal(500);
  });

  it('takes who had nothing in between for new', () => {
    const [one, two, three] = [open('one'), open('two'), open('three')];
    one.hold(40);
    two.hold(40);
    one.hold(0);
    one.hold(40);
    three.hold(40);
    expect(evicted).to.deep.equal(['two']);
  });
});
