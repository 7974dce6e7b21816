import { expect } from 'chai';
import { judgeHistory } from '../../src/sim/judge.js';
import { drawPlan } from '../../src/sim/drawPlan.js';
import { runPlan, type RunResult } from '../../src/sim/run.js';

const options = { judge: judgeHistory };

function told({ plan, violation }: RunResult): string {
  return violation === null
    ? ''
    : `seed ${plan.seed}: ${violation.message}\n${violation.lastEvents.join('\n')}`;
}

describe('the simulator', () => {
  /** A sample of seeds, run once for several tests. */
  const sample: RunResult[] = [];

  before(async function () {
    this.timeout(180_000);
    for (let seed = 1; seed <= 60; seed += 1) sample.push(await runPlan(drawPlan(seed), options));
  });

  it('finds nothing wrong in a sample of seeds', () => {
    for (const result of sample) expect(told(result)).to.equal('');
  });

  it('gives the same events, byte for byte, for the same seed', async () => {
    const traces: string[][] = [];
    for (const trace of [[], []] as string[][]) {
      await runPlan(drawPlan(7), { ...options, onTraceLine: (line) => trace.push(line) });
      traces.push(trace);
    }
    expect(traces[0]).to.have.length.above(100);
    expect(traces[1]).to.deep.equal(traces[0]);
  });

  it('gives another trace for another seed', async () => {
    const first = await runPlan(drawPlan(7), options);
    const second = await runPlan(drawPlan(8), options);
    expect(first.traceHash).not.to.equal(second.traceHash);
  });

  it('does what it says: elections, faults of all kinds, and operations of every outcome', () => {
    const kinds = new Set<string>();
    const outcomes = new Set<string>();
    let elections = 0;
    const clients = { repeats: 0, repeatedAndDone: 0, routed: 0, expired: 0 };
    for (const { counts, clientCounts, operations } of sample) {
      elections += counts.elections;
      clients.repeats += clientCounts.repeats;
      clients.repeatedAndDone += clientCounts.repeatedAndDone;
      clients.routed += clientCounts.routed;
      clients.expired += clientCounts.expired;
      for (const kind of counts.faults.keys()) kinds.add(kind);
      for (const { outcome } of operations) if (outcome !== null) outcomes.add(outcome.kind);
    }
    expect(elections).to.be.above(20);
    expect([...kinds].sort()).to.deep.equal([
      'bridge',
      'bridges',
      'chain',
      'crash',
      'deafen',
      'diskFailure',
      'isolate',
      'kill',
      'mute',
      'oneWay',
      'partition',
      'pause',
      'reset',
      'ring',
      'slowDisk',
      'slowLinks',
      'star',
      'wipe',
    ]);
    expect([...outcomes].sort()).to.deep.equal([
      'failed',
      'got',
      'read',
      'removed',
      'unknown',
      'updated',
      'written',
    ]);
    for (const [what, count] of Object.entries(clients)) expect(count, what).to.be.above(20);
  });
});
