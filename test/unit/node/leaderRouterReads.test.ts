import { expect } from 'chai';
import { failure, kindOf, RouterBench, turn, watched } from './routerBench.js';

describe('leader router: a read', () => {
  it('is confirmed here when this server leads', async () => {
    const bench = RouterBench.knowing('here');
    const call = bench.readAll();
    expect(bench.texts).to.deep.equal(['here: read']);
    bench.last.resolve(undefined);
    await turn();
    expect(call.outcome).to.deep.equal({ result: undefined, repeated: false });
    expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
  });

  it('through the leader waits until this server has applied what the leader confirmed', async () => {
    const bench = RouterBench.knowing(2);
    const call = bench.readAll();
    expect(bench.texts).to.deep.equal(['2: readIndex']);
    bench.last.resolve(17);
    await turn();
    expect(bench.texts).to.deep.equal(['2: readIndex', 'here: whenApplied 17']);
    expect(call.outcome).to.equal('waits');
    bench.last.resolve(undefined);
    await turn();
    expect(call.outcome).to.deep.equal({ result: undefined, repeated: false });
    expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
  });

  for (const kind of ['notLeader', 'crashedWhileWaiting', 'timedOut'] as const) {
    it(`(${kind}) is tried again after a pause`, async () => {
      const bench = RouterBench.knowing(1);
      const call = bench.readAll();
      bench.last.reject(failure(kind));
      await turn();
      bench.elect(2);
      bench.last.resolve(5);
      await turn();
      bench.last.resolve(undefined);
      await turn();
      expect(bench.texts).to.deep.equal(['1: readIndex', '2: readIndex', 'here: whenApplied 5']);
      expect(call.outcome).to.include({ result: undefined });
    });
  }

  it('that this server has confirmed and no longer may is tried again at the new leader', async () => {
    const bench = RouterBench.knowing('here');
    bench.readAll();
    bench.last.reject(failure('notLeader'));
    await turn();
    bench.elect(1);
    expect(bench.texts).to.deep.equal(['here: read', '1: readIndex']);
  });

  it('begins anew with another leader, also when it waits for this server only', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.readAll();
    bench.last.resolve(9);
    await turn();
    bench.elect(2);
    expect(bench.asked.map(({ text, cancelled }) => `${text}${cancelled ? ' cancelled' : ''}`)).to.deep.equal(
      ['1: readIndex', 'here: whenApplied 9 cancelled', '2: readIndex'],
    );
    bench.asked[1]?.resolve(undefined);
    await turn();
    expect(call.outcome).to.equal('waits');
  });

  it('that was abandoned counts no more, whatever its leader answers late', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.readAll();
    const [first] = bench.asked;
    bench.elect(2);
    expect(first?.cancelled).to.equal(true);
    first?.resolve(3);
    await turn();
    for (const asked of bench.asked) if (asked.text === 'here: whenApplied 3') asked.resolve(undefined);
    await turn();
    expect(call.outcome).to.equal('waits');
  });

  it('is noLeader when its time is over, wherever it waits: nothing can have been done', async () => {
    for (const leader of ['here', 1, null] as const) {
      const bench = new RouterBench();
      bench.elect(leader);
      const call = bench.readAll(300);
      bench.clock.pass(300);
      await turn();
      expect(call.outcome).to.include({ kind: 'noLeader', outcome: 'notDone' });
      expect(bench.asked.every(({ cancelled }) => cancelled)).to.equal(true);
    }
  });

  it('also when it waits for this server only, which is told to forget it', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.readAll(300);
    bench.last.resolve(9);
    await turn();
    bench.clock.pass(300);
    await turn();
    expect(kindOf(call)).to.equal('noLeader');
    expect(bench.last).to.include({ text: 'here: whenApplied 9', cancelled: true });
  });

  it('ends at once when too many wait, and when this server goes down after the leader’s answer', async () => {
    for (const kind of ['overloaded', 'crashed'] as const) {
      const bench = RouterBench.knowing(1);
      const call = bench.readAll();
      bench.last.resolve(9);
      if (kind === 'crashed') bench.down = 'crashed';
      bench.failAtOnce = failure(kind);
      await turn();
      expect(kindOf(call)).to.equal(kind);
    }
  });
});

describe('leader router: the leader', () => {
  for (const leader of ['here', 2] as const) {
    it(`is found at once when it is known: ${leader}`, async () => {
      const bench = RouterBench.knowing(leader);
      const call = watched(bench.router.findLeader(1_000));
      await turn();
      expect(call.outcome).to.include({ result: leader });
      expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
    });

    it(`is found as soon as it is known: ${leader}`, async () => {
      const bench = new RouterBench();
      const call = watched(bench.router.findLeader(1_000));
      await turn();
      expect(call.outcome).to.equal('waits');
      bench.elect(leader);
      await turn();
      expect(call.outcome).to.include({ result: leader });
    });
  }

  it('is noLeader when nobody leads in time', async () => {
    const bench = new RouterBench();
    const call = watched(bench.router.findLeader(1_000));
    bench.clock.pass(1_000);
    await turn();
    expect(kindOf(call)).to.equal('noLeader');
  });
});
