import { expect } from 'chai';
import { asExpected } from '../../chaos/checks/asExpected.js';
import { judge } from '../../chaos/checks/index.js';
import { blockedCalls } from '../../chaos/checks/blockedCalls.js';
import { LAST_READER, type Replica } from '../../chaos/checks/facts.js';
import { elementsOnce } from '../../chaos/checks/elementsOnce.js';
import { idleTraffic } from '../../chaos/checks/idleTraffic.js';
import { leaderInTime } from '../../chaos/checks/leaderInTime.js';
import { linearizable } from '../../chaos/checks/linearizable.js';
import { nothingLost } from '../../chaos/checks/nothingLost.js';
import { oneLeaderPerTerm } from '../../chaos/checks/oneLeaderPerTerm.js';
import { replicasEqual } from '../../chaos/checks/replicasEqual.js';
import { standStill } from '../../chaos/checks/standStill.js';
import type { Attempt } from '../../chaos/clients/attempts.js';
import type { FaultSpan, RunOperation } from '../../chaos/runRecord.js';
import { facts, keyed, leads, saw, updated } from './support/facts.js';

describe('chaos: verdicts', () => {
  it('have a name each', () => {
    const expectations = [{ at: 0, isMet: true, text: 'all is well' }];
    const names = judge(facts({ expectations })).map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });
  describe('linearizable', () => {
    it('passes when an order explains all answers', () => {
      const operations = [updated(1, 1, 'x'), saw(2, 1, 'x')];
      expect(linearizable(facts({ operations })).verdict).to.equal('pass');
    });

    it('fails with the operations that show it when a read does not see an update that was acknowledged before it', () => {
      const operations = [updated(1, 1, 'x'), updated(2, 2, 'y'), saw(3, 1, 'x')];
      const result = linearizable(facts({ operations }));
      expect(result.verdict).to.equal('fail');
      expect(result.operations).to.deep.equal([2, 3]);
      expect(result.details.join('\n')).to.contain('#2 c2 update "a" to version 2 y');
    });

    it('covers keys', () => {
      const get = (value: string[]): RunOperation =>
        keyed(3, { kind: 'kvGet', key: 'k' }, { outcome: { status: 'ok', value } });
      const writes = ['x', 'y'].map((value, index) =>
        keyed(index + 1, { kind: 'kvAppend', key: 'k', value }),
      );
      const verdictOf = (value: string[]) => linearizable(facts({ operations: [...writes, get(value)] }));
      expect(verdictOf(['x', 'y']).summary).to.contain('3 operations (3 of them on keys)');
      expect(verdictOf(['x', 'y']).verdict).to.equal('pass');
      const late = verdictOf(['x']);
      expect(late.verdict).to.equal('fail');
      expect(late.details.join('\n')).to.contain('#3 k3 get "k", 30.0 to 31.0 ms: ["x"]');
    });

    it('is unknown when nothing was answered', () => {
      expect(linearizable(facts()).verdict).to.equal('unknown');
    });
  });

  describe('nothing acknowledged is lost', () => {
    const operations = [updated(1, 1, 'x'), updated(2, 2, 'y'), updated(3, 2, 'z', false)];

    it('passes when the last map has what was acknowledged', () => {
      const result = nothingLost(facts({ operations, finalMap: { a: { version: 2, content: 'y' } } }));
      expect(result.verdict).to.equal('pass');
      expect(result.summary).to.contain('2 acknowledged updates');
    });

    it('fails when the last version is below an acknowledged one', () => {
      const result = nothingLost(facts({ operations, finalMap: { a: { version: 1, content: 'x' } } }));
      expect(result.verdict).to.equal('fail');
      expect(result.details).to.have.length(1);
      expect(result.details[0]).to.contain('#2').and.contain('at the end the file has version 1');
    });

    it('fails when the last version has another content', () => {
      const finalMap = { a: { version: 2, content: 'z' } };
      expect(nothingLost(facts({ operations, finalMap })).verdict).to.equal('fail');
    });

    it('fails when a version was once read with a content other than the one acknowledged', () => {
      const finalMap = { a: { version: 2, content: 'y' } };
      const result = nothingLost(facts({ operations: [...operations, saw(4, 1, 'w')], finalMap }));
      expect(result.details[0]).to.contain('#1').and.contain('seen as w');
    });

    it('is unknown without a last map, or without acknowledged updates', () => {
      expect(nothingLost(facts({ operations, finalMap: undefined })).verdict).to.equal('unknown');
      expect(nothingLost(facts()).verdict).to.equal('unknown');
    });
  });

  describe('no lost and no doubled element', () => {
    const failed = { outcome: { status: 'failed' } } as const;
    const unknown = { outcome: { status: 'unknown' } } as const;
    const append = (id: number, value: string, changes: Partial<RunOperation> = {}): RunOperation =>
      keyed(id, { kind: 'kvAppend', key: 'k', value }, changes);
    const put = (id: number, value: string[], changes: Partial<RunOperation> = {}): RunOperation =>
      keyed(id, { kind: 'kvPut', key: 'k', value }, changes);
    const get = (id: number, value: string[], client = 'k9'): RunOperation =>
      keyed(id, { kind: 'kvGet', key: 'k' }, { client, outcome: { status: 'ok', value } });
    const replica = (server: number, list: string[] | null, lastApplied = 5): Replica => ({
      ...{ server, commitIndex: 5, lastApplied, versions: {}, lists: { k: list } },
    });
    const judged = (operations: RunOperation[], ...replicas: Replica[]) =>
      elementsOnce(facts({ operations, replicas: { afterMs: 0, replicas } }));
    const three = [append(1, 'x'), append(2, 'y', { attempts: 4 }), append(3, 'z', unknown)];

    it('passes when what was acknowledged is there once, and what is unknown once or not at all', () => {
      for (const list of [
        ['x', 'y'],
        ['x', 'z', 'y'],
      ]) {
        const result = judged([...three, get(4, list, LAST_READER)], replica(0, list), replica(1, list));
        expect(result.verdict, result.summary).to.equal('pass');
        expect(result.summary)
          .to.contain('2 acknowledged elements under 1 key')
          .and.contain('1 write of 3 sent more than once');
      }
    });

    it('fails when an acknowledged element is lost on one server', () => {
      const result = judged(three, replica(0, ['x', 'y']), replica(1, ['y']));
      expect(result.verdict).to.equal('fail');
      expect(result.summary).to.contain('the state of server 1 at the end has lost "x" of "k"');
      expect(judged(three, replica(0, null)).details).to.have.length(3);
    });

    it('fails when the last read of a server does not see it', () => {
      const result = judged([...three, get(4, ['y'], LAST_READER)], replica(0, ['x', 'y']));
      expect(result.verdict).to.equal('fail');
      expect(result.operations).to.deep.equal([1, 4]);
    });

    it('does not call lost what a replica that is behind does not have yet', () => {
      expect(judged(three, replica(0, ['x', 'y']), replica(1, ['x'], 4)).verdict).to.equal('pass');
    });

    it('fails when an element was seen twice at any time, be it gone at the end', () => {
      const result = judged([...three, get(4, ['x', 'y', 'y'])], replica(0, ['x', 'y']));
      expect(result.verdict).to.equal('fail');
      expect(result.summary).to.contain(
        '#4 saw "y" twice in "k", written by #2 of k2 (acknowledged, sent 4 times)',
      );
      expect(result.operations).to.deep.equal([2, 4]);
      expect(judged(three, replica(0, ['x', 'y']), replica(1, ['x', 'y', 'x'])).verdict).to.equal('fail');
    });

    it('fails when something is seen that certainly was not written, or that nobody wrote there', () => {
      const operations = [append(1, 'x'), append(2, 'y', failed)];
      expect(judged(operations, replica(0, ['x'])).verdict).to.equal('pass');
      expect(judged(operations, replica(0, ['x', 'y'])).summary).to.contain('certainly was not written');
      expect(judged(operations, replica(0, ['x', 'w'])).summary).to.contain('nobody wrote');
      const elsewhere = keyed(3, { kind: 'kvAppend', key: 'other', value: 'w' });
      expect(judged([...operations, elsewhere], replica(0, ['x', 'w'])).verdict).to.equal('fail');
    });

    it('lets a put replace what came before it, or may have, and nothing else', () => {
      const before = [append(1, 'x'), put(2, ['p', 'q'])];
      expect(judged([...before, append(3, 'y')], replica(0, ['p', 'q', 'y'])).verdict).to.equal('pass');
      expect(judged([...before, append(3, 'y')], replica(0, ['p', 'q'])).summary).to.contain('lost "y"');
      expect(judged([...before, append(3, 'y')], replica(0, ['q', 'y'])).summary).to.contain('lost "p"');
      expect(judged([put(1, ['p'], failed), append(2, 'y')], replica(0, [])).verdict).to.equal('fail');
      expect(judged([put(1, ['p'], unknown), append(2, 'y')], replica(0, ['p'])).verdict).to.equal('pass');
    });

    it('is unknown when nothing was acknowledged, or nobody gave the lists at the end', () => {
      expect(judged([append(1, 'x', unknown)], replica(0, ['x'])).verdict).to.equal('unknown');
      expect(elementsOnce(facts({ operations: three })).verdict).to.equal('unknown');
      expect(elementsOnce(facts()).verdict).to.equal('unknown');
    });
  });

  describe('one leader per term', () => {
    it('passes when each term had one leader', () => {
      const samples = [leads(0, 1, 10), leads(1, 2, 20), leads(1, 2, 30), leads(0, 3, 40)];
      expect(oneLeaderPerTerm(facts({ samples })).summary).to.equal('3 terms had one leader each.');
    });

    it('fails when two servers led one term, at whatever times', () => {
      for (const samples of [
        [leads(0, 4, 10), leads(2, 4, 40_000)],
        [leads(2, 4, 10), leads(0, 4, 40_000)],
      ]) {
        const result = oneLeaderPerTerm(facts({ samples }));
        expect(result.verdict).to.equal('fail');
        expect(result.summary).to.equal('Term 4 had 2 leaders: servers 0 and 2.');
        expect(result.details).to.deep.equal(['term 4: server 0 and server 2']);
      }
    });

    it('is unknown when nobody led', () => {
      expect(oneLeaderPerTerm(facts()).verdict).to.equal('unknown');
    });
  });

  describe('a leader within 5 s', () => {
    const gap = (ms: number, elected = true) => ({
      ...{ neededAt: 1_000, endedAt: 1_000 + ms, before: null },
      elected: elected ? { leader: 1, term: 2 } : null,
    });

    it('passes with the figures of the elections', () => {
      const result = leaderInTime(facts({ gaps: [gap(800), gap(1_200), gap(4_900)] }));
      expect(result.verdict).to.equal('pass');
      expect(result.summary).to.contain('3 elections: p50 1.20 s, p95 4.90 s');
    });

    it('fails when it took longer, be it that there never was one', () => {
      expect(leaderInTime(facts({ gaps: [gap(800), gap(5_200)] })).verdict).to.equal('fail');
      expect(leaderInTime(facts({ gaps: [gap(9_000, false)] })).verdict).to.equal('fail');
    });

    it('allows for the time between two looks', () => {
      expect(leaderInTime(facts({ gaps: [gap(5_200)], blindMs: 250 })).verdict).to.equal('pass');
    });

    it('is unknown when no election was seen to its end', () => {
      expect(leaderInTime(facts({ gaps: [gap(2_000, false)] })).verdict).to.equal('unknown');
    });
  });

  describe('crashed servers stand still', () => {
    const state = {
      ...{ versions: { a: 3 }, term: 2, votedFor: 1 },
      ...{ commitIndex: 7, lastApplied: 7, lastIndex: 8 },
    };
    const standstill = (after: object) => ({
      ...{ server: 1, crashedAt: 1_000, restoredAt: 3_000, before: state },
      after: { ...state, ...after },
    });

    it('passes when nothing moved', () => {
      expect(standStill(facts({ standstills: [standstill({})] })).verdict).to.equal('pass');
    });

    for (const [what, after] of [
      ['version of "a" went from 3 to 4', { versions: { a: 4 } }],
      ['commitIndex went from 7 to 8', { commitIndex: 8 }],
      ['term went from 2 to 3', { term: 3 }],
      ['votedFor went from 1 to 0', { votedFor: 0 }],
    ] as const) {
      it(`fails when the ${what}`, () => {
        const result = standStill(facts({ standstills: [standstill({}), standstill(after)] }));
        expect(result.verdict).to.equal('fail');
        expect(result.summary).to.contain('server 1').and.contain(what);
      });
    }

    it('is unknown when no server was crashed', () => {
      expect(standStill(facts()).verdict).to.equal('unknown');
    });
  });

  describe('blocked calls finish', () => {
    const crashes: FaultSpan[] = [1, 2].map((server) => ({
      ...{ server, kind: 'crash', startedAt: 10_000, endedAt: 20_000 },
    }));
    const attempt = (sentAt: number, endedAt: number | null, answered = true): Attempt => ({
      ...{ operation: 1, server: 0, sentAt, endedAt, answered, gaveResult: answered },
    });

    it('passes when a call is answered soon after the majority is back', () => {
      const result = blockedCalls(facts({ faults: crashes, attempts: [attempt(11_000, 20_400)] }));
      expect(result.verdict).to.equal('pass');
      expect(result.summary).to.contain('up to 9.00 s').and.contain('at most 400 ms after');
    });

    it('fails when it is still waiting, or is answered too late', () => {
      for (const endedAt of [null, 27_000]) {
        const result = blockedCalls(facts({ faults: crashes, attempts: [attempt(11_000, endedAt)] }));
        expect(result.verdict).to.equal('fail');
        expect(result.summary).to.contain('operation #1 at server 0');
      }
    });

    it('does not count the time in which its server was cut off from the majority', () => {
      const cut: FaultSpan[] = [
        { server: 0, kind: 'unreachable', startedAt: 1_000, endedAt: 30_000, from: [1, 2] },
      ];
      const attempts = [attempt(2_000, 31_000)];
      expect(blockedCalls(facts({ faults: cut, attempts })).verdict).to.equal('pass');
    });

    it('fails when a call is forgotten though nothing was ever wrong', () => {
      expect(blockedCalls(facts({ attempts: [attempt(2_000, 9_000)] })).verdict).to.equal('fail');
    });

    it('fails when a call with a deadline is not answered by then, unless the process stood still', () => {
      const attempts = [{ ...attempt(2_000, 7_000), deadlineMs: 1_500 }];
      const result = blockedCalls(facts({ attempts }));
      expect(result.verdict).to.equal('fail');
      expect(result.summary).to.contain('waited 5.00 s though it had a deadline of 1.50 s');
      const faultOf = (kind: FaultSpan['kind']): FaultSpan[] => [
        { server: 0, kind, startedAt: 1_900, endedAt: 6_900 },
      ];
      expect(blockedCalls(facts({ attempts, faults: faultOf('pause') })).verdict).not.to.equal('fail');
      expect(blockedCalls(facts({ attempts, faults: faultOf('unreachable') })).verdict).to.equal('fail');
    });

    it('is unknown when no call had to wait', () => {
      expect(blockedCalls(facts({ attempts: [attempt(1_000, 1_010)] })).verdict).to.equal('unknown');
    });
  });

  describe('replicas are equal', () => {
    const replica = (server: number, changes: Partial<Replica> = {}): Replica => ({
      ...{ server, commitIndex: 5, lastApplied: 5, versions: { a: 2 }, lists: { k: ['x'] } },
      ...changes,
    });
    const verdictOf = (...replicas: (Replica | undefined)[]) =>
      replicasEqual(facts({ replicas: { afterMs: 100, replicas } })).verdict;

    it('passes when all have applied the same', () => {
      expect(verdictOf(replica(0), replica(1))).to.equal('pass');
    });

    it('fails when one is behind, has another version, has not applied all, or is silent', () => {
      expect(verdictOf(replica(0), replica(1, { commitIndex: 4, lastApplied: 4 }))).to.equal('fail');
      expect(verdictOf(replica(0), replica(1, { versions: { a: 1 } }))).to.equal('fail');
      expect(verdictOf(replica(0), replica(1, { lists: { k: ['y'] } }))).to.equal('fail');
      expect(verdictOf(replica(0), replica(1, { lists: { k: null } }))).to.equal('fail');
      expect(verdictOf(replica(0, { lastApplied: 4 }), replica(1, { lastApplied: 4 }))).to.equal('fail');
      expect(verdictOf(replica(0), undefined)).to.equal('fail');
    });

    it('fails when a server did not come back', () => {
      const replicas = { afterMs: 100, replicas: [replica(0), replica(1)] };
      const result = replicasEqual(facts({ replicas, unhealed: ['server 1 could not be healed'] }));
      expect(result.verdict).to.equal('fail');
      expect(result.summary).to.contain('server 1 could not be healed');
    });

    it('is unknown when nothing was written: servers that do nothing are equal', () => {
      const empty = { versions: { a: 0 }, lists: { k: null } };
      expect(verdictOf(replica(0, empty), replica(1, empty))).to.equal('unknown');
    });

    it('is unknown when nobody looked', () => {
      expect(replicasEqual(facts()).verdict).to.equal('unknown');
    });
  });

  describe('few messages when idle', () => {
    const verdictOf = (...received: number[]) =>
      idleTraffic(facts({ idle: { durationMs: 2_000, received } })).verdict;

    it('passes up to ten per second and server', () => {
      expect(verdictOf(0, 20, 8)).to.equal('pass');
    });

    it('fails above', () => {
      expect(verdictOf(0, 21, 8)).to.equal('fail');
    });

    it('is unknown where it was not measured', () => {
      expect(idleTraffic(facts()).verdict).to.equal('unknown');
    });
  });

  describe('the story goes as expected', () => {
    const look = (isMet: boolean) => ({ at: 1_000, isMet, text: 'nobody leads for 3 s' });

    it('passes, fails, and is no verdict when nothing was expected', () => {
      expect(asExpected(facts({ expectations: [look(true)] })).verdict).to.equal('pass');
      expect(asExpected(facts({ expectations: [look(true), look(false)] })).verdict).to.equal('fail');
      const names = (expectations: Parameters<typeof look>[0][]): string[] =>
        judge(facts({ expectations: expectations.map(look) })).map(({ name }) => name);
      expect(names([true])).to.include('the story goes as expected');
      expect(names([])).not.to.include('the story goes as expected');
    });
  });
});
