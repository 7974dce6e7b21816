import type { Mutation } from '../mutation.js';

const leader = 'src/raft/replication.ts';
const quorum = 'src/raft/config.ts';
const state = 'src/raft/state.ts';

export const commit: readonly Mutation[] = [
  {
    id: 't12',
    title: 'replicas are counted for an entry of an older term',
    source: 'logcabin#44, async-raft#108, canonical#220',
    edits: [
      { file: leader, find: ' || state.log.termAt(index) !== state.term) return;', replace: ') return;' },
    ],
  },
  {
    id: 't13a',
    title: 'half of an even number is a majority',
    source: 'openraft#1802, goraft#118',
    edits: [{ file: quorum, find: 'Math.floor(serverCount / 2) + 1', replace: 'Math.ceil(serverCount / 2)' }],
  },
  {
    id: 't13b',
    title: 'a quorum is one less than a majority',
    source: 'openraft d60f1e85',
    edits: [
      {
        file: quorum,
        find: 'descending[majorityOf(values.length) - 1]',
        replace: 'descending[Math.max(0, majorityOf(values.length) - 2)]',
      },
    ],
  },
  {
    id: 't13c',
    title: 'indexes are sorted as text',
    source: 'openraft#1802',
    edits: [{ file: quorum, find: '.sort((a, b) => b - a)', replace: '.sort().reverse()' }],
  },
  {
    id: 't14',
    title: 'the leader counts itself before its write is durable',
    source: 'etcd 14370, d-engine#329',
    edits: [{ file: leader, find: '[state.log.stableIndex]', replace: '[state.log.lastIndex]' }],
  },
  {
    id: 't15',
    title: 'the commit index of a follower goes down',
    source: 'etcd#1717, PySyncObj PR#197',
    edits: [
      {
        file: 'src/raft/replication.ts',
        find: 'state.commitTo(Math.min(request.leaderCommit, matchIndex));',
        replace: 'state.commitIndex = Math.min(request.leaderCommit, matchIndex);',
      },
    ],
  },
  {
    id: 't16a',
    title: 'entries are applied before they are durable here',
    source: 'qdrant PR#1172',
    edits: [
      { file: state, find: 'Math.min(this.commitIndex, this.log.stableIndex)', replace: 'this.commitIndex' },
    ],
  },
  {
    id: 't16b',
    title: 'applied is above the commit index after a restart',
    source: 'qdrant PR#1172',
    edits: [{ file: state, find: 'this.commitIndex = applied;', replace: 'this.commitIndex = 0;' }],
  },
  {
    id: 't16c',
    title: 'a restore applies again what was applied before the crash',
    source: 'qdrant PR#1172',
    edits: [{ file: state, find: 'this.handedIndex = applied;', replace: 'this.handedIndex = 0;' }],
  },
];
