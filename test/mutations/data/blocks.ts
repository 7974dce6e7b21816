import type { Mutation } from '../mutation.js';

const ours = 'our own';
const collections = 'collectors of other stores that lose blocks';
const directory = 'src/blocks/directoryBlockStore.ts';
const collected = 'src/blocks/collectedStore.ts';
const cluster = 'src/blocks/clusterBlocks.ts';
const placement = 'src/blocks/placement.ts';
const state = 'src/stateMachine/serviceState.ts';
const epoch = 'src/stateMachine/collectionEpoch.ts';
const referenced = 'src/api/referencedBlocks.ts';

/** Stores of blocks, their placement, and their garbage collection. */
export const blockMutations: readonly Mutation[] = [
  {
    id: 'b01',
    title: 'an update whose epoch has moved is applied',
    source: collections,
    edits: [
      {
        file: state,
        find: 'command.epoch !== undefined && command.epoch !== this.epoch.current',
        replace: 'command.epoch !== undefined && command.epoch > this.epoch.current',
      },
    ],
  },
  {
    id: 'b02',
    title: 'an update without an epoch is refused once blocks were collected',
    source: ours,
    edits: [
      {
        file: state,
        find: 'command.epoch !== undefined && command.epoch',
        replace: '(command.epoch ?? 0)',
      },
    ],
  },
  {
    id: 'b03',
    title: 'two collections raise the epoch to the same number',
    source: collections,
    edits: [{ file: epoch, find: 'epoch !== this.epoch + 1', replace: 'epoch < this.epoch' }],
  },
  {
    id: 'b04',
    title: 'a snapshot forgets the epoch',
    source: ours,
    edits: [{ file: epoch, find: 'this.epoch === 0 ? [] : [{ epoch: this.epoch }]', replace: '[]' }],
  },
  {
    id: 'b05',
    title: 'a collection removes what a client was told is stored since it began',
    source: collections,
    edits: [
      {
        file: collected,
        find: '    for (const hash of hashes) this.collection?.used.add(hash);\n',
        replace: '',
      },
    ],
  },
  {
    id: 'b06',
    title: 'a collection removes what a client stored again since it began',
    source: collections,
    edits: [
      { file: collected, find: '    this.collection?.used.add(hash);\n    return', replace: '    return' },
    ],
  },
  {
    id: 'b07',
    title: 'a collection removes what is younger than the grace period',
    source: collections,
    edits: [{ file: collected, find: 'usedAt >= oldest', replace: 'usedAt > oldest + graceMs' }],
  },
  {
    id: 'b08',
    title: 'the grace period ends with the sweep, not with the beginning of the collection',
    source: ours,
    edits: [
      {
        file: collected,
        find: '(collection === undefined ? this.now() : this.known(collection).begunAt)',
        replace: '(collection !== undefined && this.known(collection) ? this.now() : this.now())',
      },
    ],
  },
  {
    id: 'b09',
    title: 'a collection removes what a file needs',
    source: collections,
    edits: [
      { file: collected, find: 'if (isReferenced(hash))', replace: 'if (isReferenced(hash) && bytes === 0)' },
    ],
  },
  {
    id: 'b10',
    title: 'a collection goes on after another one began',
    source: collections,
    edits: [
      {
        file: collected,
        find: 'if (this.collection?.id !== id) throw',
        replace: 'if (this.collection === undefined) throw',
      },
    ],
  },
  {
    id: 'b11',
    title: 'a dry run removes blocks',
    source: 'dry runs that were not dry',
    edits: [
      {
        file: collected,
        find: 'collection === undefined ? hashes : await this.remove(collection, hashes)',
        replace: 'await this.store.remove(hashes, () => false)',
      },
    ],
  },
  {
    id: 'b12',
    title: 'hashes in upper case are not marked',
    source: ours,
    edits: [
      { file: referenced, find: 'const HEX = /[0-9a-f]{64}/gi;', replace: 'const HEX = /[0-9a-f]{64}/g;' },
    ],
  },
  {
    id: 'b13',
    title: 'only the first hash of a text is marked',
    source: ours,
    edits: [
      {
        file: referenced,
        find: 'for (const hash of inHex) keys',
        replace: 'for (const hash of inHex.slice(0, 1)) keys',
      },
    ],
  },
  {
    id: 'b14',
    title: 'a block is read from the disk without being verified',
    source: ours,
    edits: [
      {
        file: directory,
        find: "if (block === undefined || (block !== 'unreadable' && keyOf(block) === hash)) return block;\n    // Another",
        replace: "if (block !== 'unreadable') return block;\n    // Another",
      },
    ],
  },
  {
    id: 'b15',
    title: 'a block of another server is not verified',
    source: ours,
    edits: [
      { file: cluster, find: 'block !== undefined && keyOf(block) === hash', replace: 'block !== undefined' },
    ],
  },
  {
    id: 'b16',
    title: 'a block gets its name before its bytes are synced',
    source: 'ALICE (OSDI 2014): rename without a sync of the file',
    edits: [{ file: directory, find: '        await handle.sync();\n', replace: '' }],
  },
  {
    id: 'b17',
    title: 'a block is acknowledged before its name is synced',
    source: 'ALICE (OSDI 2014): rename without a sync of the directory',
    edits: [{ file: directory, find: '    await syncDirectory(folder);\n', replace: '' }],
  },
  {
    id: 'b18',
    title: 'a block that was damaged counts as stored when it is put again',
    source: ours,
    edits: [
      {
        file: directory,
        find: 'const stored = await this.verified(key);',
        replace: 'const stored = await statIfThere(this.pathOf(key));',
      },
    ],
  },
  {
    id: 'b19',
    title: 'blocks fill the disk to the last byte',
    source: ours,
    edits: [{ file: directory, find: 'free - this.arriving >= reserve', replace: 'free >= this.arriving' }],
  },
  {
    id: 'b20',
    title: 'one copy of a block is enough',
    source: ours,
    edits: [{ file: placement, find: 'COPIES = 2', replace: 'COPIES = 1' }],
  },
  {
    id: 'b21',
    title: 'a block is not found although a server that may have it did not answer',
    source: ours,
    edits: [
      { file: cluster, find: 'if (silent.length > 0)', replace: 'if (silent.length > this.servers.length)' },
    ],
  },
  {
    id: 'b22',
    title: 'a read leaves a server without its block',
    source: ours,
    edits: [{ file: cluster, find: '      lacking.push(server);\n', replace: '' }],
  },
];
