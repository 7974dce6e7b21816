import type { Mutation } from '../mutation.js';

const ours = 'our own';
const level = 'src/storage/level/levelStorage.ts';
const writer = 'src/storage/level/levelWriter.ts';
const reader = 'src/storage/level/levelReader.ts';
const opening = 'src/storage/level/levelOpening.ts';
const ledger = 'src/storage/level/ledger.ts';

/** The data directory. */
export const storageMutations: readonly Mutation[] = [
  {
    id: 's80',
    title: 'a write is acknowledged while it is on its way',
    source: ours,
    edits: [
      {
        file: writer,
        find: '    await this.db.batch([...puts, putOf(META_KEY, meta)], { sync: true });\n',
        replace:
          '    void this.db.batch([...puts, putOf(META_KEY, meta)], { sync: true }).catch(() => undefined);\n',
      },
    ],
  },
  {
    id: 's81',
    title: 'a failed write is forgotten, and the next one tried',
    source: 'hashicorp#503',
    edits: [
      {
        file: level,
        find: '    this.failure ??= storageErrorOf(this.directory, doing, error);\n',
        replace:
          '    if (doing.length === 0) this.failure ??= storageErrorOf(this.directory, doing, error);\n',
      },
    ],
  },
  {
    id: 's82',
    title: 'the end of the log may be missing',
    source: ours,
    edits: [
      { file: opening, find: 'if (highwater.generation > generation)', replace: 'if (generation < 0)' },
    ],
  },
  {
    id: 's83',
    title: 'an entry may be missing in the middle',
    source: 'robustness table: corruption in the middle',
    edits: [
      {
        file: reader,
        find: '    if (key !== entryKey(index)) throw new Damage(`entry ${index} is missing`);\n',
        replace: '    if (key < entryKey(index)) throw new Damage(`entry ${index} is missing`);\n',
      },
    ],
  },
  {
    id: 's84',
    title: 'an entry that a truncation left behind passes for one of the log',
    source: ours,
    edits: [
      {
        file: reader,
        find: 'if (previousTerm !== previous.term || entry.term < previous.term)',
        replace: 'if (entry.term < previous.term)',
      },
    ],
  },
  {
    id: 's85',
    title: 'a snapshot may lack its last chunk',
    source: ours,
    edits: [
      {
        file: reader,
        find: 'if (chunks.length !== chunkCount)',
        replace: 'if (chunks.length + 1 < chunkCount)',
      },
      { file: reader, find: 'if (found !== digest)', replace: 'if (found < 0 && found !== digest)' },
    ],
  },
  {
    id: 's86',
    title: 'the directory of another server will do',
    source: ours,
    edits: [{ file: opening, find: 'if (server !== own.server)', replace: 'if (own.server < 0)' }],
  },
  {
    id: 's87',
    title: 'the directory of another cluster will do',
    source: ours,
    edits: [
      {
        file: opening,
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
        file: ledger,
        find: 'hardState: batch.hardState ?? hardState,',
        replace: 'hardState: batch.hardState ?? { term: hardState.term, votedFor: null },',
      },
    ],
  },
];
