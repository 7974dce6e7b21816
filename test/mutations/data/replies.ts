import type { Mutation } from '../mutation.js';

const leader = 'src/raft/replication.ts';
const follower = 'src/raft/replication.ts';
const election = 'src/raft/election.ts';
const core = 'src/raft/core.ts';
const node = 'src/node/raftNode.ts';
const pending = 'src/node/pendingRequests.ts';
const persistQueue = 'src/node/persistQueue.ts';

const ours = 'ours';
const rules = 'the assignment';

/** What is special to this service: when it replies, versions, read rounds, and who may vote. */
export const replies: readonly Mutation[] = [
  {
    id: 's01',
    title: 'a write is answered when its leader has committed it, before a majority knows',
    source: rules,
    edits: [
      {
        file: pending,
        find: "this.replyAfter === 'majority' ? this.acknowledgedIndex : lastApplied",
        replace: 'lastApplied',
      },
    ],
  },
  {
    id: 's02',
    title: 'acknowledged counts the leader twice, in place of a follower',
    source: ours,
    edits: [
      {
        file: leader,
        find: 'const known = [state.commitIndex];\n  for (const { isVoter, commitIndex } of state.progress.values()) known',
        replace:
          'const known = state.peers.length === 0 ? [state.commitIndex] : [state.commitIndex, state.commitIndex];\n  for (const { isVoter, commitIndex } of [...state.progress.values()].slice(1)) known',
      },
    ],
  },
  {
    id: 's03a',
    title: 'a commit index reported above what the append matched is believed',
    source: ours,
    edits: [
      {
        file: leader,
        find: 'Math.min(commitIndex, state.commitIndex, matchIndex)',
        replace: 'Math.min(commitIndex, state.commitIndex)',
      },
    ],
  },
  {
    id: 's03b',
    title: "a commit index reported above the leader's own is believed",
    source: ours,
    edits: [
      {
        file: leader,
        find: 'Math.min(commitIndex, state.commitIndex, matchIndex)',
        replace: 'Math.min(commitIndex, matchIndex)',
      },
    ],
  },
  {
    id: 's04',
    title: 'the refusal of an outdated append echoes its read round',
    source: ours,
    edits: [{ file: follower, find: 'readRound: 0,', replace: 'readRound: request.readRound,' }],
  },
  {
    id: 's05',
    title: 'a rejection by the consistency check does not echo the read round',
    source: ours,
    edits: [
      {
        file: follower,
        find: '...appendResponse(state, request), ...outcome });',
        replace:
          '...appendResponse(state, request), ...outcome, ...(outcome.success ? {} : { readRound: 0 }) });',
      },
    ],
  },
  {
    id: 's06',
    title: 'a read round that the leader never began is believed',
    source: ours,
    edits: [
      {
        file: 'src/raft/progress.ts',
        find: 'if (readRound <= newestRound) this.ackedRound',
        replace: 'if (readRound <= newestRound || readRound > 0) this.ackedRound',
      },
    ],
  },
  {
    id: 's07',
    title: 'any version above the stored one is accepted',
    source: rules,
    edits: [
      {
        file: 'src/stateMachine/fileMetadata.ts',
        find: "if (version !== this.versionOf(name) + 1) return 'refused';",
        replace: "if (version < this.versionOf(name) + 1) return 'refused';",
      },
    ],
  },
  {
    id: 's08',
    title: 'a step-down calls the waiting writes superseded, as though they were surely not done',
    source: ours,
    edits: [
      {
        file: node,
        find: "new ServiceError('steppedDown', ",
        replace: "new ServiceError('superseded', ",
      },
    ],
  },
  {
    id: 's09',
    title: 'a write whose place another leader filled is called a step-down, as though it might be done',
    source: ours,
    edits: [
      { file: pending, find: "new ServiceError('superseded', ", replace: "new ServiceError('steppedDown', " },
    ],
  },
  {
    id: 's10',
    title: 'a lone candidate leads before its own vote is durable',
    source: ours,
    edits: [
      {
        file: election,
        find: '  becomeCandidate(state);\n',
        replace:
          '  becomeCandidate(state);\n  state.votes.add(state.id);\n  if (hasWon(state)) {\n    becomeLeader(state);\n    return;\n  }\n',
      },
    ],
  },
  {
    id: 's11',
    title: 'a disk that fails while its server is crashed is forgotten',
    source: ours,
    edits: [
      {
        file: persistQueue,
        find: '      if (error !== null) {\n',
        replace: '      if (error !== null && epoch === this.epoch) {\n',
      },
    ],
  },
  {
    id: 's12a',
    title: 'followers that hear from their leader grant pre-votes and votes',
    source: 'paper, section 6',
    edits: [
      {
        file: election,
        find: "state.role === 'leader' || state.leaderContactTicks < state.config.stickyTicks;",
        replace: "state.role === 'leader';",
      },
    ],
  },
  {
    id: 's12b',
    title: 'a request for a vote deposes a leader that is heard',
    source: 'paper, section 6',
    edits: [
      {
        file: core,
        find: "if (message.type === 'requestVote' && isSticky(state)) {",
        replace: 'if (state.term < 0) {',
      },
    ],
  },
  {
    id: 's13',
    title: 'a server that may have forgotten its vote votes at once',
    source: 'etcd#16220',
    edits: [
      {
        file: election,
        find: 'state.ticksSinceStart < state.config.voteDelayTicks;',
        replace: 'state.ticksSinceStart < 0;',
      },
    ],
  },
  {
    id: 's14',
    title: 'a forged message can use up all terms',
    source: ours,
    edits: [
      { file: core, find: '    if (message.term > state.term + TERM_JUMP_MAX) return;\n', replace: '' },
    ],
  },
  {
    id: 's15',
    title: 'an election starts without pre-votes',
    source: 'dissertation, section 9.6',
    edits: [
      {
        file: election,
        find: '  if (state.preVotes.size >= state.majority) {\n    startElection',
        replace: '  if (state.preVotes.size > 0) {\n    startElection',
      },
    ],
  },
];
