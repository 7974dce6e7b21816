import type { Mutation } from '../mutation.js';

const ours = 'our own rules';

/** Bugs in what keeps a leader wherever a majority is connected, and in who belongs to a cluster. */
export const membership: readonly Mutation[] = [
  {
    id: 'q01',
    title: 'a leader without a majority is protected like any other',
    source: ours,
    edits: [{ file: 'src/raft/roles.ts', find: '  if (!hasQuorum) return;\n', replace: '' }],
  },
  {
    id: 'q02',
    title: 'a campaign ends at the word of a leader without a majority',
    source: ours,
    edits: [
      {
        file: 'src/raft/roles.ts',
        find: "  if (!hasQuorum && state.role === 'preCandidate') return;\n",
        replace: '',
      },
    ],
  },
  {
    id: 'q03',
    title: 'a leader always says that it has a majority',
    source: ours,
    edits: [
      {
        file: 'src/raft/state.ts',
        find: 'return this.hasQuorumWithin(this.config.electionMinTicks);',
        replace: 'return true;',
      },
    ],
  },
  {
    id: 'q04',
    title: 'no heartbeat leaves beside an append in flight',
    source: ours,
    edits: [
      { file: 'src/raft/core.ts', find: '      else sendHeartbeat(state, peer, progress);\n', replace: '' },
    ],
  },
  {
    id: 'q05',
    title: 'a heartbeat commits whatever entry stands at its index',
    source: ours,
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'state.commitToEntry(request.commit);',
        replace: 'state.commitTo(Math.min(request.commit.index, state.log.lastIndex));',
      },
    ],
  },
  {
    id: 'q06',
    title: 'a heartbeat is answered when the disk is done',
    source: ours,
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: "  state.send({\n    type: 'heartbeatResponse',",
        replace: "  state.sendAfterPersist({\n    type: 'heartbeatResponse',",
      },
    ],
  },
  {
    id: 'q07',
    title: 'a heartbeat’s answer vouches for entries that are not stored',
    source: ours,
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'Math.min(state.commitIndex, state.log.stableIndex)',
        replace: 'state.commitIndex',
      },
    ],
  },
  {
    id: 'q08',
    title: 'an answered heartbeat frees the append in flight',
    source: ours,
    edits: [
      {
        file: 'src/raft/progress.ts',
        find: 'if (sequence !== inFlight?.sequence) return null;',
        replace: 'if (inFlight === null) return null;',
      },
    ],
  },
  {
    id: 'q09',
    title: 'votes outlive the leader of their term',
    source: ours,
    edits: [
      { file: 'src/raft/roles.ts', find: '  if (leader !== null) state.forgetVotes();\n', replace: '' },
    ],
  },
  {
    id: 'q10',
    title: 'a candidate leads before its own vote is durable',
    source: ours,
    edits: [
      {
        file: 'src/raft/election.ts',
        find: 'return state.votes.has(state.id) && state.votes.size >= state.majority;',
        replace: 'return state.votes.size + (state.votes.has(state.id) ? 0 : 1) >= state.majority;',
      },
    ],
  },
  {
    id: 'q11',
    title: 'a late vote is ignored once the candidate asks for the next term',
    source: ours,
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "(role === 'candidate' || role === 'preCandidate') && votedFor",
        replace: "role === 'candidate' && votedFor",
      },
    ],
  },
  {
    id: 'q12',
    title: 'the election timer runs while a vote is being written',
    source: ours,
    edits: [
      {
        file: 'src/raft/core.ts',
        find: 'mayHaveForgottenVote(state) || state.isVoting ||',
        replace: 'mayHaveForgottenVote(state) ||',
      },
    ],
  },
  {
    id: 'q13',
    title: 'a pre-vote is granted while a vote is being written',
    source: ours,
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "  if (state.isVoting) return 'voteBeingWritten';\n",
        replace: '',
      },
    ],
  },
  {
    id: 'q14',
    title: 'a learner votes',
    source: ours,
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "  if (!state.isVoter) return 'learner';\n  if (state.votedFor",
        replace: '  if (state.votedFor',
      },
    ],
  },
  {
    id: 'q15',
    title: 'a learner grants pre-votes',
    source: ours,
    edits: [
      {
        file: 'src/raft/election.ts',
        find: "  if (!state.isVoter) return 'learner';\n  if (state.isVoting)",
        replace: '  if (state.isVoting)',
      },
    ],
  },
  {
    id: 'q16',
    title: 'a learner campaigns',
    source: ours,
    edits: [
      {
        file: 'src/raft/core.ts',
        find: 'state.isVoting || !state.isVoter) return hasAskedAgain;',
        replace: 'state.isVoting) return false;',
      },
    ],
  },
  {
    id: 'q17',
    title: 'a learner counts for commits',
    source: ours,
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'matched.push(isVoter ? matchIndex : 0);',
        replace: 'matched.push(isVoter || matchIndex > 0 ? matchIndex : 0);',
      },
    ],
  },
  {
    id: 'q18',
    title: 'a learner confirms reads',
    source: ours,
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'echoed.push(isVoter ? ackedRound : 0);',
        replace: 'echoed.push(isVoter || ackedRound > 0 ? ackedRound : 0);',
      },
    ],
  },
  {
    id: 'q19',
    title: 'an entry that admits another directory will do',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: 'command === `${state.id} ${identity.directory}`',
        replace: 'command.startsWith(`${state.id} `)',
      },
    ],
  },
  {
    id: 'q20',
    title: 'what an earlier directory acknowledged still counts',
    source: ours,
    edits: [
      {
        file: 'src/raft/progress.ts',
        find: '    this.toldLives = null;\n    this.matchIndex = 0;\n',
        replace: '    this.toldLives = null;\n',
      },
    ],
  },
  {
    id: 'q21',
    title: 'the id of a directory is never stored',
    source: ours,
    edits: [
      {
        file: 'src/raft/state.ts',
        find: 'identity: identityChanged ? this.identity : null,',
        replace: 'identity: null,',
      },
    ],
  },
  {
    id: 'q22',
    title: 'the cluster is compared after the term',
    source: ours,
    edits: [
      {
        file: 'src/raft/core.ts',
        find: '    if (!acceptsSender(state, message)) return;\n    if (message.term > state.term + TERM_JUMP_MAX) return;\n',
        replace:
          '    if (message.term > state.term + TERM_JUMP_MAX) return;\n    if (message.term > state.term && !isProspective(message)) becomeFollower(state, message.term, null);\n    if (!acceptsSender(state, message)) return;\n',
      },
    ],
  },
  {
    id: 'q23',
    title: 'lists of servers are not compared',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: "sender.roster !== config.roster) return 'roster';",
        replace: "sender.roster !== config.roster && state.term < 0) return 'roster';",
      },
    ],
  },
  {
    id: 'q24',
    title: 'whoever holds any founding entry is a voter',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: "identity.standing === 'founder' && state.foundingId === sender.cluster;",
        replace:
          "identity.standing === 'founder' && (state.foundingId !== null || state.log.lastIndex === 0);",
      },
    ],
  },
  {
    id: 'q25',
    title: 'an older copy of a directory keeps its vote: acknowledgements',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: '  if (acknowledged > log.lastIndex) return true;\n',
        replace: '  if (acknowledged > log.lastIndex + 1e9) return true;\n',
      },
    ],
  },
  {
    id: 'q26',
    title: 'an older copy of a directory keeps its vote: lives',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: '(met.starts === identity.starts && met.run !== identity.run)',
        replace: '(met.starts > identity.starts && met.run !== identity.run)',
      },
    ],
  },
  {
    id: 'q27',
    title: 'a leader without what is committed here is followed',
    source: ours,
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: '    return own !== undefined && own !== term;\n',
        replace: '    return own !== undefined && own !== term && index < 0;\n',
      },
    ],
  },
  {
    id: 'q28',
    title: 'a learner is taken back before it has caught up',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: 'matchIndex < progress.catchUpIndex) continue;',
        replace: 'matchIndex < 0) continue;',
      },
    ],
  },
  {
    id: 'q29',
    title: 'a life is told to others before it is durable',
    source: ours,
    edits: [
      {
        file: 'src/raft/state.ts',
        find: '    this.identity = identity;\n',
        replace:
          '    this.identity = identity;\n    this.life = { starts: identity.starts, run: identity.run };\n',
      },
    ],
  },
  {
    id: 'q30',
    title: 'a restored server forgets that it may not vote yet',
    source: ours,
    edits: [
      {
        file: 'src/node/raftNode.ts',
        find: 'this.core?.voteDelayTicksLeft ?? this.voteDelayTicks',
        replace: '0',
      },
    ],
  },
  {
    id: 'q31',
    title: 'a large request has no more time than a small one',
    source: ours,
    edits: [
      {
        file: 'src/transport/transport.ts',
        find: 'return Math.ceil(bytes / this.bytesPerMs / STEP_MS) * STEP_MS;',
        replace: 'return 0;',
      },
    ],
  },
  {
    id: 'q32',
    title: 'heartbeats wait for appends',
    source: ours,
    edits: [
      {
        file: 'src/node/peers.ts',
        find: "  heartbeat: 'heartbeats',",
        replace: "  heartbeat: 'replication',",
      },
    ],
  },
  {
    id: 'q33',
    title: 'an answer of before a reset is handed over',
    source: ours,
    edits: [
      {
        file: 'src/node/peers.ts',
        find: 'if (epoch === this.epoch) this.reports.late(response);',
        replace: 'this.reports.late(response);',
      },
    ],
  },
  {
    id: 'q34',
    title: 'a learner counts as soon as it is proposed',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: '    state.admissions.set(peer, { directory, index });',
        replace: '    state.admissions.set(peer, { directory, index });\n    progress.isVoter = true;',
      },
    ],
  },
  {
    id: 'q35',
    title: 'a request of an older term holds back one of a newer',
    source: ours,
    edits: [
      {
        file: 'src/node/peers.ts',
        find: 'oldest.request.term < request.term',
        replace: 'oldest.request.term > request.term',
      },
    ],
  },
  {
    id: 'q36',
    title: 'a founder that was restarted counts at once',
    source: ours,
    edits: [{ file: 'src/raft/identity.ts', find: ' && identity.starts === 1;', replace: ';' }],
  },
  {
    id: 'q37',
    title: 'a founder that the founding entry names is a learner like any other',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: "const standing = isNamed || tookPart ? 'voter' : 'learner';",
        replace: "const standing = tookPart ? 'voter' : 'learner';",
      },
      {
        file: 'src/raft/identity.ts',
        find: "    if (isNamed && identity.standing === 'learner' && identity.cluster === sender.cluster)\n",
        replace: '    if (isNamed && identity.cluster !== sender.cluster)\n',
      },
    ],
  },
  {
    id: 'q38',
    title: 'a leader keeps the lives that it has met to itself',
    source: ours,
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: '  if (request.lives !== undefined) meetAll(state, request.lives);\n',
        replace: '',
      },
    ],
  },
  {
    id: 'q39',
    title: 'an older life that the leader tells of replaces a newer one',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: 'known?.directory !== life.directory || life.starts > known.starts;',
        replace: 'known !== life;',
      },
    ],
  },
  {
    id: 'q41',
    title: 'a pre-vote makes a server write, before the vote',
    source: ours,
    edits: [
      {
        file: 'src/raft/identity.ts',
        find: "  if (type === 'preVote' || type === 'preVoteResponse') return true;\n",
        replace: '',
      },
    ],
  },
  {
    id: 'q42',
    title: 'two servers whose turns overlap split the votes',
    source: ours,
    edits: [
      {
        file: 'src/raft/election.ts',
        find: 'if (granted && state.isTurn && request.from < state.id) becomeFollower(state, state.term, null);\n  else if (granted) state.yieldTurn();',
        replace: 'if (granted) state.yieldTurn();',
      },
    ],
  },
  {
    id: 'q43',
    title: 'of two servers whose turns overlap both stand back',
    source: ours,
    edits: [
      {
        file: 'src/raft/election.ts',
        find: 'state.isTurn && request.from < state.id',
        replace: 'state.isTurn',
      },
    ],
  },
  {
    id: 'q44',
    title: 'a server whose election timeout has passed stands back, too',
    source: ours,
    edits: [
      {
        file: 'src/raft/election.ts',
        find: 'state.isTurn && request.from < state.id',
        replace: "state.role === 'preCandidate' && request.from < state.id",
      },
    ],
  },
];
