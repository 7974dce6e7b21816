import type { Mutation } from '../mutation.js';

const ours = 'our own';
const storage = 'src/storage/logStorage.ts';
const recovery = 'src/storage/recovery.ts';
const records = 'src/storage/records.ts';
const segments = 'src/storage/segments.ts';
const snapshots = 'src/storage/snapshotFiles.ts';
const directory = 'src/storage/directory.ts';

/** The data directory. */
export const storageMutations: readonly Mutation[] = [
  {
    id: 's80',
    title: 'a write is acknowledged while it is on its way',
    source: ours,
    edits: [
      {
        file: storage,
        find: '    await this.writer.write(bytes);\n',
        replace: '    void this.writer.write(bytes).catch(() => undefined);\n',
      },
    ],
  },
  {
    id: 's81',
    title: 'a failed write is forgotten, and the next one tried',
    source: 'hashicorp#503',
    edits: [
      {
        file: storage,
        find: '      this.failure ??= storageErrorOf(this.directory, doing, error);\n',
        replace:
          '      if (doing.length === 0) this.failure ??= storageErrorOf(this.directory, doing, error);\n',
      },
    ],
  },
  {
    id: 's82',
    title: 'the end of the log may be missing',
    source: ours,
    edits: [{ file: recovery, find: 'if (replay.groups < acknowledged)', replace: 'if (replay.groups < 0)' }],
  },
  {
    id: 's83',
    title: 'the checksum of a group covers its head alone',
    source: 'robustness table: corruption in the middle',
    edits: [
      {
        file: records,
        find: 'return crc32(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length), header);',
        replace: 'return length < 0 ? 0 : header;',
      },
    ],
  },
  {
    id: 's84',
    title: 'a segment of another directory passes for one of this',
    source: 'stale segments that are used again',
    edits: [
      {
        file: records,
        find: 'return crc32(`${logId}/${segment}`);',
        replace: 'return crc32(`${logId.length}/${segment}`);',
      },
    ],
  },
  {
    id: 'w01',
    title: 'a segment under the number of another passes for it',
    source: 'stale segments that are used again',
    edits: [
      {
        file: records,
        find: 'return crc32(`${logId}/${segment}`);',
        replace: 'return segment < 0 ? 0 : crc32(logId);',
      },
      {
        file: recovery,
        find: 'if (!isFirst && group.number !== this.groups + 1)',
        replace: 'if (isFirst && group.number < 1)',
      },
      {
        file: recovery,
        find: 'if (entry.index !== last.index + 1 ||',
        replace: 'if (entry.index > last.index + 1 ||',
      },
      {
        file: recovery,
        find: '} else if (!isDeepStrictEqual(record.meta, this.meta))',
        replace: '} else if (name.length === 0)',
      },
    ],
  },
  {
    id: 's85',
    title: 'a snapshot may lack its last chunk',
    source: ours,
    edits: [
      {
        file: snapshots,
        find: 'while (offsets.length < record.chunkCount)',
        replace: 'while (offsets.length + 1 < record.chunkCount)',
      },
      {
        file: snapshots,
        find: 'if (from !== record.bytes || digest !== record.digest)',
        replace: 'if (from > record.bytes && digest !== record.digest)',
      },
    ],
  },
  {
    id: 's86',
    title: 'the directory of another server will do',
    source: ours,
    edits: [{ file: directory, find: 'if (server !== own.server)', replace: 'if (own.server < 0)' }],
  },
  {
    id: 's87',
    title: 'the directory of another cluster will do',
    source: ours,
    edits: [
      {
        file: directory,
        find: 'if (!areSame(servers, own.servers))',
        replace: 'if (servers.length !== own.servers.length)',
      },
    ],
  },
  {
    id: 's88',
    title: 'a batch without a term and a vote forgets those of the batch before',
    source: ours,
    edits: [
      {
        file: 'src/storage/logMeta.ts',
        find: 'hardState: batch.hardState ?? current.hardState,',
        replace: 'hardState: batch.hardState ?? { term: current.hardState.term, votedFor: null },',
      },
      {
        file: storage,
        find: '      if (batch.hardState !== null) encoder.hardState(batch.hardState);\n',
        replace:
          '      encoder.hardState(batch.hardState ?? { term: this.meta.hardState.term, votedFor: null });\n',
      },
    ],
  },
  {
    id: 'w02',
    title: 'what a torn write left behind stays there',
    source: 'torn group',
    edits: [
      {
        file: storage,
        find: '  if (isTorn) await segment.zero(end.position);\n',
        replace: '  if (isTorn && end.position < 0) await segment.zero(end.position);\n',
      },
    ],
  },
  {
    id: 'w03',
    title: 'damage in the middle of the log passes for its torn end',
    source: 'torn group',
    edits: [
      { file: recovery, find: '  if (later !== null)\n', replace: '  if (later !== null && later < 0)\n' },
    ],
  },
  {
    id: 'w04',
    title: 'the name of a new segment is not made durable',
    source: 'missing sync of a directory',
    edits: [
      {
        file: segments,
        find: '    await syncDirectory(directory);\n',
        replace: '    if (number < 0) await syncDirectory(directory);\n',
      },
    ],
  },
  {
    id: 'w05',
    title: 'a directory says whose it is before its log is durable',
    source: 'wrong order of syncs',
    edits: [
      {
        file: storage,
        find: '  const segment = await Segment.create(directory, 1, sizes.first);\n',
        replace:
          '  await writeOwner(directory, owner, logId);\n  const segment = await Segment.create(directory, 1, sizes.first);\n',
      },
    ],
  },
  {
    id: 'w06',
    title: 'the writes to the log are not synced',
    source: ours,
    edits: [{ file: segments, find: 'constants.O_RDWR | constants.O_DSYNC', replace: 'constants.O_RDWR' }],
  },
  {
    id: 'w07',
    title: 'a segment is deleted although the log has entries in it',
    source: ours,
    edits: [
      {
        file: storage,
        find: 'if (first.number === this.writer.number || first.highestIndex > base.index) break;',
        replace: 'if (first.number === this.writer.number || base.index < 0) break;',
      },
    ],
  },
  {
    id: 'w08',
    title: 'a snapshot is deleted while a follower receives it',
    source: ours,
    edits: [
      {
        file: storage,
        find: 'record.last.index < base.index)',
        replace: 'record.last.index <= base.index)',
      },
    ],
  },
  {
    id: 'w09',
    title: 'a group counts as acknowledged before it is written',
    source: 'wrong order of syncs',
    edits: [
      {
        file: storage,
        find: '    await this.writer.write(bytes);\n    this.acknowledged.write(number);\n',
        replace: '    this.acknowledged.write(number);\n    await this.writer.write(bytes);\n',
      },
    ],
  },
  {
    id: 'w10',
    title: 'two processes may use one directory',
    source: ours,
    edits: [
      {
        file: 'src/storage/directory.ts',
        find: '  if (await atShortPath(directory, (short) => answers(join(short, name))))\n',
        replace:
          '  if (name.length === 0 && (await atShortPath(directory, (short) => answers(join(short, name)))))\n',
      },
    ],
  },
  {
    id: 'w11',
    title: 'text that UTF-8 cannot hold becomes another one',
    source: ours,
    edits: [
      {
        file: records,
        find: 'const isUtf8 = text.isWellFormed();',
        replace: 'const isUtf8 = text.length >= 0;',
      },
    ],
  },
  {
    id: 'w12',
    title: 'a write that was never completed passes for damage',
    source: 'torn group',
    edits: [
      {
        file: recovery,
        find: '  replay.isTorn = true;\n',
        replace: "  throw new Damage('something is behind the end');\n",
      },
    ],
  },
];
