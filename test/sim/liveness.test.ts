import { expect } from 'chai';
import { judgeHistory } from '../../src/sim/judge.js';
import { drawPlan } from '../../src/sim/drawPlan.js';
import type { Fault, Plan } from '../../src/sim/plan.js';
import { runPlan, type RunResult } from '../../src/sim/run.js';
import type { SimCluster } from '../../src/sim/simCluster.js';
import type { SimProcess, SimServer } from '../../src/sim/simServer.js';

const LEADS = 'a connected majority has a leader';
const COMMITS = 'a connected majority commits';

/** A quiet cluster, but for these faults. */
function planOf(servers: number, faults: readonly Fault[], chaosMs = 15_000): Plan {
  return {
    ...drawPlan(1, { servers, chaosMs, kinds: [] }),
    network: { latencyMinMs: 1, latencyMaxMs: 5, tail: 0, tailMs: 0, loss: 0, duplication: 0 },
    disk: { writeMinMs: 0, writeMaxMs: 5 },
    clients: [],
    faults,
    isLivenessJudged: true,
  };
}

function run(plan: Plan, change: (process: SimProcess) => void = () => undefined): Promise<RunResult> {
  const prepare = ({ servers }: SimCluster): void => {
    for (const server of servers) onEachProcess(server, change);
  };
  return runPlan(plan, { judge: judgeHistory, prepare });
}

function onEachProcess(server: SimServer, change: (process: SimProcess) => void): void {
  const start = server.start.bind(server);
  server.start = () => {
    start();
    if (server.process !== undefined) change(server.process);
  };
}

/** Votes for nobody. */
function refuseVotes({ node }: SimProcess): void {
  const receive = node.receive.bind(node);
  node.receive = (request, reply) => {
    if (request.type !== 'preVote' && request.type !== 'requestVote') receive(request, reply);
  };
}

/** Hears heartbeats, and takes no entry. */
function refuseEntries({ node }: SimProcess): void {
  const receive = node.receive.bind(node);
  node.receive = (request, reply) => {
    if (request.type !== 'appendEntries') receive(request, reply);
    else receive({ ...request, entries: [] }, () => undefined);
  };
}

describe('the rule on liveness while faults last', () => {
  it('is kept by a cluster without faults, which is asked to write now and then', async () => {
    const { violation, livenessCounts } = await run(planOf(3, []));
    expect(violation?.message ?? '').to.equal('');
    expect(livenessCounts.probes).to.be.within(5, 10);
    expect(livenessCounts.connectedMs).to.be.within(9_000, 10_000);
  });

  it('is broken when a majority that reaches itself elects nobody', async () => {
    const { violation } = await run(planOf(3, []), refuseVotes);
    expect(violation?.rule).to.equal(LEADS);
  });

  it('is broken when there is a leader who commits nothing', async () => {
    const { violation } = await run(planOf(3, []), refuseEntries);
    expect(violation?.rule).to.equal(COMMITS);
  });

  const lasting = { atMs: 100, forMs: 14_000 };
  const excuses: readonly (readonly [string, Fault])[] = [
    ['is cut off', { ...lasting, kind: 'isolate', targets: [0, 1] }],
    ['does not hear', { ...lasting, kind: 'deafen', targets: [0, 1] }],
    ['is slow to hear', { ...lasting, kind: 'slowLinks', targets: [0, 1], extraMs: 300 }],
    ['is crashed', { ...lasting, kind: 'crash', targets: [0, 1] }],
    ['is killed', { ...lasting, kind: 'kill', targets: [0, 1] }],
    ['is paused', { ...lasting, kind: 'pause', targets: [0, 1] }],
    ['has a disk that takes long', { ...lasting, kind: 'slowDisk', targets: [0, 1], extraMs: 2_000 }],
  ];
  for (const [what, fault] of excuses) {
    it(`asks nothing when of three servers one reaches itself only, since each other one ${what}`, async () => {
      const { violation, livenessCounts } = await run(planOf(3, [fault]), refuseVotes);
      expect(violation?.rule).not.to.equal(LEADS);
      expect(livenessCounts.connectedMs).to.equal(0);
    });
  }

  it('begins anew with every break, however short', async () => {
    const breaks = Array.from({ length: 5 }, (_, number): Fault => {
      return { atMs: 3_000 * (number + 1), forMs: 10, kind: 'isolate', targets: [0, 1] };
    });
    const { livenessCounts } = await run(planOf(3, breaks), refuseVotes);
    expect(livenessCounts.connectedMs).to.equal(0);
  });
});
