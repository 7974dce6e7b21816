import { expect } from 'chai';
import type { FaultSpan, StatusSample } from '../../chaos/runRecord.js';
import { conditionsOf } from '../../chaos/watch/conditions.js';
import { electionsOf, leaderGaps } from '../../chaos/watch/leaderGaps.js';
import { follows, leads } from './support/facts.js';

const crash = (server: number, startedAt: number, endedAt: number | null): FaultSpan => ({
  ...{ server, kind: 'crash', startedAt, endedAt },
});
const deaf = (server: number, from: number[], startedAt: number, endedAt: number): FaultSpan => ({
  ...{ server, kind: 'unreachable', startedAt, endedAt, from },
});
const gapsOf = (size: number, faults: FaultSpan[], samples: StatusSample[]) =>
  leaderGaps(size, faults, samples, 60_000);

describe('chaos: times without a leader', () => {
  it('begin with the run and end with the first leader', () => {
    const [gap] = gapsOf(3, [], [follows(0, 1, 10), leads(1, 1, 700)]);
    expect(gap).to.deep.equal({
      ...{ neededAt: 0, endedAt: 700, before: null },
      elected: { leader: 1, term: 1 },
    });
  });

  it('begin when the leader is crashed, though its last status says otherwise', () => {
    const gaps = gapsOf(3, [crash(1, 5_000, 9_000)], [leads(1, 1, 0), leads(2, 2, 6_000)]);
    expect(gaps.at(-1)).to.deep.include({ neededAt: 5_000, endedAt: 6_000, before: 1 });
  });

  it('are not counted while no majority is up, and anew when it is back', () => {
    const faults = [crash(0, 5_000, 20_000), crash(1, 5_000, 15_000)];
    const gaps = gapsOf(3, faults, [leads(0, 1, 0), leads(2, 2, 16_000)]);
    expect(gaps.at(-1)).to.deep.include({ neededAt: 15_000, endedAt: 16_000 });
    expect(gaps.every(({ endedAt, neededAt }) => endedAt - neededAt <= 1_000)).to.equal(true);
  });

  it('begin when the leader is cut off, while it thinks that it leads', () => {
    const faults = [deaf(0, [1, 2], 5_000, 9_000), deaf(1, [0], 5_000, 9_000), deaf(2, [0], 5_000, 9_000)];
    const gaps = gapsOf(3, faults, [leads(0, 1, 0), leads(2, 2, 6_200)]);
    expect(gaps.at(-1)).to.deep.include({ neededAt: 5_000, endedAt: 6_200, before: 0 });
  });

  it('are none while a leader that is deaf is heard: its followers are kept quiet', () => {
    const gaps = gapsOf(3, [deaf(0, [1, 2], 5_000, 30_000)], [leads(0, 1, 0)]);
    expect(gaps.filter(({ neededAt }) => neededAt > 0)).to.deep.equal([]);
  });

  it('last to the end when nobody is elected', () => {
    const gaps = gapsOf(3, [crash(0, 50_000, null)], [leads(0, 1, 0)]);
    expect(gaps.at(-1)).to.deep.include({ neededAt: 50_000, endedAt: 60_000, elected: null });
  });

  it('make one election each, with who led before', () => {
    const samples = [leads(0, 1, 500), leads(1, 2, 6_000)];
    expect(electionsOf(gapsOf(3, [crash(0, 5_000, 9_000)], samples))).to.deep.equal([
      { neededAt: 0, electedAt: 500, from: null, to: 0, term: 1 },
      { neededAt: 5_000, electedAt: 6_000, from: 0, to: 1, term: 2 },
    ]);
  });
});

describe('chaos: conditions', () => {
  it('cut the run where faults begin and end', () => {
    const stretches = conditionsOf(3, [crash(0, 10, 20), crash(1, 15, null)], 100);
    expect(stretches.map(({ from, to }) => [from, to])).to.deep.equal([
      [0, 10],
      [10, 15],
      [15, 20],
      [20, 100],
    ]);
    expect(stretches.map((stretch) => stretch.hasMajority())).to.deep.equal([true, true, false, true]);
  });

  it('know that the two sides of a bridge are a majority each, and that one member is in both', () => {
    const faults = [0, 1].flatMap((server) => [deaf(server, [3, 4], 0, 100)]);
    const others = [3, 4].flatMap((server) => [deaf(server, [0, 1], 0, 100)]);
    const [stretch] = conditionsOf(5, [...faults, ...others], 100);
    const all = [0, 1, 2, 3, 4];
    expect(all.map((server) => stretch?.hasMajority(all, server))).to.deep.equal(all.map(() => true));
    expect(stretch?.hasMajority([0, 1, 3, 4])).to.equal(false);
  });

  it('know who hears whom one-way', () => {
    const [stretch] = conditionsOf(3, [deaf(0, [1], 0, 100)], 100);
    expect(stretch?.hears(0, 1)).to.equal(false);
    expect(stretch?.hears(1, 0)).to.equal(true);
    expect(stretch?.audienceOf(1)).to.deep.equal([1, 2]);
  });
});
