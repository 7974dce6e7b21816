import type { Mutation } from '../mutation.js';

const ours = 'our own';
const smuggling = 'RFC 9112, section 11.2: request smuggling';
const head = 'src/http/requestHead.ts';
const path = 'src/http/fastPath.ts';
const client = 'src/http/client.ts';
const reader = 'src/http/responseReader.ts';

/** Both ends of HTTP. */
export const httpMutations: readonly Mutation[] = [
  {
    id: 'h01',
    title: 'of two lengths of a request the second counts',
    source: smuggling,
    edits: [{ file: head, find: ' || name in headers)', replace: ')' }],
  },
  {
    id: 'h02',
    title: 'a request in chunks is read by its length',
    source: smuggling,
    edits: [{ file: head, find: "  'transfer-encoding',\n", replace: '' }],
  },
  {
    id: 'h03',
    title: 'a client that wants its connection closed waits for the end',
    source: ours,
    edits: [{ file: head, find: "  'connection',\n", replace: '' }],
  },
  {
    id: 'h04',
    title: 'a request for no host is served',
    source: ours,
    edits: [{ file: head, find: "headers['host'] === undefined || ", replace: '' }],
  },
  {
    id: 'h05',
    title: 'a length is whatever number can be made of it',
    source: smuggling,
    edits: [{ file: head, find: '!LENGTH.test(length)', replace: '!(Number(length) >= 0)' }],
  },
  {
    id: 'h06',
    title: 'the next request of a connection is served beside the one before it',
    source: ours,
    edits: [
      {
        file: path,
        find: 'if (this.reply === null) this.next();',
        replace: 'if (this.reply === null || this.held.length > 0) this.next();',
      },
    ],
  },
  {
    id: 'h07',
    title: 'a client that does not read keeps its connection for ever',
    source: ours,
    edits: [{ file: path, find: 'if (isIdle || socket.writableLength > 0)', replace: 'if (isIdle)' }],
  },
  {
    id: 'h08',
    title: 'a connection with bytes behind the response is used again',
    source: ours,
    edits: [
      { file: reader, find: 'this.held === length);', replace: 'this.held >= length);' },
      {
        file: reader,
        find: 'reusable: keepsAlive && isAtEnd }',
        replace: 'reusable: keepsAlive || isAtEnd }',
      },
    ],
  },
  {
    id: 'h09',
    title: 'a provisional response passes for the one that counts',
    source: ours,
    edits: [{ file: reader, find: 'head.status >= 100 && head.status < 200', replace: 'head.status < 100' }],
  },
  {
    id: 'h10',
    title: 'a connection is used longer than the server means to keep it',
    source: ours,
    edits: [{ file: client, find: 'performance.now() < this.freshUntil', replace: 'this.freshUntil > 0' }],
  },
  {
    id: 'h11',
    title: 'a request that is given up while it waits for a connection is sent all the same',
    source: ours,
    edits: [
      {
        file: client,
        find: 'if (position >= 0) this.waiting.splice(position, 1);',
        replace: 'if (position > 1e9) this.waiting.splice(position, 1);',
      },
    ],
  },
];
