import { expect } from 'chai';
import { callsAnswered } from '../../chaos/checks/callsAnswered.js';
import { noMajorityNoAnswer } from '../../chaos/checks/noMajorityNoAnswer.js';
import { oneLeaderAtATime } from '../../chaos/checks/oneLeaderAtATime.js';
import type { Attempt } from '../../chaos/clients/attempts.js';
import type { FaultSpan } from '../../chaos/runRecord.js';
import { facts, follows, leads } from './support/facts.js';

describe('chaos: verdicts on what is answered', () => {
  const attempt = (sentAt: number, result: 'value' | 'fault', changes: Partial<Attempt> = {}): Attempt => ({
    ...{ operation: 1, server: 0, sentAt, endedAt: sentAt + 10, answered: true },
    ...{ gaveResult: result === 'value', ...(result === 'fault' ? { reason: 'Exception: KeyError' } : {}) },
    ...changes,
  });
  const many = (results: readonly ('value' | 'fault')[]): Attempt[] =>
    results.map((result, place) => attempt(5_000 + 100 * place, result));

  describe('calls are answered', () => {
    const samples = [leads(0, 1, 1_000)];

    it('passes when the leader gives results', () => {
      expect(callsAnswered(facts({ samples, attempts: many(['value', 'value']) })).verdict).to.equal('pass');
    });

    it('fails when one update in ten ends in an exception, and says which', () => {
      const attempts = Array.from({ length: 5 }, (_, place) =>
        many(Array.from({ length: 10 }, (_, n) => (n === 9 ? 'fault' : 'value'))).map((each) => ({
          ...each,
          sentAt: each.sentAt + 2_000 * place,
          endedAt: each.sentAt + 2_000 * place + 5,
        })),
      ).flat();
      const result = callsAnswered(facts({ samples, attempts }));
      expect(result.verdict).to.equal('fail');
      expect(result.summary).to.contain('5 of 50 calls').and.contain('Exception: KeyError');
    });

    it('fails when servers refuse everything all the time, though nobody is seen to lead', () => {
      const attempts = many(['fault', 'fault', 'fault']);
      const result = callsAnswered(facts({ attempts }));
      expect(result.verdict).to.equal('fail');
      expect(result.summary).to.contain('None of 3 calls came to a result');
    });

    it('does not judge refusals of a server that stops leading, or that leads too shortly', () => {
      const wavering = [leads(0, 1, 1_000), follows(0, 2, 5_500)];
      expect(
        callsAnswered(facts({ samples: wavering, attempts: [attempt(5_000, 'fault')] })).verdict,
      ).not.to.equal('pass');
      const mixed = [...many(['fault']), attempt(3_000, 'value')];
      expect(callsAnswered(facts({ samples: wavering, attempts: mixed })).summary).to.contain('1 of 1 call');
    });

    it('does not judge calls that were made while there was no majority', () => {
      const faults: FaultSpan[] = [1, 2].map((server) => ({
        ...{ server, kind: 'crash', startedAt: 4_000, endedAt: 30_000 },
      }));
      const attempts = [...many(['fault', 'fault', 'fault']), attempt(2_500, 'value')];
      expect(callsAnswered(facts({ samples, faults, attempts })).verdict).to.equal('pass');
    });
  });

  describe('nothing is answered without a majority', () => {
    const faults: FaultSpan[] = [1, 2].map((server) => ({
      ...{ server, kind: 'crash', startedAt: 10_000, heldFrom: 10_050, heldTo: 20_000, endedAt: 20_010 },
    }));
    const judged = (...attempts: Attempt[]) => noMajorityNoAnswer(facts({ faults, attempts }));

    it('passes when calls wait until the majority is back', () => {
      expect(judged(attempt(12_000, 'value', { endedAt: 20_300 })).verdict).to.equal('pass');
    });

    it('passes when they end in a fault', () => {
      expect(judged(attempt(12_000, 'fault')).verdict).to.equal('pass');
    });

    it('fails when one is answered before, after however long', () => {
      for (const endedAt of [12_001, 14_400]) {
        const result = judged(attempt(12_000, 'value', { endedAt }));
        expect(result.verdict).to.equal('fail');
        expect(result.operations).to.deep.equal([1]);
      }
    });

    it('does not judge what was asked while the crash was on its way, or which hook had no effect yet', () => {
      expect(judged(attempt(10_100, 'value')).verdict).to.equal('unknown');
      const unsure = faults.map(({ server, kind, startedAt, endedAt }) => ({
        server,
        kind,
        startedAt,
        endedAt,
      }));
      const result = noMajorityNoAnswer(facts({ faults: unsure, attempts: [attempt(12_000, 'value')] }));
      expect(result.verdict).to.equal('unknown');
    });
  });

  describe('one leader at a time', () => {
    it('passes when a successor comes, and the old leader hears of it soon', () => {
      const samples = [leads(0, 0, 1_000), leads(1, 0, 9_000), follows(0, 0, 9_700)];
      expect(oneLeaderAtATime(facts({ samples })).verdict).to.equal('pass');
    });

    it('fails when both go on', () => {
      const samples = [leads(0, 0, 1_000), leads(1, 0, 9_000), follows(0, 0, 15_000)];
      const result = oneLeaderAtATime(facts({ samples }));
      expect(result.verdict).to.equal('fail');
      expect(result.summary).to.contain('Servers 0 and 1 both led for 6.00 s');
    });

    it('passes when the old one is not heard by a majority', () => {
      const faults: FaultSpan[] = [1, 2].map((server) => ({
        ...{ server, kind: 'unreachable', startedAt: 8_000, endedAt: 20_000, from: [0] },
      }));
      const samples = [leads(0, 0, 1_000), leads(1, 0, 9_000), follows(0, 0, 20_300)];
      expect(oneLeaderAtATime(facts({ samples, faults })).verdict).to.equal('pass');
    });

    it('is unknown when nobody leads', () => {
      expect(oneLeaderAtATime(facts()).verdict).to.equal('unknown');
    });
  });
});
