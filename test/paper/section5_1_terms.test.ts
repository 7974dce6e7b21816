import { expect } from 'chai';
import { TERM_JUMP_MAX } from '../../src/raft/config.js';
import type { Message } from '../../src/raft/types.js';
import {
  accept,
  append,
  CoreHarness,
  ELECTION_TICKS,
  only,
  preVote,
  preVoteResponse,
  requestVote,
  requestVoteResponse,
} from '../support/coreHarness.js';

/** A core of server 0 in each role, in term 2. */
const roles: Record<string, () => CoreHarness> = {
  follower: () => new CoreHarness({ term: 2 }),
  preCandidate: () => {
    const harness = new CoreHarness({ term: 2 });
    harness.campaign();
    return harness;
  },
  candidate: () => {
    const harness = new CoreHarness({ term: 1 });
    harness.campaign();
    harness.receive(preVoteResponse(harness.status, 1, { term: 2 }));
    return harness;
  },
  leader: () => CoreHarness.leader({ term: 1 }),
};

describe('5.1 terms', () => {
  for (const [role, make] of Object.entries(roles)) {
    describe(`a ${role}`, () => {
      const newer: Record<string, (to: CoreHarness) => Message> = {
        append: (to) => append(to.status, 1, { term: 5 }),
        'answer to an append': () =>
          accept(append({ id: 1, term: 5 }, 0), { success: false, conflict: null, term: 5 }),
        'answer to a vote': (to) => requestVoteResponse(to.status, 1, { term: 5, granted: false }),
        'refusal of a pre-vote': (to) => preVoteResponse(to.status, 1, { term: 5, granted: false }),
      };
      for (const [what, message] of Object.entries(newer)) {
        it(`adopts a higher term and becomes a follower: ${what}`, () => {
          const harness = make();
          harness.receive(message(harness));
          expect(harness.status).to.include({ role: 'follower', term: 5 });
        });
      }

      it('has no vote in a term it has just heard of', () => {
        const harness = make();
        harness.receive(append(harness.status, 1, { term: 5 }));
        expect(harness.status.votedFor).to.equal(null);
      });

      const older: Record<string, (to: CoreHarness) => Message> = {
        append: (to) => append(to.status, 1, { term: 1 }),
        'vote request': (to) => requestVote(to.status, 1, { term: 1, lastLogIndex: 9, lastLogTerm: 1 }),
        'pre-vote': (to) => preVote(to.status, 1, { term: 1, lastLogIndex: 9, lastLogTerm: 1 }),
      };
      for (const [what, message] of Object.entries(older)) {
        it(`refuses an outdated ${what} and tells its term`, () => {
          const harness = make();
          const before = harness.status;
          const { messages } = harness.receive(message(harness));
          expect(messages).to.have.length(1);
          expect(messages[0]).to.include({ term: 2, to: 1 });
          expect(messages[0]).to.satisfy((answer: Message) =>
            'granted' in answer ? !answer.granted : 'success' in answer && !answer.success,
          );
          expect(harness.status).to.deep.equal(before);
        });
      }

      const late: Record<string, (to: CoreHarness) => Message> = {
        'granted vote': (to) => requestVoteResponse(to.status, 1, { term: 1 }),
        'granted pre-vote': (to) => preVoteResponse(to.status, 1, { term: 1 }),
        'answer to an append': () => accept(append({ id: 1, term: 1 }, 0), { matchIndex: 1, commitIndex: 1 }),
      };
      for (const [what, message] of Object.entries(late)) {
        it(`t27 ignores an outdated ${what} (openraft a80579ef, nebula PR#568)`, () => {
          const harness = make();
          const before = harness.status;
          const outcome = harness.receive(message(harness));
          expect(outcome.messages).to.deep.equal([]);
          expect(harness.status).to.deep.equal(before);
        });
      }
    });
  }

  it('t18 a new term is stored in the very batch that holds its entries (openraft io_ordering)', () => {
    const harness = new CoreHarness({ term: 2 });
    const entries = [{ term: 3, index: 1, kind: 'noop', command: '' }] as const;
    const { batches } = harness.receive(append(harness.status, 1, { term: 3, entries }));
    expect(batches).to.have.length(1);
    expect(batches[0]).to.deep.include({ hardState: { term: 3, votedFor: null }, appended: entries });
  });

  it('t17 term and vote are stored as one record (hashicorp#661)', () => {
    const harness = new CoreHarness({ term: 2 });
    const { batches } = harness.receive(requestVote(harness.status, 1, { term: 7 }));
    expect(batches.map(({ hardState }) => hardState)).to.deep.equal([{ term: 7, votedFor: 1 }]);
  });

  it('t17 a vote in a term that was known already is stored too', () => {
    const harness = new CoreHarness({ term: 2 });
    const { batches } = harness.receive(requestVote(harness.status, 1, { term: 2 }));
    expect(batches.map(({ hardState }) => hardState)).to.deep.equal([{ term: 2, votedFor: 1 }]);
  });

  it('t21 an append of an outdated leader does not restart the election timeout (butane PR#32)', () => {
    const harness = new CoreHarness({ term: 2 });
    for (let tick = 1; tick < ELECTION_TICKS; tick += 1) {
      harness.receive(append(harness.status, 1, { term: 1 }));
      expect(harness.tick()).to.deep.equal([]);
    }
    harness.tick();
    expect(harness.status.role).to.equal('preCandidate');
  });

  it('t21 a higher term alone does not restart the election timeout (Students’ Guide to Raft)', () => {
    const harness = new CoreHarness({ term: 2, log: [2] });
    harness.tick(ELECTION_TICKS - 1);
    harness.receive(requestVote(harness.status, 1, { term: 3, lastLogTerm: 1, lastLogIndex: 9 }));
    harness.tick();
    expect(harness.status).to.include({ role: 'preCandidate', term: 3 });
  });

  describe('a term from nowhere', () => {
    it('beyond any that elections could have reached is ignored', () => {
      const harness = CoreHarness.leader();
      const before = harness.status;
      for (const term of [Number.MAX_SAFE_INTEGER, 2 ** 52, before.term + TERM_JUMP_MAX + 1]) {
        const forged = [
          append(before, 1, { term }),
          requestVote(before, 1, { term }),
          preVoteResponse(before, 1, { term, granted: false }),
          requestVoteResponse(before, 1, { term }),
          accept(append({ id: 1, term }, 0)),
          preVote(before, 1, { term }),
        ];
        for (const message of forged) expect(harness.receive(message).messages).to.deep.equal([]);
      }
      expect(harness.status).to.deep.equal(before);
    });

    it('near 2^31 is survived: elections and commits go on in it', () => {
      const harness = CoreHarness.leader();
      harness.receive(append(harness.status, 1, { term: 2 ** 31 - 1 }));
      expect(harness.status).to.include({ role: 'follower', term: 2 ** 31 - 1 });
      harness.replicate(harness.elect());
      expect(harness.status).to.include({ role: 'leader', term: 2 ** 31, commitIndex: 2 });
    });
  });

  it('messages of strangers, or for somebody else, are ignored', () => {
    const harness = new CoreHarness({ term: 2 });
    const before = harness.status;
    expect(harness.receive(append(harness.status, 7, { term: 5 })).messages).to.deep.equal([]);
    expect(harness.receive(append(harness.status, 0, { term: 5 })).messages).to.deep.equal([]);
    expect(harness.receive(append({ id: 2, term: 2 }, 1, { term: 5 })).messages).to.deep.equal([]);
    expect(harness.status).to.deep.equal(before);
  });

  it('the answer to an outdated append neither matches nor rejects, and echoes no read round', () => {
    const harness = new CoreHarness({ term: 2 });
    const answer = only(
      harness.receive(append(harness.status, 1, { term: 1, readRound: 4, leaderCommit: 3 })),
      'appendEntriesResponse',
    );
    expect(answer).to.include({ term: 2, success: false, matchIndex: 0, conflict: null, readRound: 0 });
  });
});
