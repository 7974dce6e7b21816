import { expect } from 'chai';
import { errorKind, type Call } from '../../support/calls.js';
import { ManualCluster } from '../../support/manualCluster.js';

/** Three servers of which 0 leads; all have applied the same, and server 1 is cut off from the others. */
async function withServer1CutOff(): Promise<{ cluster: ManualCluster; applied: number }> {
  const cluster = new ManualCluster(3, { waitingCallsMax: 3 });
  await cluster.campaign(0);
  cluster.update(0, 'a', 1);
  await cluster.advance(500);
  cluster.isolate(1);
  return { cluster, applied: cluster.server(1).node.status.lastApplied };
}

/** Waits on server 1 until it has applied that much. */
function whenApplied(cluster: ManualCluster, index: number): Call {
  return cluster.calls.make(
    1,
    `applied ${index}`,
    () => cluster.server(1).node.whenApplied(index),
    () => cluster.server(1).node.status.lastApplied,
  );
}

describe('node: waiting until an index is applied', () => {
  it('is over at once when it is applied already', async () => {
    const { cluster, applied } = await withServer1CutOff();
    const calls = [0, 1, applied].map((index) => whenApplied(cluster, index));
    await cluster.settle();
    expect(calls.map(({ outcome }) => outcome)).to.deep.equal([applied, applied, applied]);
    expect(cluster.server(1).node.status.waitingCalls).to.equal(0);
  });

  it('is over when it is applied, not when it is committed elsewhere', async () => {
    const { cluster, applied } = await withServer1CutOff();
    const call = whenApplied(cluster, applied + 1);
    const update = cluster.update(0, 'a', 2);
    await cluster.advance(200);
    expect([update.outcome, call.outcome]).to.deep.equal([true, undefined]);
    cluster.network.heal();
    await cluster.until(() => call.outcome !== undefined, 3_000);
    expect(call.outcome).to.equal(applied + 1);
    expect(cluster.server(1).files.versionOf('a')).to.equal(2);
  });

  it('for a high index does not hold up those for a low one, in whatever order they came', async () => {
    const { cluster, applied } = await withServer1CutOff();
    const far = whenApplied(cluster, applied + 100);
    const low = whenApplied(cluster, applied);
    const next = whenApplied(cluster, applied + 1);
    await cluster.settle();
    expect([far, low, next].map(({ outcome }) => outcome)).to.deep.equal([undefined, applied, undefined]);
    cluster.update(0, 'a', 2);
    cluster.network.heal();
    await cluster.until(() => next.outcome !== undefined, 3_000);
    expect(far.outcome).to.equal(undefined);
  });

  it('goes on when the leader changes, also when this server begins and ceases to lead', async () => {
    const { cluster, applied } = await withServer1CutOff();
    cluster.network.heal();
    const call = whenApplied(cluster, applied + 5);
    cluster.crash(0);
    await cluster.until(() => cluster.leader === 1, 3_000);
    cluster.isolate(1);
    cluster.restore(0);
    await cluster.until(() => ![1, undefined].includes(cluster.leader), 3_000);
    cluster.network.heal();
    await cluster.until(() => !cluster.server(1).node.isLeader, 3_000);
    expect(call.outcome).to.equal(undefined);
    for (let version = 2; version <= 4; version += 1) cluster.update(cluster.leader ?? 0, 'a', version);
    await cluster.until(() => call.outcome !== undefined, 3_000);
    expect(call.outcome).to.be.at.least(applied + 5);
  });

  it('ends when this server is crashed, as may happen to any read', async () => {
    const { cluster, applied } = await withServer1CutOff();
    const call = whenApplied(cluster, applied + 1);
    cluster.crash(1);
    await cluster.settle();
    expect(errorKind(call)).to.equal('crashedWhileWaiting');
    expect(errorKind(whenApplied(cluster, 1))).to.equal('crashed');
  });

  it('takes a place among the waiting calls, and cancelled gives it back', async () => {
    const { cluster, applied } = await withServer1CutOff();
    const calls = [1, 2, 3].map((more) => whenApplied(cluster, applied + more));
    expect(errorKind(whenApplied(cluster, 1))).to.equal('overloaded');
    calls[0]?.cancel();
    expect(cluster.server(1).node.status.waitingCalls).to.equal(2);
    whenApplied(cluster, 1);
    cluster.update(0, 'a', 2);
    cluster.network.heal();
    await cluster.until(() => cluster.server(1).files.versionOf('a') === 2, 3_000);
    expect(calls[0]?.outcome).to.equal(undefined);
  });
});

describe('node: what it tells of the others', () => {
  it('the leader that it knows: none before one is heard of, and none while it is crashed', async () => {
    const cluster = new ManualCluster(3);
    const known = (): unknown => cluster.servers.map(({ node }) => node.knownLeader);
    expect(known()).to.deep.equal([null, null, null]);
    await cluster.campaign(2);
    await cluster.advance(500);
    expect(known()).to.deep.equal([2, 2, 2]);
    cluster.crash(1);
    expect(known()).to.deep.equal([2, null, 2]);
    cluster.restore(1);
    expect(known()).to.deep.equal([2, null, 2]);
    await cluster.advance(500);
    expect(known()).to.deep.equal([2, 2, 2]);
  });

  it('the peers that answer, in rising order, as long as they do', async () => {
    const cluster = new ManualCluster(3);
    const reachable = (): unknown => cluster.server(1).node.status.reachablePeers;
    expect(reachable()).to.deep.equal([]);
    await cluster.campaign(1);
    await cluster.advance(500);
    expect(reachable()).to.deep.equal([0, 2]);
    cluster.cut(1, 0);
    await cluster.advance(1_000);
    expect(reachable()).to.deep.equal([2]);
    cluster.network.heal();
    await cluster.advance(2_000);
    expect(reachable()).to.deep.equal([0, 2]);
  });
});
