import { expect } from 'chai';
import { SimLink } from '../../src/sim/simLink.js';
import { VirtualTime } from '../../src/sim/simHost.js';

describe('a simulated link', () => {
  let time: VirtualTime;
  let link: SimLink;
  let left: [name: string, atMs: number][];

  beforeEach(() => {
    time = new VirtualTime();
    link = new SimLink(time);
    left = [];
  });

  function upload(name: string, bytes: number): () => void {
    return link.upload(bytes, () => left.push([name, Math.round(time.nowMs)]));
  }

  function runUntil(ms: number): void {
    while (time.step(ms));
  }

  it('takes no time for anything when its bandwidth has no limit', () => {
    upload('large', 8_000_000);
    expect(left).to.deep.equal([['large', 0]]);
  });

  it('takes the time that its bandwidth asks for', () => {
    link.setBandwidth(1_000_000);
    upload('a', 500_000);
    runUntil(10_000);
    expect(left).to.deep.equal([['a', 500]]);
  });

  it('is shared fairly: a small message beside a large one takes twice as long as alone, and delays it by itself', () => {
    link.setBandwidth(1_000_000);
    upload('large', 1_000_000);
    runUntil(200);
    upload('small', 10_000);
    runUntil(10_000);
    expect(left).to.deep.equal([
      ['small', 220],
      ['large', 1010],
    ]);
  });

  it('is left to the others when an upload is broken off', () => {
    link.setBandwidth(1_000_000);
    upload('stays', 1_000_000);
    const breakOff = upload('goes', 1_000_000);
    runUntil(1_000);
    breakOff();
    runUntil(10_000);
    expect(left).to.deep.equal([['stays', 1500]]);
  });

  it('works again when as many cuts are joined as were made', () => {
    link.cut();
    link.cut();
    link.join();
    expect(link.isCut).to.equal(true);
    link.join();
    expect(link.isCut).to.equal(false);
  });
});
