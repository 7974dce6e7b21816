import type { Mutation } from '../mutation.js';

const follower = 'src/raft/replication.ts';
const leader = 'src/raft/replication.ts';
const progress = 'src/raft/progress.ts';
const log = 'src/raft/log.ts';

export const replication: readonly Mutation[] = [
  {
    id: 't01',
    title: 'every append truncates, also a delayed one',
    source: 'async-raft 9540c904, PySyncObj',
    edits: [
      {
        file: follower,
        find: 'entries.findIndex((entry) => state.log.termAt(entry.index) !== entry.term)',
        replace: 'entries.length > 0 ? 0 : -1',
      },
    ],
  },
  {
    id: 't02',
    title: 'the follower commits up to its own last index',
    source: 'copycat#265',
    edits: [
      {
        file: follower,
        find: 'Math.min(request.leaderCommit, matchIndex)',
        replace: 'Math.min(request.leaderCommit, state.log.lastIndex)',
      },
    ],
  },
  {
    id: 't03',
    title: 'the follower acknowledges its own last index',
    source: 'CCF PR#6016',
    edits: [
      {
        file: follower,
        find: 'success: true, matchIndex, conflict: null',
        replace: 'success: true, matchIndex: state.log.lastIndex, conflict: null',
      },
    ],
  },
  {
    id: 't04a',
    title: 'a late answer lowers match',
    source: "raft.tla#18, Students' Guide",
    edits: [
      {
        file: progress,
        find: 'this.matchIndex = Math.max(this.matchIndex, index);',
        replace: 'this.matchIndex = index;',
      },
    ],
  },
  {
    id: 't04b',
    title: 'match is next - 1 instead of what the append proved',
    source: "raft.tla#18, Students' Guide",
    edits: [
      {
        file: leader,
        find: 'progress.matched(matchIndex);',
        replace: 'progress.matched(progress.nextIndex - 1);',
      },
    ],
  },
  {
    id: 't05',
    title: 'next falls to match or below',
    source: 'etcd-io/raft PR#149, raft-rs#555, CCF#5341',
    edits: [{ file: progress, find: 'if (nextIndex <= this.matchIndex) {', replace: 'if (nextIndex < 0) {' }],
  },
  {
    id: 't06',
    title: 'a stale rejection moves a follower back',
    source: 'etcd MaybeDecrTo',
    edits: [
      {
        file: leader,
        find: 'response.conflict !== null && inFlight !== null',
        replace: 'response.conflict !== null',
      },
    ],
  },
  {
    id: 't07',
    title: 'an append that starts below the commit index is rejected',
    source: 'etcd handleAppendEntries, CCF PR#5982',
    edits: [
      { file: follower, find: 'entries } = dropCommitted(state, request);', replace: 'entries } = request;' },
      {
        file: follower,
        find: 'if (state.log.termAt(prevLogIndex) !== prevLogTerm) {',
        replace: 'if (prevLogIndex < state.commitIndex || state.log.termAt(prevLogIndex) !== prevLogTerm) {',
      },
    ],
  },
  {
    id: 't08',
    title: 'an empty append passes the consistency check',
    source: 'openraft 6202138f',
    edits: [
      {
        file: follower,
        find: 'if (state.log.termAt(prevLogIndex) !== prevLogTerm) {',
        replace: 'if (entries.length > 0 && state.log.termAt(prevLogIndex) !== prevLogTerm) {',
      },
    ],
  },
  {
    id: 't09a',
    title: 'the leader probes one index at a time',
    source: 'etcd MsgAppResp',
    edits: [
      {
        file: leader,
        find: 'return Math.max(1, Math.min(next, rejected));',
        replace: 'return Math.max(1, Math.min(Math.max(next, rejected), rejected));',
      },
    ],
  },
  {
    id: 't09b',
    title: 'the follower does not skip the term in the way',
    source: 'etcd MsgAppResp',
    edits: [
      {
        file: log,
        find: 'while (index > this.firstIndex && this.termAt(index - 1) === term) index -= 1;',
        replace: 'if (index < 0) index = 0;',
      },
    ],
  },
  {
    id: 't10a',
    title: 'a slice lacks its last entry',
    source: 'async-raft changelog',
    edits: [{ file: log, find: 'to - this.firstIndex + 1);', replace: 'to - this.firstIndex);' }],
  },
  {
    id: 't10b',
    title: 'an entry above the byte limit gives an empty batch for ever',
    source: 'async-raft changelog',
    edits: [
      {
        file: log,
        find: 'if (batch.length > 0 && bytes > bytesMax) break;',
        replace: 'if (bytes > bytesMax) break;',
      },
    ],
  },
  {
    id: 't11',
    title: 'a message shares its entries with the log that goes on growing',
    source: 'known kind, bug 11',
    edits: [
      {
        file: log,
        find: '    const batch: Entry[] = [];\n',
        replace:
          '    const all = this.entries.reduce((sum, entry) => sum + entryBytes(entry), 0);\n    if (from === this.firstIndex && this.entries.length <= entriesMax && all <= bytesMax) return this.entries;\n    const batch: Entry[] = [];\n',
      },
    ],
  },
];
