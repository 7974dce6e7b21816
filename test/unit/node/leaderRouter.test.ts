import { expect } from 'chai';
import type { ErrorKind } from '../../../src/node/errors.js';
import { failure, kindOf, RouterBench, turn } from './routerBench.js';

/** Errors after which another server, or the same one later, may do it. */
const notDone: ErrorKind[] = ['notLeader', 'crashed', 'superseded', 'failed', 'stopped', 'noLeader'];
const unknown: ErrorKind[] = [
  'crashedWhileWaiting',
  'steppedDown',
  'failedWhileWaiting',
  'stoppedWhileWaiting',
  'timedOut',
];

describe('leader router: a write', () => {
  it('is proposed here when this server leads', async () => {
    const bench = RouterBench.knowing('here');
    const call = bench.write('x');
    expect(bench.texts).to.deep.equal(['here: propose x']);
    bench.last.resolve('done');
    await turn();
    expect(call.outcome).to.deep.equal({ result: 'done', repeated: false });
    expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
  });

  it('is proposed at the leader when another server leads', async () => {
    const bench = RouterBench.knowing(2);
    const call = bench.write('x');
    expect(bench.texts).to.deep.equal(['2: propose x']);
    bench.last.resolve('done');
    await turn();
    expect(call.outcome).to.deep.equal({ result: 'done', repeated: false });
    expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
  });

  for (const leader of ['here', 1] as const) {
    it(`waits until a leader is known, then goes to it: ${leader}`, async () => {
      const bench = new RouterBench();
      const call = bench.write('x');
      bench.clock.pass(500);
      bench.router.reconsider();
      expect(bench.texts).to.deep.equal([]);
      bench.elect(leader);
      expect(bench.texts).to.deep.equal([`${leader}: propose x`]);
      bench.last.resolve('done');
      await turn();
      expect(call.outcome).to.deep.equal({ result: 'done', repeated: false });
    });
  }

  describe('that was certainly not done', () => {
    for (const kind of notDone) {
      it(`(${kind}) is tried again after a pause, at whoever leads by then`, async () => {
        const bench = RouterBench.knowing(1);
        const call = bench.write('x');
        bench.last.reject(failure(kind));
        await turn();
        bench.clock.pass(49);
        expect(bench.texts).to.deep.equal(['1: propose x']);
        bench.clock.pass(1);
        expect(bench.texts).to.deep.equal(['1: propose x', '1: propose x']);
        bench.last.resolve('done');
        await turn();
        expect(call.outcome).to.deep.equal({ result: 'done', repeated: false });
      });
    }

    it('is tried again at once when another leader is heard of', async () => {
      const bench = RouterBench.knowing(1);
      const call = bench.write('x');
      bench.last.reject(failure('notLeader'));
      await turn();
      bench.elect(2);
      expect(bench.texts).to.deep.equal(['1: propose x', '2: propose x']);
      bench.clock.pass(200);
      expect(bench.texts, 'after the pause').to.have.length(2);
      bench.last.resolve('done');
      await turn();
      expect(call.outcome).to.deep.equal({ result: 'done', repeated: false });
    });

    it('is tried at nobody while no leader is known', async () => {
      const bench = RouterBench.knowing(1);
      bench.write('x');
      bench.last.reject(failure('notLeader'));
      await turn();
      bench.elect(null);
      bench.clock.pass(500);
      expect(bench.texts).to.have.length(1);
      bench.elect(1);
      expect(bench.texts).to.have.length(2);
    });

    it('by an error thrown at once, is tried again too', () => {
      const bench = RouterBench.knowing('here');
      bench.failAtOnce = failure('notLeader');
      bench.write('x');
      bench.clock.pass(50);
      expect(bench.texts).to.deep.equal(['here: propose x']);
    });
  });

  describe('that may have been done', () => {
    for (const kind of unknown) {
      it(`(${kind}) is tried again with the same command, and its result says so`, async () => {
        const bench = RouterBench.knowing(1);
        const call = bench.write('x');
        bench.last.reject(failure(kind));
        await turn();
        bench.clock.pass(50);
        expect(bench.texts).to.deep.equal(['1: propose x', '1: propose x']);
        bench.last.resolve('done');
        await turn();
        expect(call.outcome).to.deep.equal({ result: 'done', repeated: true });
      });
    }

    it('because this server stopped leading, goes on at the new leader', async () => {
      const bench = RouterBench.knowing('here');
      const call = bench.write('x');
      bench.elect(2);
      expect(bench.texts, 'the node tells how its own call ends').to.deep.equal(['here: propose x']);
      expect(bench.last.cancelled).to.equal(false);
      bench.last.reject(failure('steppedDown'));
      await turn();
      bench.clock.pass(50);
      expect(bench.texts).to.deep.equal(['here: propose x', '2: propose x']);
      bench.last.resolve('done');
      await turn();
      expect(call.outcome).to.deep.equal({ result: 'done', repeated: true });
    });

    it('stays so when a later attempt was certainly not', async () => {
      const bench = RouterBench.knowing(1);
      const call = bench.write('x');
      for (const kind of ['timedOut', 'notLeader'] as const) {
        bench.last.reject(failure(kind));
        await turn();
        bench.clock.pass(50);
      }
      bench.last.resolve('done');
      await turn();
      expect(call.outcome).to.deep.equal({ result: 'done', repeated: true });
    });
  });

  describe('under way at a leader', () => {
    for (const next of ['here', 2] as const) {
      it(`is abandoned when another one is heard of, ${next}, and asked of that one`, async () => {
        const bench = RouterBench.knowing(1);
        const call = bench.write('x');
        bench.elect(next);
        expect(bench.texts).to.deep.equal(['1: propose x', `${next}: propose x`]);
        expect(bench.asked.map(({ cancelled }) => cancelled)).to.deep.equal([true, false]);
        bench.last.resolve('done');
        await turn();
        expect(call.outcome).to.deep.equal({ result: 'done', repeated: true });
      });
    }

    it('stays there when the same one is heard of again, or none', async () => {
      const bench = RouterBench.knowing(1);
      const call = bench.write('x');
      bench.elect(1);
      bench.elect(null);
      bench.elect(1);
      bench.clock.pass(500);
      expect(bench.texts).to.deep.equal(['1: propose x']);
      bench.last.resolve('done');
      await turn();
      expect(call.outcome).to.deep.equal({ result: 'done', repeated: false });
    });

    it('once abandoned counts no more: neither its late result nor its late error', async () => {
      for (const end of ['resolve', 'reject'] as const) {
        const bench = RouterBench.knowing(1);
        const call = bench.write('x');
        bench.elect(2);
        if (end === 'resolve') bench.asked[0]?.resolve('late');
        else bench.asked[0]?.reject(failure('overloaded'));
        await turn();
        expect(call.outcome).to.equal('waits');
        expect(bench.texts).to.have.length(2);
        bench.last.resolve('done');
        await turn();
        expect(call.outcome).to.deep.equal({ result: 'done', repeated: true });
      }
    });
  });

  describe('ends at once', () => {
    for (const leader of ['here', 1] as const) {
      it(`when ${leader === 'here' ? 'this server' : 'the leader'} is overloaded`, async () => {
        const bench = RouterBench.knowing(leader);
        const call = bench.write('x');
        bench.last.reject(failure('overloaded'));
        await turn();
        expect(kindOf(call)).to.equal('overloaded');
        expect([bench.kept, bench.clock.size]).to.deep.equal([0, 0]);
      });
    }

    it('also when it says so before anything is done', async () => {
      const bench = RouterBench.knowing('here');
      bench.failAtOnce = failure('overloaded');
      const call = bench.write('x');
      await turn();
      expect(kindOf(call)).to.equal('overloaded');
    });

    it('as timedOut when it is overloaded, but an attempt before may have been done', async () => {
      const bench = RouterBench.knowing(1);
      const call = bench.write('x');
      bench.last.reject(failure('timedOut'));
      await turn();
      bench.clock.pass(50);
      bench.last.reject(failure('overloaded'));
      await turn();
      expect(call.outcome).to.include({ kind: 'timedOut', outcome: 'unknown' });
      expect(String(call.outcome)).to.contain('may have been done').and.contain('overloaded: because');
    });

    it('with an error that is none of the table, as it is', async () => {
      const bench = RouterBench.knowing(1);
      const error = new Error('server 1 is not a peer');
      bench.failAtOnce = error;
      const call = bench.write('x');
      await turn();
      expect(call.outcome).to.equal(error);
    });
  });
});
