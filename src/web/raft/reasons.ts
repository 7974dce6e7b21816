import { SafetyViolation } from '../../sim/safety.js';
import type { Happening, Property } from './view.js';

/** The rule behind an event: where it stands in the paper or the dissertation, and the source file that owns it. */
interface Reason {
  readonly rule: string;
  readonly section: string;
  readonly file: string;
}

const reasons: Readonly<Record<Happening['kind'], Reason>> = {
  campaign: {
    rule: 'A server that hears from no leader for its election timeout tries to become one. The timeouts are random, so that usually one server is first.',
    section: 'section 5.2; as shipped with the pre-vote of dissertation 9.6',
    file: 'src/raft/election.ts',
  },
  leaderLost: {
    rule: 'When the connections of the leader break and it does not answer, its followers need not wait for a whole timeout.',
    section: 'an addition to the paper',
    file: 'src/raft/election.ts',
  },
  ballot: {
    rule: 'One vote per term, for the first that asks and whose log is at least as up-to-date as the own one.',
    section: 'sections 5.2 and 5.4.1, figure 2, RequestVote',
    file: 'src/raft/election.ts',
  },
  role: {
    rule: 'A server is a follower, a candidate or a leader, and changes as figure 4 shows.',
    section: 'section 5.1, figure 4',
    file: 'src/raft/roles.ts',
  },
  elected: {
    rule: 'The votes of a majority in one term make a leader. Two majorities share a server, and it votes once: so there is one leader per term.',
    section: 'section 5.2, Election Safety',
    file: 'src/raft/election.ts',
  },
  newerTerm: {
    rule: 'Terms are a logical clock: whoever sees a higher one takes it over and becomes a follower.',
    section: 'section 5.1, figure 2, Rules for Servers',
    file: 'src/raft/core.ts',
  },
  votesAskedAgain: {
    rule: 'Servers repeat a request that gets no answer.',
    section: 'section 5.1',
    file: 'src/raft/election.ts',
  },
  quorum: {
    rule: 'A leader that no majority answers can commit nothing. As the paper has it, it goes on to lead until it hears of a higher term.',
    section: 'section 5.2; dissertation 6.2',
    file: 'src/raft/core.ts',
  },
  appendRejected: {
    rule: 'A follower takes entries only if its log holds the entry before them.',
    section: 'section 5.3, the consistency check',
    file: 'src/raft/replication.ts',
  },
  truncated: {
    rule: 'The log of the leader wins: a follower deletes what contradicts it. That is never committed.',
    section: 'section 5.3, figure 2, AppendEntries 3',
    file: 'src/raft/replication.ts',
  },
  probe: {
    rule: 'The leader goes back in a follower’s log until both agree.',
    section: 'section 5.3',
    file: 'src/raft/replication.ts',
  },
  snapshotSent: {
    rule: 'A follower that needs what the log no longer holds gets a snapshot.',
    section: 'section 7',
    file: 'src/raft/snapshot.ts',
  },
  snapshotTaken: {
    rule: 'What is applied need not be kept entry by entry: the state that comes of it is enough.',
    section: 'section 7',
    file: 'src/node/snapshots.ts',
  },
  snapshotInstalled: {
    rule: 'A snapshot stands for all entries that it covers.',
    section: 'section 7',
    file: 'src/raft/snapshot.ts',
  },
  commit: {
    rule: 'An entry of the leader’s own term is committed once a majority holds it, and all entries before it with it.',
    section: 'sections 5.3 and 5.4.2',
    file: 'src/raft/replication.ts',
  },
  fault: {
    rule: 'This was done to the cluster from outside. Term, vote and log are on the disk and outlive the process.',
    section: 'section 5.1, persistent state of figure 2',
    file: 'src/sim/simServer.ts',
  },
  lost: {
    rule: 'Raft is safe whatever the network loses, repeats or delays; it needs a majority that is connected to make progress.',
    section: 'section 2',
    file: 'src/sim/simNetwork.ts',
  },
  call: {
    rule: 'Clients talk to the leader; another server refuses.',
    section: 'section 8',
    file: 'src/node/raftNode.ts',
  },
  answer: {
    rule: 'A client is told that its write is done when it is committed; a client whose leader is gone cannot know.',
    section: 'section 8',
    file: 'src/node/pendingRequests.ts',
  },
};

export function reasonOf({ kind }: Happening): Reason {
  return reasons[kind];
}

/** The lights: the five properties that Raft keeps at all times, and what they are good for. */
export const properties: readonly { readonly id: Property; readonly name: string; readonly text: string }[] =
  [
    { id: 'electionSafety', name: 'Election Safety', text: 'at most one leader in a term' },
    {
      id: 'leaderAppendOnly',
      name: 'Leader Append-Only',
      text: 'a leader never overwrites or deletes its entries',
    },
    {
      id: 'logMatching',
      name: 'Log Matching',
      text: 'logs with an entry of the same index and term are the same up to it',
    },
    {
      id: 'leaderCompleteness',
      name: 'Leader Completeness',
      text: 'what is committed is in the logs of all later leaders',
    },
    {
      id: 'stateMachineSafety',
      name: 'State Machine Safety',
      text: 'no two servers apply different entries at one index',
    },
    {
      id: 'linearizability',
      name: 'Linearizable',
      text: 'clients see one register, as though there were one server (section 8)',
    },
  ];

/** The rules of the simulator's watch, and the property of figure 3 that each belongs to. */
const propertyOfRule: Readonly<Record<string, Property>> = {
  'election safety': 'electionSafety',
  'one vote per term': 'electionSafety',
  'a vote is durable before it leaves': 'electionSafety',
  'leader append-only': 'leaderAppendOnly',
  'log matching': 'logMatching',
  'leader completeness': 'leaderCompleteness',
  'committed entries are held': 'leaderCompleteness',
  'committed entries are on a majority': 'leaderCompleteness',
  'an acknowledgement is durable before it leaves': 'leaderCompleteness',
};

/** A broken rule that is none of these shows in the state machines sooner or later. */
export function propertyBrokenBy(error: Error): Property {
  const rule = error instanceof SafetyViolation ? error.rule : '';
  return propertyOfRule[rule] ?? 'stateMachineSafety';
}
