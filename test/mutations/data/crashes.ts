import type { Mutation } from '../mutation.js';

const leader = 'src/raft/replication.ts';
const core = 'src/raft/core.ts';
const progress = 'src/raft/progress.ts';
const node = 'src/node/raftNode.ts';
const pending = 'src/node/pendingRequests.ts';
const persistQueue = 'src/node/persistQueue.ts';

const ours = 'ours';
const rules = 'the assignment';

/** What is special to this service: peers that come and go, blocked calls, crash and restore. */
export const crashes: readonly Mutation[] = [
  {
    id: 's16',
    title: 'a peer that cannot be reached is tried again at once, for ever',
    source: ours,
    edits: [
      {
        file: progress,
        find: "else this.replication = { mode: 'probe', isPaused: true };",
        replace: "else this.replication = { mode: 'probe', isPaused: false };",
      },
    ],
  },
  {
    id: 's17',
    title: 'a peer that could not be reached is never tried again',
    source: 'etcd heartbeat_resp_recovers_from_probing.txt',
    edits: [{ file: 'src/raft/core.ts', find: '      progress.resume();\n', replace: '' }],
  },
  {
    id: 's18',
    title: 'of the requests that wait for a peer the oldest is kept',
    source: ours,
    edits: [
      {
        file: 'src/node/peers.ts',
        find: 'else this.waiting = request;',
        replace: 'else this.waiting ??= request;',
      },
    ],
  },
  {
    id: 's19',
    title: 'blocked writes are never released',
    source: rules,
    edits: [
      {
        file: node,
        find: '    if (output.acknowledged !== null) pending.acknowledged(output.acknowledged);\n',
        replace: '',
      },
    ],
  },
  {
    id: 's20',
    title: 'waiting calls are not failed by a crash',
    source: rules,
    edits: [
      {
        file: node,
        find: '    this.pending.failAll(() => new ServiceError(kind, explanation));\n',
        replace:
          "    if (state !== 'crashed') this.pending.failAll(() => new ServiceError(kind, explanation));\n",
      },
    ],
  },
  {
    id: 's21',
    title: 'a crash leaves the requests of peers without an end',
    source: ours,
    edits: [{ file: node, find: '    for (const reply of this.openReplies) reply(null);\n', replace: '' }],
  },
  {
    id: 's22',
    title: 'a crash keeps the core, and its role shows',
    source: rules,
    edits: [
      {
        file: node,
        find: '    this.core = undefined;\n    this.leading = false;\n',
        replace: '    this.leading = false;\n',
      },
    ],
  },
  {
    id: 's23',
    title: 'a load that began before a second crash brings the server up',
    source: ours,
    edits: [{ file: node, find: '      if (epoch !== this.lifecycle.epoch) return;\n', replace: '' }],
  },
  {
    id: 's24',
    title: 'a write from before the crash vouches for the log after it',
    source: ours,
    edits: [{ file: persistQueue, find: '      if (epoch !== this.epoch) return;\n', replace: '' }],
  },
  {
    id: 's25',
    title: 'an acknowledgement overtakes the write that it speaks of',
    source: ours,
    edits: [
      {
        file: persistQueue,
        find: '    else if (newest !== undefined) newest.deliveries.push(...deliveries);\n',
        replace: '    else if (newest === undefined && this.epoch < 0) return;\n',
      },
    ],
  },
  {
    id: 's26',
    title: 'a crashed server says that it leads',
    source: rules,
    edits: [
      {
        file: node,
        find: "return this.lifecycle.state === 'running' && this.leading;",
        replace: 'return this.leading;',
      },
      {
        file: node,
        find: '    this.core = undefined;\n    this.leading = false;\n',
        replace: '    this.core = undefined;\n',
      },
    ],
  },
  {
    id: 's27',
    title: 'a client that hangs up does not free its place',
    source: ours,
    edits: [{ file: pending, find: 'cancel: () => this.forget(request)', replace: 'cancel: () => false' }],
  },
  {
    id: 's28',
    title: 'a leader without a majority steps down, which ends the calls that should block',
    source: rules,
    edits: [
      { file: core, find: 'if (state.config.checkQuorum && ', replace: 'if (state.quorumElapsed > 0 && ' },
    ],
  },
  {
    id: 's29',
    title: 'followers learn of a commit only with the next heartbeat',
    source: ours,
    edits: [
      {
        file: leader,
        find: '    progress.sentCommit < Math.min(state.commitIndex, progress.matchIndex) ||\n',
        replace: '',
      },
    ],
  },
  {
    id: 's30',
    title: 'a restored server helps at once to replace a leader that it has not heard yet',
    source: ours,
    edits: [
      {
        file: core,
        find: '    if (recovered.presumeLeader === true) this.state.leaderContactTicks = 0;\n',
        replace: '',
      },
    ],
  },
  {
    id: 's31',
    title: 'a second truncation hides what the first took from writes under way',
    source: 'etcd async_storage_writes_append_aba_race.txt',
    edits: [
      {
        file: 'src/raft/log.ts',
        find: 'index: isOpen ? Math.min(this.barrier.index, index - 1) : index - 1',
        replace: 'index: isOpen ? index - 1 : index - 1',
      },
    ],
  },
  {
    id: 's32',
    title: 'a restored server waits as though it had forgotten its votes',
    source: ours,
    edits: [
      {
        file: node,
        find: 'this.load({ ...this.options.raft, voteDelayTicks: this.voteDelayTicks }, true, () => undefined);',
        replace: 'this.load(this.options.raft, true, () => undefined);',
      },
    ],
  },
  {
    id: 's33',
    title: 'a server alone in its cluster waits for its election timer, as though somebody else could lead',
    source: ours,
    edits: [
      {
        file: node,
        find: "    if (raft.servers.length === 1) this.post({ type: 'campaign' });\n",
        replace: '',
      },
    ],
  },
];
