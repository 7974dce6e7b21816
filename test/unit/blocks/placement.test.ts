import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { placementOf } from '../../../src/blocks/placement.js';

const hashes = Array.from({ length: 3_000 }, (_, i) => createHash('sha256').update(`${i}`).digest('hex'));

describe('the placement of blocks', () => {
  it('names every server once, and is the same on every server', () => {
    for (const hash of hashes.slice(0, 50)) {
      expect([...placementOf(hash, [0, 1, 2, 3, 4])].sort()).to.deep.equal([0, 1, 2, 3, 4]);
      expect(placementOf(hash, [4, 2, 0, 1, 3])).to.deep.equal(placementOf(hash, [0, 1, 2, 3, 4]));
    }
  });

  for (const size of [2, 3, 5, 7]) {
    it(`gives each of ${size} servers about the same share of first and of second copies`, () => {
      const servers = Array.from({ length: size }, (_, id) => id);
      for (const rank of [0, 1]) {
        const counts = servers.map(
          (server) => hashes.filter((hash) => placementOf(hash, servers)[rank] === server).length,
        );
        const fair = hashes.length / size;
        for (const count of counts) expect(count).to.be.within(fair * 0.85, fair * 1.15);
      }
    });
  }

  it('moves only what a new server takes', () => {
    for (const hash of hashes.slice(0, 300)) {
      const before = placementOf(hash, [0, 1, 2, 3]);
      expect(placementOf(hash, [0, 1, 2, 3, 4]).filter((server) => server !== 4)).to.deep.equal(before);
    }
  });
});
