import type { Mutation } from '../mutation.js';

const keyValue = 'src/stateMachine/keyValue.ts';
const stateBytes = 'src/stateMachine/stateBytes.ts';
const limit = 'src/node/stateLimit.ts';
const node = 'src/node/raftNode.ts';
const ours = 'ours';

/** Deleted keys, and the limit of the state. */
export const memoryMutations: readonly Mutation[] = [
  {
    id: 'm01',
    title: 'a delete says that it removed what was never there',
    source: ours,
    edits: [
      {
        file: keyValue,
        find: "return this.keys.delete(key) ? 'applied' : 'missing';",
        replace: "this.keys.delete(key);\n    return 'applied';",
      },
    ],
  },
  {
    id: 'm02',
    title: 'a delete stores an empty value',
    source: ours,
    edits: [
      {
        file: keyValue,
        find: "return this.keys.delete(key) ? 'applied' : 'missing';",
        replace:
          "if (this.keys.get(key) === undefined) return 'missing';\n    return this.put({ key, value: [] });",
      },
    ],
  },
  {
    id: 'm03',
    title: 'a key that is overwritten counts twice',
    source: ours,
    edits: [
      {
        file: stateBytes,
        find: 'this.total += this.bytesOf(key, value) - this.bytesAt(key);',
        replace: 'this.total += this.bytesOf(key, value);',
      },
    ],
  },
  {
    id: 'm04',
    title: 'what was deleted goes on counting',
    source: ours,
    edits: [{ file: stateBytes, find: '    this.total -= this.bytesAt(key);\n', replace: '' }],
  },
  {
    id: 'm05',
    title: 'what is appended does not count',
    source: ours,
    edits: [{ file: keyValue, find: 'bytes: bytes + bytesOfItems(more)', replace: 'bytes' }],
  },
  {
    id: 'm06',
    title: 'a full state refuses deletes, too',
    source: ours,
    edits: [{ file: limit, find: 'if (growth > 0 && state.bytes', replace: 'if (state.bytes' }],
  },
  {
    id: 'm07',
    title: 'what is on its way to the state does not count',
    source: ours,
    edits: [
      {
        file: limit,
        find: 'state.bytes + inFlightBytes + growth > bytesMax',
        replace: 'state.bytes + growth > bytesMax',
      },
    ],
  },
  {
    id: 'm08',
    title: 'a call that is given up holds its room in the state for ever',
    source: ours,
    edits: [{ file: limit, find: '        release();\n        cancel();', replace: '        cancel();' }],
  },
  {
    id: 'm09',
    title: 'a follower with a full state does not say that it does not lead',
    source: ours,
    edits: [
      {
        file: node,
        find: 'this.isLeader ? this.options.stateLimit : undefined',
        replace: 'this.options.stateLimit',
      },
    ],
  },
];
