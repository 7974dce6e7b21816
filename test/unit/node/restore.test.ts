import { expect } from 'chai';
import { ManualCluster } from '../../support/manualCluster.js';

describe('a restored server', () => {
  it('does not help at once to depose a leader that it has not heard yet', async () => {
    const cluster = new ManualCluster(5, { drawElectionTicks: () => 60 });
    await cluster.campaign(0);
    cluster.cut(0, 4);
    await cluster.advance(5000);
    cluster.crash(1, 2);
    const call = cluster.update(0, 'a', 1);
    await cluster.advance(3000);
    // The moment before server 4, which cannot hear the leader, asks for pre-votes again.
    let askedAtMs = -Infinity;
    cluster.onSent = ({ from, type }) => {
      if (from === 4 && type === 'preVote') askedAtMs = cluster.nowMs;
    };
    await cluster.until(() => cluster.nowMs === askedAtMs + 590, 2000);
    cluster.restore(1, 2);
    await cluster.advance(1000);
    expect([cluster.leader, String(call.outcome)]).to.deep.equal([0, 'true']);
  });

  it('has forgotten nothing, so it may vote as soon as its election timer allows', async () => {
    const cluster = new ManualCluster(3, { raft: { voteDelayTicks: 120 } });
    await cluster.advance(4000);
    cluster.crash(0, 1, 2);
    cluster.restore(0, 1, 2);
    await cluster.until(() => cluster.leader !== undefined, 1300);
    expect(cluster.leader).not.to.equal(undefined);
  });

  it('whose process may have forgotten a vote goes on waiting for the rest of its delay, and no longer', async () => {
    const cluster = new ManualCluster(3, { raft: { voteDelayTicks: 400 } });
    await cluster.advance(1000);
    cluster.crash(0, 1, 2);
    cluster.restore(0, 1, 2);
    // 300 ticks of 10 ms are left of the delay.
    await cluster.advance(2900);
    expect(cluster.servers.map(({ status }) => status.term)).to.deep.equal([0, 0, 0]);
    await cluster.until(() => cluster.leader !== undefined, 1300);
  });

  it('stays down when it is crashed again before its storage is read', async () => {
    const cluster = new ManualCluster(1);
    const { node, disk } = cluster.server(0);
    disk.hold();
    cluster.update(0, 'a', 1);
    node.crash();
    // The disk is read once what is being written has ended.
    node.restore();
    expect([node.status.lifecycle, disk.writesUnderWay]).to.deep.equal(['restoring', 1]);
    node.crash();
    disk.free();
    await cluster.settle();
    expect(node.isCrashed).to.equal(true);
  });
});

describe('a server whose storage fails in the middle of a step', () => {
  it('sends nothing more', async () => {
    const cluster = new ManualCluster(3);
    await cluster.campaign(0);
    cluster.server(0).disk.breakDown();
    const sent: string[] = [];
    cluster.onSent = (request) => sent.push(request.type);
    cluster.update(0, 'a', 1);
    await cluster.settle();
    expect(sent).to.deep.equal([]);
  });
});
