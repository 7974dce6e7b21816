import { expect } from 'chai';
import { traceText, type TraceRecord } from '../../../src/raft/trace.js';
import {
  append,
  CoreHarness,
  ELECTION_TICKS,
  preVote,
  preVoteResponse,
  requestVote,
  requestVoteResponse,
  entriesOf,
} from '../../support/coreHarness.js';

/** The records of what the harness does meanwhile, as people read them. */
function told(records: readonly TraceRecord[]): string[] {
  return records.map((record) => traceText(record, 10));
}

describe('the trace of a core', () => {
  it('tells why there was an election, and who made the leader', () => {
    const harness = new CoreHarness({ size: 5 });
    harness.tick(ELECTION_TICKS - 1);
    expect(told(harness.step({ type: 'tick' }).trace)).to.deep.equal([
      'asks whether it would win term 1: the election timeout has passed, no leader was heard since it started',
      'pre-candidate in term 0',
    ]);
    harness.receive(preVoteResponse(harness.status, 3, { term: 1 }));
    const { trace } = harness.receive(preVoteResponse(harness.status, 4, { term: 1 }));
    expect(told(trace)).to.deep.equal(['candidate in term 1']);
    harness.receive(requestVoteResponse(harness.status, 4));
    const won = harness.receive(requestVoteResponse(harness.status, 2));
    expect(told(won.trace)).to.deep.equal([
      'elected in term 1 by the votes of 0, 2, 4',
      'leader in term 1, server 0 leads',
    ]);
  });

  it('tells for how long a leader had been silent, or that it is lost', () => {
    const harness = new CoreHarness({ term: 1 });
    harness.receive(append(harness.status, 1));
    harness.tick(ELECTION_TICKS - 1);
    expect(told(harness.step({ type: 'tick' }).trace)[0]).to.equal(
      `asks whether it would win term 2: the election timeout has passed, a leader was heard ${ELECTION_TICKS * 10} ms ago`,
    );
    const follower = new CoreHarness({ term: 1 });
    follower.receive(append(follower.status, 2));
    const lost = follower.step({ type: 'leaderLost', leader: 2 });
    expect(told(lost.trace)).to.deep.equal([
      'the connections of server 2, which leads, have closed, and it does not answer',
    ]);
    const hurried: TraceRecord[] = [];
    while (hurried.length === 0) hurried.push(...follower.step({ type: 'tick' }).trace);
    expect(told(hurried)[0]).to.match(/^asks whether it would win term 2: the leader is lost, /);
  });

  it('tells why a vote or a pre-vote was refused, and that one was granted', () => {
    const sticky = new CoreHarness({ term: 3, log: [3] });
    sticky.receive(append(sticky.status, 1, { prevLogIndex: 1, prevLogTerm: 3 }));
    const answers = (harness: CoreHarness, ...messages: Parameters<CoreHarness['receive']>[0][]): string[] =>
      messages
        .flatMap((message) => told(harness.receive(message).trace))
        .filter((text) => text.includes('vote'));
    const last = { lastLogIndex: 1, lastLogTerm: 3 };
    expect(
      answers(
        sticky,
        requestVote(sticky.status, 2, { term: 4, ...last }),
        preVote(sticky.status, 2, { term: 3, ...last }),
      ),
    ).to.deep.equal([
      'vote in term 4 for server 2: refused, a leader was heard a short while ago',
      'pre-vote in term 3 for server 2: refused, its term is not new',
    ]);
    const free = new CoreHarness({ term: 3, log: [3] });
    expect(
      answers(
        free,
        preVote(free.status, 2, { term: 4, lastLogIndex: 9, lastLogTerm: 2 }),
        requestVote(free.status, 1, { term: 4, ...last }),
        requestVote(free.status, 2, { term: 4, ...last }),
        requestVote(free.status, 2, { term: 3, ...last }),
      ),
    ).to.deep.equal([
      'pre-vote in term 4 for server 2: refused, its log is older',
      'vote in term 4 for server 1: granted',
      'vote in term 4 for server 2: refused, this server has voted for another one in this term',
      'vote in term 3 for server 2: refused, its term is not new',
    ]);
    const writing = new CoreHarness({ isDiskFast: false });
    expect(
      answers(
        writing,
        requestVote(writing.status, 1, { term: 1 }),
        preVote(writing.status, 2, { term: 2 }),
      )[1],
    ).to.match(/refused, this server is writing a vote to its disk$/);
    const young = new CoreHarness({ config: { voteDelayTicks: 100 } });
    expect(answers(young, preVote(young.status, 2, { term: 1 }))[0]).to.match(/started a short while ago/);
  });

  it('tells how logs are repaired, on both sides', () => {
    const follower = new CoreHarness({ term: 3, log: [1, 2, 2] });
    const gap = follower.receive(append(follower.status, 1, { prevLogIndex: 7, prevLogTerm: 3 }));
    expect(told(gap.trace)).to.include(
      'its log, which ends at 3, does not hold entry 7 of term 3 of leader 1',
    );
    const repaired = follower.receive(
      append(follower.status, 1, { prevLogIndex: 1, prevLogTerm: 1, entries: entriesOf([3, 3], 2) }),
    );
    expect(told(repaired.trace)).to.deep.equal(['drops entries 2 to 3: the leader has others there']);
  });

  it('says nothing of what is ordinary: heartbeats, appends, commands', () => {
    const leader = CoreHarness.leader();
    const outcomes = [leader.propose(1), leader.propose(2), leader.read(3)];
    for (const outcome of outcomes) leader.replicate(outcome);
    expect(outcomes.flatMap(({ trace }) => trace)).to.deep.equal([]);
  });

  it('tells that a leader hears no majority, and that it hears one again', () => {
    const leader = CoreHarness.leader();
    const records: TraceRecord[] = [];
    for (let tick = 0; tick < 200; tick += 1) records.push(...leader.step({ type: 'tick' }).trace);
    expect(told(records)).to.deep.equal(['has not heard from a majority for an election timeout']);
  });
});
