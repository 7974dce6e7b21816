import { expect } from 'chai';
import { CommitHistory } from '../../../src/dashboard/commitHistory.js';
import { latencyBetween, quantile, ratesBetween } from '../../../src/dashboard/rates.js';
import { serverSample } from './samples.js';

function reading(atMs: number, buckets: readonly number[], uptimeSeconds = 60) {
  const { readings } = serverSample(0);
  const answered = buckets.reduce((sum, count) => sum + count, 0);
  return {
    atMs,
    uptimeSeconds,
    readings: { ...readings, writes: { answered, buckets }, fromPeers: 4 * (atMs / 1000) },
  };
}

describe('dashboard: rates', () => {
  it('are the difference of two readings, by the time between them', () => {
    const rates = ratesBetween(reading(0, [0, 0, 0, 0]), reading(2_000, [10, 20, 0, 0]));
    expect(rates).to.deep.equal({ writes: 15, reads: 0, fromPeers: 4, fromClients: 0 });
  });

  it('are not known from one reading, over a restart, or over a long time', () => {
    const before = reading(0, [0, 0, 0, 0]);
    expect(ratesBetween(null, before)).to.equal(null);
    expect(ratesBetween(before, reading(1_000, [5, 0, 0, 0], 1))).to.equal(null);
    expect(ratesBetween(before, reading(60_000, [5, 0, 0, 0]))).to.equal(null);
  });

  it('of latency lie within the buckets', () => {
    const latency = latencyBetween(reading(0, [0, 0, 0, 0]), reading(1_000, [50, 49, 1, 0]));
    expect(latency).to.deep.equal({ p50Ms: 1, p99Ms: 10 });
    expect(latencyBetween(reading(0, [3, 0, 0, 0]), reading(1_000, [3, 0, 0, 0]))).to.equal(null);
    expect(quantile([0, 0, 0, 9], [1, 10, 100], 0.5)).to.equal(100);
    expect(quantile([0, 10, 0, 0], [1, 10, 100], 0.5)).to.equal(5.5);
  });
});

describe('dashboard: how far a server is behind', () => {
  let commits: CommitHistory;

  beforeEach(() => {
    commits = new CommitHistory();
    commits.note(0, 1_000);
    commits.note(1_000, 1_100);
    commits.note(2_000, 1_200);
  });

  it('is nothing for a server that had all that was committed when it was asked', () => {
    expect(commits.lagOf(1_200, 2_000)).to.deep.equal({ entries: 0, seconds: 0 });
    // It answered before the cluster had committed the rest.
    expect(commits.lagOf(1_050, 500)).to.deep.equal({ entries: 0, seconds: 0 });
  });

  it('is counted in entries, and in the time since the cluster was where it is', () => {
    expect(commits.lagOf(1_050, 2_000)).to.deep.equal({ entries: 150, seconds: 1.5 });
  });

  it('is at least what the history holds for one that is further behind', () => {
    expect(commits.lagOf(10, 2_000)).to.deep.equal({ entries: 1_190, seconds: 2 });
  });

  it('does not take a long silence for a slow rise', () => {
    for (const atMs of [10_000, 20_000, 30_000]) commits.note(atMs, 1_200);
    commits.note(31_000, 1_300);
    expect(commits.lagOf(1_200, 31_000)).to.deep.equal({ entries: 100, seconds: 1 });
    expect(commits.lagOf(1_200, 29_000)).to.deep.equal({ entries: 0, seconds: 0 });
  });
});
