import { expect } from 'chai';
import { errorTable, type ErrorKind } from '../../../src/node/errors.js';
import { failure, kindOf, RouterBench, turn } from './routerBench.js';

describe('leader router: the time of a write is over', () => {
  it('noLeader, not done: it was sent to nobody', async () => {
    const bench = new RouterBench();
    const call = bench.write('x', 300);
    bench.clock.pass(299);
    await turn();
    expect(call.outcome).to.equal('waits');
    bench.clock.pass(1);
    await turn();
    expect(call.outcome).to.include({ kind: 'noLeader', outcome: 'notDone' });
    expect(String(call.outcome)).to.contain('300 ms').and.not.contain('last answer');
    expect([bench.texts, bench.kept, bench.clock.size]).to.deep.equal([[], 0, 0]);
  });

  it('noLeader, not done: whoever was asked refused, and the message says how the last one did', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write('x', 300);
    bench.last.reject(failure('notLeader'));
    await turn();
    bench.elect(null);
    bench.clock.pass(300);
    await turn();
    expect(call.outcome).to.include({ kind: 'noLeader', outcome: 'notDone' });
    expect(String(call.outcome)).to.contain('the last answer was: notLeader: because');
  });

  for (const leader of ['here', 1] as const) {
    it(`timedOut, may still be done: it is under way at ${leader}, which is told to forget it`, async () => {
      const bench = RouterBench.knowing(leader);
      const call = bench.write('x', 300);
      bench.clock.pass(300);
      await turn();
      expect(call.outcome).to.include({ kind: 'timedOut', outcome: 'unknown' });
      expect(bench.last.cancelled).to.equal(true);
      expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
    });
  }

  it('timedOut, may still be done: an attempt that is over ended in silence', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write('x', 300);
    bench.last.reject(failure('timedOut'));
    await turn();
    bench.elect(null);
    bench.clock.pass(300);
    await turn();
    expect(call.outcome).to.include({ kind: 'timedOut', outcome: 'unknown' });
  });

  it('timedOut, may still be done: it was abandoned at a leader of which no more is heard', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write('x', 300);
    bench.elect(2);
    bench.last.reject(failure('notLeader'));
    await turn();
    bench.elect(null);
    bench.clock.pass(300);
    await turn();
    expect(call.outcome).to.include({ kind: 'timedOut', outcome: 'unknown' });
  });

  it('counts from the call on, not from each attempt', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write('x', 300);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      bench.last.reject(failure('notLeader'));
      await turn();
      bench.clock.pass(50);
    }
    expect(bench.texts).to.have.length(6);
    bench.clock.pass(50);
    await turn();
    expect(kindOf(call)).to.equal('timedOut');
  });

  it('nothing that comes later changes it, nor is anything asked any more', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write('x', 300);
    bench.clock.pass(300);
    bench.last.resolve('late');
    bench.elect(2);
    bench.clock.pass(1_000);
    await turn();
    expect(kindOf(call)).to.equal('timedOut');
    expect(bench.texts).to.have.length(1);
  });
});

