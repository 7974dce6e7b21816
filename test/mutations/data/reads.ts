import type { Mutation } from '../mutation.js';

const leader = 'src/raft/replication.ts';
const readIndex = 'src/raft/readIndex.ts';
const pending = 'src/node/pendingRequests.ts';
const node = 'src/node/raftNode.ts';
const methods = 'src/api/surfstoreMethods.ts';

export const readsAndClients: readonly Mutation[] = [
  {
    id: 't32',
    title: "a read does not wait for the entry that opened the leader's term",
    source: 'etcd#7331, redisraft PR#22',
    edits: [
      {
        file: leader,
        find: 'Math.max(state.commitIndex, state.termStartIndex)',
        replace: 'state.commitIndex',
      },
    ],
  },
  {
    id: 't33a',
    title: 'a read joins a round that is under way',
    source: 'etcd#20418',
    edits: [
      { file: readIndex, find: 'this.counter += 1;', replace: 'if (!this.isWaiting) this.counter += 1;' },
    ],
  },
  {
    id: 't33b',
    title: 'round numbers are used again',
    source: 'etcd#20418',
    edits: [
      {
        file: readIndex,
        find: '    this.waiting.splice(0, this.head);\n',
        replace:
          '    this.waiting.splice(0, this.head);\n    if (this.waiting.length === 0) this.counter = 0;\n',
      },
    ],
  },
  {
    id: 't34',
    title: 'a read is answered before a majority has',
    source: 'd-engine#381, hashicorp #603',
    edits: [{ file: leader, find: 'majorityReached(echoed)', replace: 'state.reads.round' }],
  },
  {
    id: 't35a',
    title: 'a read does not wait for its index to be applied',
    source: 'etcd#13464',
    edits: [
      {
        file: pending,
        find: 'if (index <= lastApplied) this.answer(request, undefined);',
        replace: 'if (index >= 0) this.answer(request, undefined);',
      },
    ],
  },
  {
    id: 't35b',
    title: 'a read does not wait for its index to be committed',
    source: 'etcd#13464',
    edits: [{ file: readIndex, find: ' || first.index > commitIndex) break;', replace: ') break;' }],
  },
  {
    id: 't36',
    title: 'recent contact with a majority counts as its word: a lease',
    source: 'etcd, config.go on leases',
    edits: [
      {
        file: leader,
        find: '(const { isVoter, ackedRound } of state.progress.values()) echoed.push(isVoter ? ackedRound : 0);',
        replace:
          '(const { contactTicks, ackedRound } of state.progress.values())\n    echoed.push((contactTicks ?? 1e9) < state.config.stickyTicks ? state.reads.round : ackedRound);',
      },
    ],
  },
  {
    id: 't37',
    title: 'waiting reads are forgotten when the leader steps down',
    source: 'etcd PR#6275, openraft FailPendingReads',
    edits: [
      {
        file: 'src/raft/roles.ts',
        find: "    state.draft.dropped.push({ request, reason: 'notLeader', leader });\n",
        replace: '    if (request < 0) return;\n',
      },
    ],
  },
  {
    id: 't38',
    title: 'waiting writers are not told when the leader steps down',
    source: 'openraft PR#500, libraft#5',
    edits: [
      {
        file: node,
        find: '    if (this.leading)\n      pending.failWrites(',
        replace: '    if (this.leading && options.raft.id < 0)\n      pending.failWrites(',
      },
    ],
  },
  {
    id: 't39',
    title: "a writer is answered by another leader's entry at its index",
    source: 'PySyncObj',
    edits: [
      {
        file: pending,
        find: 'if (write.term === entry.term) this.applied.push(',
        replace: 'if (write.term >= 0) this.applied.push(',
      },
    ],
  },
  {
    id: 't40',
    title: 'the client sends an update again, under another request id, although it may have been done',
    source: 'ra#145, curvine#676',
    edits: [
      {
        file: 'src/client/clusterCaller.ts',
        find: 'const attempt = await this.attempt(server, callFor(request), operation);',
        replace:
          "if (operation.outcome === 'unknown') request = { clientId: 'another', sequence: 1 };\n      const attempt = await this.attempt(server, callFor(request), operation);",
      },
    ],
  },
  {
    id: 't41a',
    title: 'a write that waited at a step-down is said not to be done',
    source: 'hashicorp PR#561, Jepsen Redis-Raft',
    edits: [
      {
        file: 'src/node/errors.ts',
        find: "steppedDown: { word: 'steppedDown', code: 4, outcome: 'unknown' }",
        replace: "steppedDown: { word: 'steppedDown', code: 4, outcome: 'notDone' }",
      },
    ],
  },
  {
    id: 't41b',
    title: 'a broken connection is said to have carried nothing',
    source: 'hashicorp PR#561, Jepsen Redis-Raft',
    edits: [
      {
        file: 'src/client/errors.ts',
        find: "outcome: sent ? 'unknown' : 'notDone'",
        replace: "outcome: 'notDone'",
      },
    ],
  },
  {
    id: 't42a',
    title: 'an append without an answer stays in flight for ever',
    source: 'etcd heartbeat_resp_recovers_from_probing.txt',
    edits: [
      {
        file: 'src/raft/progress.ts',
        find: '    if (this.inFlight.ticks >= inFlightTicksMax) this.unreachable();\n',
        replace: '',
      },
    ],
  },
  {
    id: 't42b',
    title: 'a failed append stays in flight',
    source: 'etcd heartbeat_resp_recovers_from_probing.txt',
    edits: [
      {
        file: 'src/raft/progress.ts',
        find: '    this.inFlight = null;\n    this.tellingLives = null;\n    if',
        replace: '    if',
      },
    ],
  },
  {
    id: 't43a',
    title: 'updates are visible before they are committed',
    source: 'the assignment',
    edits: [
      {
        file: 'src/raft/state.ts',
        find: 'Math.min(this.commitIndex, this.log.stableIndex)',
        replace: 'this.log.stableIndex',
      },
    ],
  },
  {
    id: 't43b',
    title: 'tester_getversion fails on a crashed server',
    source: 'the assignment',
    edits: [
      {
        file: methods,
        find: '([name]) => files.versionOf(name),',
        replace:
          "([name]) => {\n        if (node.isCrashed) throw new ServiceError('crashed', 'down');\n        return files.versionOf(name);\n      },",
      },
    ],
  },
  {
    id: 't44',
    title: 'a crashed server goes on taking in messages',
    source: 'the assignment',
    edits: [
      {
        file: node,
        find: '    this.core = undefined;\n    this.leading = false;\n',
        replace: '    this.leading = false;\n',
      },
      {
        file: node,
        find: '    this.requireRunning();\n    if (this.channels.has(request.from))',
        replace: '    if (this.channels.has(request.from))',
      },
    ],
  },
  {
    id: 't45',
    title: 'the version is checked when the call comes, not when it is applied',
    source: 'known kind, bug 45',
    edits: [
      {
        file: 'src/stateMachine/fileMetadata.ts',
        find: "    if (version !== this.versionOf(name) + 1) return 'refused';\n",
        replace: '',
      },
      {
        file: methods,
        find: "return waitFor(node.propose(command), call).then((result) => requireKnown(result) === 'applied');",
        replace:
          'if (number !== files.versionOf(name) + 1) return false;\n        return waitFor(node.propose(command), call).then(() => true);',
      },
    ],
  },
];
