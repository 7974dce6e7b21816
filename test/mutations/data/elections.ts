import type { Mutation } from '../mutation.js';

const core = 'src/raft/core.ts';
const election = 'src/raft/election.ts';
const state = 'src/raft/state.ts';
const persistQueue = 'src/node/persistQueue.ts';

export const elections: readonly Mutation[] = [
  {
    id: 't17a',
    title: 'a granted vote is not stored',
    source: 'PySyncObj #84, willemt PR#47',
    edits: [
      {
        file: election,
        find: 'if (state.votedFor === null) state.setHardState(state.term, request.from);',
        replace: 'state.votedFor = request.from;',
      },
    ],
  },
  {
    id: 't17b',
    title: 'the storage keeps the term and loses the vote',
    source: 'hashicorp #661',
    edits: [
      {
        file: 'src/storage/memoryStorage.ts',
        find: 'this.hardState = batch.hardState;',
        replace: 'this.hardState = { ...batch.hardState, votedFor: null };',
      },
    ],
  },
  {
    id: 't17c',
    title: 'votes and acknowledgements leave before they are durable',
    source: 'willemt PR#47',
    edits: [
      {
        file: persistQueue,
        find: 'this.persist({ batch: output.batch, deliveries, startedAt: 0 });',
        replace:
          '{ deliveries.forEach((send) => send()); this.persist({ batch: output.batch, deliveries: [], startedAt: 0 }); }',
      },
    ],
  },
  {
    id: 't18',
    title: 'entries become durable without the term that brought them',
    source: 'openraft io_ordering.md',
    edits: [
      {
        file: state,
        find: 'hardState: hardStateChanged ? {',
        replace: 'hardState: hardStateChanged && appended.length === 0 ? {',
      },
    ],
  },
  {
    id: 't19a',
    title: 'a candidate whose answer was lost is refused when it asks again',
    source: 'nebula PR#2419',
    edits: [
      {
        file: election,
        find: 'if (state.votedFor !== null && state.votedFor !== request.from)',
        replace: 'if (state.votedFor !== null)',
      },
    ],
  },
  {
    id: 't19b',
    title: 'a repeated answer counts as another vote',
    source: 'PySyncObj',
    edits: [
      {
        file: election,
        find: 'state.votes.add(response.from);\n  if (hasWon(state)) win(state);',
        replace:
          'state.votes.add(state.votes.has(response.from) ? -state.votes.size : response.from);\n  if (hasWon(state)) win(state);',
      },
    ],
  },
  {
    id: 't20',
    title: 'the longer log wins, whatever its last term',
    source: 'openraft a48a3282',
    edits: [
      {
        file: 'src/raft/log.ts',
        find: 'if (lastLogTerm !== this.lastTerm) return lastLogTerm > this.lastTerm;\n    return lastLogIndex >= this.lastIndex;',
        replace:
          'if (lastLogIndex !== this.lastIndex) return lastLogIndex > this.lastIndex;\n    return lastLogTerm >= this.lastTerm;',
      },
    ],
  },
  {
    id: 't21a',
    title: 'a refused vote restarts the election timer',
    source: "Students' Guide",
    edits: [
      {
        file: election,
        find: '    state.resetElectionTimer();\n  }\n  answerVote(',
        replace: '  }\n  state.resetElectionTimer();\n  answerVote(',
      },
    ],
  },
  {
    id: 't21b',
    title: 'an append of an old term restarts the election timer',
    source: 'butane PR#32',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: '  state.sendAfterPersist({\n    ...appendResponse(state, request),\n    success: false,',
        replace:
          '  state.resetElectionTimer();\n  state.sendAfterPersist({\n    ...appendResponse(state, request),\n    success: false,',
      },
    ],
  },
  {
    id: 't22a',
    title: 'granting a pre-vote restarts the election timer',
    source: 'hashicorp PR#609',
    edits: [
      {
        file: election,
        find: "  state.send({\n    type: 'preVoteResponse',",
        replace: "  if (granted) state.resetElectionTimer();\n  state.send({\n    type: 'preVoteResponse',",
      },
    ],
  },
  {
    id: 't22b',
    title: 'granting a pre-vote records a vote',
    source: 'hashicorp PR#609',
    edits: [
      {
        file: election,
        find: "  state.send({\n    type: 'preVoteResponse',",
        replace:
          "  if (granted && state.votedFor === null) state.setHardState(state.term, request.from);\n  state.send({\n    type: 'preVoteResponse',",
      },
    ],
  },
  {
    id: 't23a',
    title: 'late pre-vote answers count as votes',
    source: 'canonical#196',
    edits: [
      {
        file: election,
        find: "  if (state.role !== 'preCandidate' || !response.granted || response.term !== state.term + 1) return;\n",
        replace:
          "  if (!response.granted) return;\n  if (state.role === 'candidate' && response.term === state.term) {\n    state.votes.add(response.from);\n    if (hasWon(state)) becomeLeader(state);\n    return;\n  }\n  if (state.role !== 'preCandidate' || response.term !== state.term + 1) return;\n",
      },
    ],
  },
  {
    id: 't23b',
    title: 'late pre-vote answers start a campaign after the victory',
    source: 'openraft "cancel stale pre-votes"',
    edits: [
      {
        file: election,
        find: "if (state.role !== 'preCandidate' || !response.granted || response.term !== state.term + 1) return;",
        replace: 'if (!response.granted) return;',
      },
    ],
  },
  {
    id: 't24a',
    title: 'the higher term in a refused pre-vote is not learned',
    source: 'canonical#279',
    edits: [
      {
        file: core,
        find: "(message.type === 'preVoteResponse' && message.granted)",
        replace: "message.type === 'preVoteResponse'",
      },
    ],
  },
  {
    id: 't24b',
    title: 'a pre-vote of an old term gets no answer',
    source: 'etcd, "deadlock" at MsgPreVote',
    edits: [
      {
        file: core,
        find: "      case 'preVote':\n        handlePreVote(state, request);\n",
        replace: "      case 'preVote':\n",
      },
    ],
  },
  {
    id: 't25',
    title: "an ex-leader's pre-vote is refused while it is still named leader",
    source: 'hashicorp PR#605',
    edits: [
      {
        file: election,
        find: "if (request.term <= state.term) return 'olderTerm';",
        replace: "if (request.term <= state.term || state.leader === request.from) return 'olderTerm';",
      },
    ],
  },
  {
    id: 't26',
    title: 'a candidate leads with votes of an earlier term',
    source: 'hashicorp #695, camunda#5360, eliben PR#15',
    edits: [
      {
        file: core,
        find: 'if (isRequest(message)) this.refuseOutdated(message);',
        replace:
          "if (isRequest(message)) this.refuseOutdated(message);\n    else if (message.type === 'requestVoteResponse') this.handle(message);",
      },
      {
        file: election,
        find: '!isStanding(state) || !response.granted || response.term !== state.term)',
        replace: '!isStanding(state) || !response.granted)',
      },
    ],
  },
  {
    id: 't27',
    title: 'append answers of an earlier term are acted on',
    source: 'openraft a80579ef, nebula PR#568, verdi-raft#29',
    edits: [
      {
        file: core,
        find: 'if (isRequest(message)) this.refuseOutdated(message);',
        replace: 'if (isRequest(message)) this.refuseOutdated(message);\n    else this.handle(message);',
      },
    ],
  },
  {
    id: 't28',
    title: 'an answer to a request from before the crash is taken after the restore',
    source: 'known kind, bug 28',
    edits: [
      {
        file: 'src/node/peers.ts',
        find: '    for (const sent of this.inFlight.splice(0)) this.giveUp(sent);\n',
        replace: '',
      },
    ],
  },
  {
    id: 't29a',
    title: 'a lone server waits for pre-votes of others',
    source: 'openraft 86e2ccd0',
    edits: [
      {
        file: election,
        find: '  if (state.preVotes.size >= state.majority) {\n    startElection(state);\n    return;\n  }\n',
        replace: '',
      },
    ],
  },
  {
    id: 't29b',
    title: 'a lone candidate waits for votes of others',
    source: 'openraft 86e2ccd0',
    edits: [
      {
        file: election,
        find: 'if (!isStanding(state) || state.isVoting) return;\n  state.votes.add',
        replace:
          'if (state.peers.length === 0 || !isStanding(state) || state.isVoting) return;\n  state.votes.add',
      },
    ],
  },
  {
    id: 't30',
    title: 'the election timeout is drawn once and for all',
    source: 'openraft #1959, the assignment',
    edits: [
      {
        file: state,
        find: 'this.electionTimeout = this.drawElectionTicks();',
        replace: 'if (this.electionTimeout === 0) this.electionTimeout = this.drawElectionTicks();',
      },
    ],
  },
  {
    id: 't31',
    title: 'a restored server campaigns at its first tick',
    source: 'known kind, bug 31',
    edits: [
      {
        file: state,
        find: '    this.resetElectionTimer();\n  }\n\n  get id()',
        replace: '    this.electionTimeout = 0;\n  }\n\n  get id()',
      },
    ],
  },
  {
    id: 'f01',
    title: 'evidence against any server counts as evidence against the leader',
    source: 'our own',
    edits: [
      {
        file: election,
        find: "if (state.role !== 'follower' || state.leader !== leader) return;",
        replace: "if (state.role !== 'follower' || leader < 0) return;",
      },
    ],
  },
  {
    id: 'f02',
    title: 'a leader that is lost stays protected',
    source: 'our own',
    edits: [
      {
        file: election,
        find: '  state.leaderContactTicks = Number.POSITIVE_INFINITY;\n  const turn',
        replace: '  const turn',
      },
    ],
  },
  {
    id: 'f03',
    title: 'all followers of a lost leader campaign at the same time',
    source: 'our own',
    edits: [
      {
        file: election,
        find: 'state.hurryElection(turn * config.turnTicks);',
        replace: 'state.hurryElection(Math.min(turn, 1) * config.turnTicks);',
      },
    ],
  },
  {
    id: 'f04',
    title: 'a leader of which nothing is known counts as down',
    source: 'our own',
    edits: [
      {
        file: 'src/transport/peerEndpoint.ts',
        find: "if (state === 'down')",
        replace: "if (state !== 'up')",
      },
    ],
  },
  {
    id: 'f05',
    title: 'a connection that closes is evidence enough',
    source: 'our own',
    edits: [
      {
        file: 'src/transport/peerEndpoint.ts',
        find: "if (state === 'down')",
        replace: 'if (state.length > 0)',
      },
    ],
  },
  {
    id: 'f06',
    title: 'a crashed server keeps its connections',
    source: 'our own',
    edits: [
      {
        file: 'src/node/raftNode.ts',
        find: '    this.options.transport.disconnect();\n',
        replace: '    if (state.length === 0) this.options.transport.disconnect();\n',
      },
    ],
  },
  {
    id: 'f07',
    title: 'a follower that has granted a pre-vote takes its turn all the same',
    source: 'our own',
    edits: [{ file: election, find: '  else if (granted) state.yieldTurn();\n', replace: '' }],
  },
  {
    id: 'f08',
    title: 'a candidate asks nobody again',
    source: 'section 5.1',
    edits: [
      {
        file: election,
        find: '  for (const to of state.votesUnanswered) requestVote(state, to);\n',
        replace: '',
      },
    ],
  },
  {
    id: 'f09',
    title: 'a candidate asks again in every tick',
    source: 'our own',
    edits: [
      {
        file: election,
        find: '  if (state.heartbeatElapsed < state.config.heartbeatTicks) return false;\n  state.heartbeatElapsed = 0;\n  state.trace',
        replace: '  state.heartbeatElapsed = 0;\n  state.trace',
      },
    ],
  },
  {
    id: 'f10',
    title: 'the failure of a request for a vote is not told to the core',
    source: 'our own',
    edits: [{ file: 'src/node/peers.ts', find: " || type === 'requestVote'", replace: '' }],
  },
];
