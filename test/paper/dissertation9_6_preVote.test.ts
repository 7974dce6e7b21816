import { expect } from 'chai';
import {
  CoreHarness,
  ELECTION_TICKS,
  only,
  preVote,
  preVoteResponse,
  requestVote,
} from '../support/coreHarness.js';

/** Server 0 of five, asking for pre-votes in term 4 with a log of terms 1 and 4. */
function preCandidate(): CoreHarness {
  const harness = new CoreHarness({ size: 5, term: 4, log: [1, 4] });
  harness.campaign();
  return harness;
}

describe('dissertation 9.6 pre-vote', () => {
  it('a pre-candidate asks all others for the term after its own, and changes neither term nor vote', () => {
    const harness = new CoreHarness({ size: 5, term: 4, log: [1, 4] });
    const { messages, batches } = harness.campaign();
    expect(messages.map(({ to }) => to)).to.deep.equal([1, 2, 3, 4]);
    for (const message of messages) {
      expect(message).to.include({ type: 'preVote', term: 5, lastLogIndex: 2, lastLogTerm: 4 });
    }
    expect(batches).to.deep.equal([]);
    expect(harness.status).to.include({ role: 'preCandidate', term: 4, votedFor: null });
  });

  it('t22 granting one records no vote, adopts no term, writes nothing (hashicorp PR#609)', () => {
    const harness = new CoreHarness({ term: 4 });
    const before = harness.status;
    const outcome = harness.receive(preVote(harness.status, 1));
    expect(only(outcome, 'preVoteResponse')).to.include({ granted: true, term: 5 });
    expect(outcome.batches).to.deep.equal([]);
    expect(harness.status).to.deep.equal(before);
  });

  it('t22 nor does it restart the election timeout', () => {
    const harness = new CoreHarness({ term: 4 });
    harness.tick(ELECTION_TICKS - 1);
    harness.receive(preVote(harness.status, 1));
    harness.tick();
    expect(harness.status.role).to.equal('preCandidate');
  });

  it('several may be granted: they bind nobody', () => {
    const harness = new CoreHarness({ term: 4 });
    const grants = [1, 2].map(
      (from) => only(harness.receive(preVote(harness.status, from)), 'preVoteResponse').granted,
    );
    expect(grants).to.deep.equal([true, true]);
  });

  it('one for a term that is not above its own is refused', () => {
    const harness = new CoreHarness({ term: 4 });
    for (const term of [3, 4]) {
      const answer = only(harness.receive(preVote(harness.status, 1, { term })), 'preVoteResponse');
      expect(answer).to.include({ granted: false, term: 4 });
    }
  });

  it('an election begins only with the pre-votes of a majority', () => {
    const harness = preCandidate();
    for (const from of [1, 1, 1]) harness.receive(preVoteResponse(harness.status, from, { term: 5 }));
    expect(harness.status).to.include({ role: 'preCandidate', term: 4 });
    harness.receive(preVoteResponse(harness.status, 2, { term: 5 }));
    expect(harness.status).to.include({ role: 'candidate', term: 5, votedFor: 0 });
  });

  it('refusals of its own term leave it waiting; its term never rises by campaigning in vain', () => {
    const harness = preCandidate();
    for (let round = 0; round < 20; round += 1) {
      for (const from of [1, 2, 3, 4])
        harness.receive(preVoteResponse(harness.status, from, { granted: false }));
      harness.tick(ELECTION_TICKS);
    }
    expect(harness.status).to.include({ role: 'preCandidate', term: 4 });
  });

  it('t23 pre-votes that arrive in the election or after it count for nothing (canonical#196)', () => {
    const harness = preCandidate();
    for (const from of [1, 2]) harness.receive(preVoteResponse(harness.status, from, { term: 5 }));
    for (const from of [3, 4]) harness.receive(preVoteResponse(harness.status, from, { term: 5 }));
    expect(harness.status).to.include({ role: 'candidate', term: 5 });

    for (const late of [CoreHarness.leader(), new CoreHarness({ term: 1 })]) {
      const before = late.status;
      for (const from of [1, 2]) {
        for (const term of [before.term, before.term + 1]) {
          expect(late.receive(preVoteResponse(before, from, { term })).messages).to.deep.equal([]);
        }
      }
      expect(late.status).to.deep.equal(before);
    }
  });

  it('t23 a grant for another term than the one asked for does not count', () => {
    const harness = preCandidate();
    for (const from of [1, 2, 3]) harness.receive(preVoteResponse(harness.status, from, { term: 6 }));
    expect(harness.status).to.include({ role: 'preCandidate', term: 4 });
  });

  it('t24 a refusal with a higher term is learned, so that the next attempt can succeed (canonical#279)', () => {
    const harness = preCandidate();
    harness.receive(preVoteResponse(harness.status, 1, { term: 7, granted: false }));
    expect(harness.status).to.include({ role: 'follower', term: 7 });
    const { messages } = harness.campaign();
    expect(messages[0]).to.include({ term: 8 });
  });

  it('t24 a voter of a lower term grants, and follows in the election that comes', () => {
    const harness = new CoreHarness({ term: 1 });
    const last = { term: 9, lastLogIndex: 5, lastLogTerm: 8 };
    expect(only(harness.receive(preVote(harness.status, 1, last)), 'preVoteResponse').granted).to.equal(true);
    expect(harness.status.term).to.equal(1);
    harness.receive(requestVote(harness.status, 1, last));
    expect(harness.status).to.include({ term: 9, votedFor: 1 });
  });

  it('t25 a voter whose own leader asks, restarted, grants once the leader is silent (hashicorp PR#605)', () => {
    const voter = new CoreHarness({ term: 1 });
    voter.receive({ ...emptyAppend, to: 0 });
    voter.tick(60);
    expect(voter.status.leader).to.equal(1);
    expect(only(voter.receive(preVote(voter.status, 1)), 'preVoteResponse').granted).to.equal(true);
  });

  it('of another pre-candidate or candidate it is granted too', () => {
    const harness = preCandidate();
    const last = { lastLogIndex: 2, lastLogTerm: 4 };
    expect(only(harness.receive(preVote(harness.status, 1, last)), 'preVoteResponse').granted).to.equal(true);
    expect(harness.status.role).to.equal('preCandidate');
  });
});

const emptyAppend = {
  type: 'appendEntries',
  from: 1,
  term: 1,
  prevLogIndex: 0,
  prevLogTerm: 0,
  entries: [],
  leaderCommit: 0,
  hasQuorum: true,
  sequence: 1,
  readRound: 0,
} as const;
