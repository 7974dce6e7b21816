import type { Mutation } from '../mutation.js';

const node = 'src/node/raftNode.ts';
const persistQueue = 'src/node/persistQueue.ts';
const progress = 'src/raft/progress.ts';
const log = 'src/raft/log.ts';
const codec = 'src/transport/messageCodec.ts';

export const nodes: readonly Mutation[] = [
  {
    id: 't46a',
    title: 'a follower that lost its disk crashes the leader',
    source: 'openraft#898, etcd#16220',
    edits: [
      {
        file: progress,
        find: 'if (nextIndex <= this.matchIndex) {',
        replace: "if (nextIndex <= this.matchIndex) {\n      throw new Error('log went back');",
      },
    ],
  },
  {
    id: 't46b',
    title: 'a follower that lost its disk is never filled again',
    source: 'braft#292',
    edits: [
      {
        file: progress,
        find: 'if (nextIndex <= this.matchIndex) {',
        replace: 'if (nextIndex <= this.matchIndex) {\n      return;',
      },
    ],
  },
  {
    id: 't47a',
    title: 'a failed write counts as durable',
    source: 'hashicorp #503, tarantool PR#9606',
    edits: [
      {
        file: persistQueue,
        find: '      if (error !== null) {\n        this.reports.failed(error);\n        return;\n      }\n',
        replace: '',
      },
    ],
  },
  {
    id: 't47b',
    title: 'a failed write leaves a server that leads and writes no more',
    source: 'hashicorp #503, tarantool PR#9606',
    edits: [{ file: persistQueue, find: '        this.reports.failed(error);\n', replace: '' }],
  },
  {
    id: 't48a',
    title: 'the end of a write is believed whatever the log holds by now',
    source: 'openraft PR#1964',
    edits: [{ file: log, find: '    if (this.termAt(last.index) !== last.term) return;\n', replace: '' }],
  },
  {
    id: 't48b',
    title: 'an old write vouches for an entry that was truncated and came back',
    source: 'etcd async_storage_writes_append_aba_race.txt',
    edits: [
      {
        file: log,
        find: 'batch < this.barrier.batch ? Math.min(last.index, this.barrier.index) : last.index',
        replace: 'last.index',
      },
    ],
  },
  {
    id: 't50',
    title: 'a batch has no limit of bytes, so that a long one holds up the heartbeats',
    source: 'swarmkit#1346',
    edits: [{ file: log, find: '      if (batch.length > 0 && bytes > bytesMax) break;\n', replace: '' }],
  },
  {
    id: 't51a',
    title: 'the uncommitted log grows without a limit',
    source: 'etcd MaxUncommittedEntriesSize, scylladb PR#31402',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'if (state.uncommittedBytes + command.length > state.config.uncommittedBytesMax) {',
        replace: 'if (state.uncommittedBytes < 0) {',
      },
    ],
  },
  {
    id: 't51b',
    title: 'any number of calls may wait',
    source: 'etcd MaxUncommittedEntriesSize, scylladb PR#31402',
    edits: [
      {
        file: 'src/node/pendingRequests.ts',
        find: 'if (this.waiting.size >= this.waitingMax) {',
        replace: 'if (this.waitingMax < 0) {',
      },
    ],
  },
  {
    id: 't52',
    title: 'ticks missed in a stall are made up for in a burst',
    source: 'openraft, tick fix',
    edits: [
      {
        file: 'src/node/clock.ts',
        find: 'this.schedule(dueMs + (missed + 1) * this.tickMs, onTick);',
        replace: 'this.schedule(dueMs + Math.min(1, missed + 1) * this.tickMs, onTick);',
      },
    ],
  },
  {
    id: 't53',
    title: 'each failed attempt at a peer that is down is logged',
    source: 'consul#566, etcd#595',
    edits: [
      {
        file: 'src/node/peers.ts',
        find: '    if (this.reachable.get(peer) === false) return;\n',
        replace: '',
      },
    ],
  },
  {
    id: 't54a',
    title: 'numbers in a message may be anything that is a number',
    source: 'known kind, bug 54',
    edits: [
      {
        file: codec,
        find: "return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;",
        replace: "return typeof value === 'number';",
      },
    ],
  },
  {
    id: 't54b',
    title: 'the entries of a message may leave gaps',
    source: 'known kind, bug 54',
    edits: [
      { file: codec, find: 'if (entry.index !== prevIndex + 1 + offset)', replace: 'if (entry.index < 0)' },
    ],
  },
  {
    id: 't54c',
    title: 'a request that deserves no answer leaves its sender waiting',
    source: 'known kind, bug 54',
    edits: [
      {
        file: node,
        find: '    if (reply !== undefined && !answersRequest(output)) this.answer(reply, null);\n',
        replace: '',
      },
    ],
  },
];
