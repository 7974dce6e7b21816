import type { Mutation } from '../mutation.js';

const ours = 'our own';
const figure13 = 'figure 13';

const sending = 'src/raft/snapshot.ts';
const receiving = 'src/raft/snapshot.ts';
const compaction = 'src/raft/snapshot.ts';
const progress = 'src/raft/progress.ts';
const log = 'src/raft/log.ts';
const core = 'src/raft/core.ts';
const cow = 'src/stateMachine/copyOnWriteMap.ts';
const taker = 'src/node/snapshots.ts';
const receiver = 'src/node/snapshots.ts';
const snapshots = 'src/node/snapshots.ts';

/** Snapshots and the compaction of the log. */
export const snapshotMutations: readonly Mutation[] = [
  {
    id: 's40',
    title: 'a transfer goes on with whatever snapshot is the newest',
    source: ours,
    edits: [
      {
        file: sending,
        find: 'const { snapshot, nextChunk } = transfer;',
        replace: 'const { nextChunk } = transfer;\n  const snapshot = state.snapshot ?? transfer.snapshot;',
      },
    ],
  },
  {
    id: 's41',
    title: 'a chunk is appended whatever its number is',
    source: figure13,
    edits: [
      {
        file: receiving,
        find: 'if (request.chunk === incoming.chunks.length && request.chunk < chunkCount)',
        replace: 'if (request.chunk < chunkCount)',
      },
    ],
  },
  {
    id: 's42',
    title: 'chunks of several leaders are put together',
    source: ours,
    edits: [
      {
        file: receiving,
        find: '    incoming?.from === from &&\n    incoming.term === term &&\n    incoming.last.index === last.index &&',
        replace: '    incoming?.last.index === last.index &&',
      },
    ],
  },
  {
    id: 's43',
    title: 'chunks of several snapshots of one leader are put together',
    source: ours,
    edits: [
      {
        file: receiving,
        find: '    incoming.last.index === last.index &&\n    incoming.last.term === last.term &&\n    incoming.chunkCount',
        replace: '    incoming.chunkCount',
      },
    ],
  },
  {
    id: 's44',
    title: 'a snapshot is installed although the log has passed it meanwhile',
    source: ours,
    edits: [{ file: receiving, find: '  if (last.index <= state.commitIndex) return;\n', replace: '' }],
  },
  {
    id: 's45',
    title: 'everything up to a snapshot is committed, whatever the own log holds there',
    source: figure13,
    edits: [
      {
        file: receiving,
        find: 'state.commitToEntry(last);\n  if (last.index <= state.commitIndex) {',
        replace:
          'state.commitTo(Math.min(last.index, state.log.lastIndex));\n  if (last.index <= state.commitIndex) {',
      },
    ],
  },
  {
    id: 's46',
    title: 'the log stays on the disk when a snapshot replaces it',
    source: figure13,
    edits: [
      {
        file: receiving,
        find: '  if (state.log.lastIndex >= state.log.firstIndex) state.draft.truncateFrom = state.log.firstIndex;\n',
        replace: '',
      },
    ],
  },
  {
    id: 's47',
    title: 'the disk is not told where the log begins after a snapshot',
    source: figure13,
    edits: [{ file: receiving, find: '  state.draft.compactTo = last;\n', replace: '' }],
  },
  {
    id: 's48',
    title: 'a snapshot that was received is not stored as the own one',
    source: figure13,
    edits: [{ file: receiving, find: '  state.draft.snapshot = last;\n', replace: '' }],
  },
  {
    id: 's49',
    title: 'the state machine is not told of the snapshot',
    source: figure13,
    edits: [{ file: receiving, find: '  state.draft.installed = snapshot;\n', replace: '' }],
  },
  {
    id: 's50',
    title: 'the log is compacted up to the commit index instead of the snapshot',
    source: ours,
    edits: [
      {
        file: compaction,
        find: 'tailStart(state, snapshot.last.index)',
        replace: 'tailStart(state, state.handedIndex)',
      },
    ],
  },
  {
    id: 's51',
    title: 'no tail is kept behind a snapshot',
    source: ours,
    edits: [
      {
        file: compaction,
        find: 'Math.min(tailStart(state, snapshot.last.index), ',
        replace: 'Math.min(snapshot.last.index, ',
      },
    ],
  },
  {
    id: 's52',
    title: 'the log that a follower needs after its snapshot is dropped under it',
    source: ours,
    edits: [{ file: compaction, find: ', ...neededByTransfers(state))', replace: ')' }],
  },
  {
    id: 's53',
    title: 'a follower that fell silent in the middle of a transfer holds the log for ever',
    source: 'etcd snapshot progress',
    edits: [
      {
        file: compaction,
        find: '(contactTicks ?? Infinity) >= config.silentTicksMax',
        replace: '(contactTicks ?? 0) >= config.silentTicksMax * 1e9',
      },
    ],
  },
  {
    id: 's54',
    title: 'a chunk does not count as a word of the leader',
    source: figure13,
    edits: [
      {
        file: receiving,
        find: '  heardFromLeader(state, request);\n',
        replace: '  if (state.leader !== request.from) heardFromLeader(state, request);\n',
      },
    ],
  },
  {
    id: 's55',
    title: 'answers to chunks do not confirm reads',
    source: ours,
    edits: [
      {
        file: sending,
        find: '  progress.echoed(response.readRound, state.reads.round);\n',
        replace: '',
      },
    ],
  },
  {
    id: 's56',
    title: 'a match beyond the commit index is believed',
    source: ours,
    edits: [{ file: sending, find: 'matchIndex > state.commitIndex', replace: 'matchIndex < 0' }],
  },
  {
    id: 's57',
    title: 'a snapshot is acknowledged before it is durable',
    source: figure13,
    edits: [
      {
        file: receiving,
        find: 'if (outcome.matchIndex > 0) state.sendAfterPersist(response);\n  else state.send',
        replace: 'state.send',
      },
    ],
  },
  {
    id: 's58',
    title: 'writes from before an installation vouch for the log after it',
    source: ours,
    edits: [
      {
        file: log,
        find: '    this.stable = 0;\n    this.barrier = { batch, index: 0 };\n',
        replace: '    this.stable = last.index;\n',
      },
    ],
  },
  {
    id: 's59',
    title: 'a leader installs a snapshot that it had received before its election',
    source: ours,
    edits: [
      {
        file: compaction,
        find: "wasReceived && state.role !== 'leader'",
        replace: 'wasReceived',
      },
    ],
  },
  {
    id: 's75',
    title: 'a follower whose log overtook a snapshot never receives another one',
    source: ours,
    edits: [{ file: receiving, find: '  if (isIt) state.incoming = null;\n', replace: '' }],
  },
  {
    id: 's76',
    title: 'a follower that begins anew is sent the old snapshot, and holds the log behind it',
    source: ours,
    edits: [
      {
        file: progress,
        find: 'chunk === 0\n',
        replace: 'chunk < 0\n',
      },
    ],
  },
  {
    id: 's77',
    title: 'a transfer goes on although the log behind its snapshot is gone',
    source: ours,
    edits: [
      {
        file: sending,
        find: 'usable(state, progress.transfer) ?? beginTransfer(state, to, progress)',
        replace: 'progress.transfer ?? beginTransfer(state, to, progress)',
      },
    ],
  },
  {
    id: 's60',
    title: 'a chunk of an outdated term gets no answer',
    source: figure13,
    edits: [
      {
        file: core,
        find: '        refuseOutdatedSnapshot(state, request);\n',
        replace: '',
      },
    ],
  },
  {
    id: 's61',
    title: 'a second snapshot begins while one is being installed',
    source: ours,
    edits: [{ file: receiving, find: 'if (isComplete(state.incoming)) {', replace: 'if (state.term < 0) {' }],
  },
  {
    id: 's62',
    title: 'a follower that installs is asked without a pause',
    source: ours,
    edits: [
      {
        file: progress,
        find: 'const isPaused = chunk !== nextChunk + 1 || chunk >= count;',
        replace: 'const isPaused = chunk > count + 1;',
      },
    ],
  },
  {
    id: 's63',
    title: 'the transfer goes on after it has ended',
    source: ours,
    edits: [
      {
        file: progress,
        find: 'if (isProbing && this.matchIndex >= (transfer?.snapshot.last.index ?? 0))',
        replace: 'if (isProbing && transfer === null)',
      },
    ],
  },
  {
    id: 's64',
    title: 'what changes while a snapshot is read shows in it',
    source: ours,
    edits: [
      {
        file: cow,
        find: '    this.setAside(key, before);\n    this.slots.set(key, { ordinal: before.ordinal, value });',
        replace: '    this.slots.set(key, { ordinal: before.ordinal, value });',
      },
    ],
  },
  {
    id: 's65',
    title: 'what is added while a snapshot is read shows in it',
    source: ours,
    edits: [
      {
        file: cow,
        find: 'step.done === true || step.value[1].ordinal >= this.endOrdinal',
        replace: 'step.done === true',
      },
    ],
  },
  {
    id: 's66',
    title: 'what was read already is set aside, too, and read twice',
    source: ours,
    edits: [
      {
        file: cow,
        find: 'ordinal > this.passedOrdinal && ordinal < this.endOrdinal',
        replace: 'ordinal < this.endOrdinal',
      },
    ],
  },
  {
    id: 's67',
    title: 'of several changes while a snapshot is read the last value before shows in it',
    source: ours,
    edits: [{ file: cow, find: 'isAhead && !this.aside.has(key)', replace: 'isAhead' }],
  },
  {
    id: 's68',
    title: 'a received snapshot is ready before it is stored',
    source: ours,
    edits: [
      {
        file: receiver,
        find: 'if (stored !== null && this.loader !== undefined) this.events.ready(stored);',
        replace: 'if (this.loader !== undefined) this.events.ready(stored ?? snapshot);',
      },
    ],
  },
  {
    id: 's69',
    title: 'a new process begins with an empty state machine although its log is compacted',
    source: ours,
    edits: [
      {
        file: snapshots,
        find: 'snapshot !== null && snapshot.last.index > stateMachine.lastApplied;',
        replace: 'snapshot !== null && snapshot.last.index < 0;',
      },
    ],
  },
  {
    id: 's70',
    title: 'a snapshot that was begun before a crash is stored after it',
    source: ours,
    edits: [
      {
        file: snapshots,
        find: '  cancel(): void {\n    this.epoch += 1;\n    this.taker.cancel();\n',
        replace: '  cancel(): void {\n',
      },
    ],
  },
  {
    id: 's71',
    title: 'an installation that was begun before a crash goes on after it',
    source: ours,
    edits: [
      { file: snapshots, find: '    this.receiver.cancel();\n    this.cancelRecovery();\n', replace: '' },
    ],
  },
  {
    id: 's72',
    title: 'a snapshot is taken at every entry once the first was due',
    source: ours,
    edits: [
      {
        file: taker,
        find: '    this.entries = 0;\n    this.bytes = 0;\n    this.take(last);',
        replace: '    this.take(last);',
      },
    ],
  },
  {
    id: 's73',
    title: 'a large state is written again and again for a few entries',
    source: 'Redis rewrite percentage',
    edits: [
      {
        file: taker,
        find: 'this.giveUp !== undefined || this.bytes < this.lastSize',
        replace: 'this.giveUp !== undefined',
      },
    ],
  },
  {
    id: 's74',
    title: 'a snapshot shows piece by piece while it is being loaded',
    source: 'tester_getversion never shows a half-installed state',
    edits: [
      {
        file: 'src/stateMachine/fileMetadata.ts',
        find: '    const files = new SizedMap<FileRecord>(bytesOfFile);\n    return {',
        replace:
          '    const files = new SizedMap<FileRecord>(bytesOfFile);\n    this.files = files;\n    return {',
      },
    ],
  },
];