describe('leader router: this server goes down', () => {
  const downs: ErrorKind[] = ['crashed', 'failed', 'stopped'];
  for (const kind of downs) {
    it(`${kind}: takes no calls`, () => {
      const bench = RouterBench.knowing(1);
      bench.down = kind;
      expect(() => bench.write()).to.throw(errorTable[kind].word);
      expect(() => bench.readAll()).to.throw(errorTable[kind].word);
      expect([bench.texts, bench.kept, bench.clock.size]).to.deep.equal([[], 0, 0]);
    });

    it(`${kind}: a write that was sent to nobody ends so, at once`, async () => {
      const bench = new RouterBench();
      const call = bench.write();
      bench.takeDown(kind);
      await turn();
      expect(call.outcome).to.include({ kind, outcome: 'notDone' });
      expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
    });

    it(`${kind}: a write under way at the leader may still be done there`, async () => {
      const bench = RouterBench.knowing(1);
      const call = bench.write();
      bench.takeDown(kind);
      await turn();
      expect(call.outcome).to.include({ kind: `${kind}WhileWaiting`, outcome: 'unknown' });
      expect(String(call.outcome)).to.contain(
        `${errorTable[kind].word}: it may have been done: this server is down`,
      );
      expect(bench.last.cancelled).to.equal(true);
    });
  }

  it('a write under way here may still be done, whoever tells of it first: the node', async () => {
    const bench = RouterBench.knowing('here');
    const call = bench.write();
    bench.last.reject(failure('crashedWhileWaiting'));
    bench.down = 'crashed';
    await turn();
    expect(call.outcome).to.include({ kind: 'crashedWhileWaiting', outcome: 'unknown' });
  });

  it('or the lifecycle', async () => {
    const bench = RouterBench.knowing('here');
    const call = bench.write();
    bench.takeDown('crashed');
    bench.last.reject(failure('crashedWhileWaiting'));
    await turn();
    expect(call.outcome).to.include({ outcome: 'unknown' });
  });

  it('a write that was refused everywhere is not done', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write();
    bench.last.reject(failure('notLeader'));
    await turn();
    bench.takeDown('crashed');
    await turn();
    expect(call.outcome).to.include({ kind: 'crashed', outcome: 'notDone' });
    bench.down = undefined;
    bench.elect(1);
    bench.clock.pass(1_000);
    expect(bench.texts, 'after the restore').to.have.length(1);
  });

  it('a write that one leader refuses for good may have been done by the one before', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write();
    bench.elect(2);
    bench.last.reject(new TypeError('key is no string'));
    await turn();
    expect(call.outcome).to.include({ kind: 'timedOut', outcome: 'unknown' });
    expect(String(call.outcome)).to.contain('it may have been done').and.contain('key is no string');
  });

  it('a write that the only leader asked refuses for good ends as that leader says', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write();
    bench.last.reject(new TypeError('key is no string'));
    await turn();
    expect(call.outcome).to.be.instanceOf(TypeError);
  });

  it('a read is over as well, wherever it is', async () => {
    for (const leader of ['here', 1, null] as const) {
      const bench = new RouterBench();
      bench.elect(leader);
      const call = bench.readAll();
      bench.takeDown('crashed');
      await turn();
      expect(kindOf(call)).to.equal('crashed');
    }
  });
});

describe('leader router: a call that is cancelled', () => {
  for (const leader of ['here', 1, null] as const) {
    it(`never settles, and leaves nothing behind: leader ${leader ?? 'unknown'}`, async () => {
      const bench = new RouterBench();
      bench.elect(leader);
      const call = bench.write();
      call.cancel();
      expect(bench.asked.every(({ cancelled }) => cancelled)).to.equal(true);
      expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
      bench.asked[0]?.resolve('late');
      bench.elect(2);
      bench.clock.pass(2_000);
      bench.takeDown('crashed');
      await turn();
      expect([call.outcome, bench.asked.length]).to.deep.equal(['waits', leader === null ? 0 : 1]);
    });
  }

  it('in the pause before the next attempt: that is not made', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write();
    bench.last.reject(failure('notLeader'));
    await turn();
    call.cancel();
    bench.clock.pass(2_000);
    await turn();
    expect([call.outcome, bench.texts.length, bench.clock.size]).to.deep.equal(['waits', 1, 0]);
  });

  it('after it has ended: nothing happens', async () => {
    const bench = RouterBench.knowing(1);
    const call = bench.write();
    bench.last.resolve('done');
    await turn();
    call.cancel();
    await turn();
    expect(call.outcome).to.deep.equal({ result: 'done', repeated: false });
  });
});

describe('leader router: what waits', () => {
  it('is limited in number: more is overloaded at once, and what ends makes room', async () => {
    const bench = RouterBench.knowing(1);
    const calls = Array.from({ length: 5 }, () => bench.write());
    expect(() => bench.write()).to.throw(/^overloaded: 5 calls are waiting already/);
    calls[0]?.cancel();
    expect(() => bench.write()).not.to.throw();
    await turn();
  });

  it('is limited in length: a command that is too much beside the others is overloaded', () => {
    const bench = RouterBench.knowing(1);
    bench.write('x'.repeat(600));
    expect(() => bench.write('x'.repeat(600))).to.throw(/^overloaded/);
    expect(() => bench.write('x'.repeat(400))).not.to.throw();
  });
});
