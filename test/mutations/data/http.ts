import type { Mutation } from '../mutation.js';

const ours = 'our own';
const smuggling = 'RFC 9112, section 11.2: request smuggling';
const head = 'src/http/requestHead.ts';
const path = 'src/http/fastPath.ts';
const client = 'src/http/client.ts';
const reader = 'src/http/responseReader.ts';
const gzip = 'src/http/gzip.ts';
const httpCall = 'src/http/httpCall.ts';
const clientCall = 'src/http/clientCall.ts';
const openReplies = 'src/http/openReplies.ts';
const fileMapXml = 'src/api/fileMapXml.ts';
const stringCall = 'src/xmlrpc/stringCall.ts';
const messageXml = 'src/transport/messageCodec.ts';

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
  {
    id: 'h12',
    title: 'a gzip stream carries the checksum of its last piece only',
    source: ours,
    edits: [{ file: gzip, find: 'crc32(piece, checksum)', replace: 'crc32(piece)' }],
  },
  {
    id: 'h13',
    title: 'a reply is compressed for a client that forbids it',
    source: ours,
    edits: [
      {
        file: httpCall,
        find: '/^\\s*gzip\\s*(;\\s*q=(1(\\.0*)?|0\\.\\d*[1-9]\\d*)\\s*)?$/',
        replace: '/^\\s*gzip/',
      },
    ],
  },
  {
    id: 'h14',
    title: 'bytes that replies share are free when the first of them is over',
    source: ours,
    edits: [{ file: openReplies, find: 'if (holders > 0) {', replace: 'if (holders > 1e9) {' }],
  },
  {
    id: 'h15',
    title: 'a reply whose client went away is held for ever',
    source: ours,
    edits: [
      {
        file: httpCall,
        find: "this.reply.once('close', release);",
        replace: "this.reply.once('finish', release);",
      },
    ],
  },
  {
    id: 'h16',
    title: 'a listing shows a file as it was before its update',
    source: ours,
    edits: [
      {
        file: fileMapXml,
        find: 'return records.every((record, offset) => files[from + offset]?.[1] === record);',
        replace:
          'return records.every((record, offset) => files[from + offset]?.[1] !== null || record === null);',
      },
    ],
  },
  {
    id: 'h17',
    title: 'a listing leaves out files that came after its last group was made',
    source: ours,
    edits: [
      {
        file: fileMapXml,
        find: 'records.length < FILES_PER_PIECE && files.length > from + records.length',
        replace: 'records.length > FILES_PER_PIECE && files.length > from + records.length',
      },
    ],
  },
  {
    id: 'h18',
    title: 'a call of one string is read as UTF-8 whatever its header says',
    source: ours,
    edits: [
      {
        file: stringCall,
        find: 'contentType !== CALL_TYPE || ',
        replace: "contentType === '' || ",
      },
    ],
  },
  {
    id: 'h19',
    title: 'a call of one string may hold characters that XML cannot carry',
    source: ours,
    edits: [
      {
        file: stringCall,
        find: 'if (UNUSUAL.test(text) || indexOfForbidden(text) !== -1) return null;',
        replace: 'if (UNUSUAL.test(text) || indexOfForbidden(text) === -2) return null;',
      },
    ],
  },
  {
    id: 'h20',
    title: 'a call of one string may hold references that the parser does not know',
    source: ours,
    edits: [
      {
        file: stringCall,
        find: "return typeof plain === 'string' ? plain : null;",
        replace: "return typeof plain === 'string' ? plain : text;",
      },
    ],
  },
  {
    id: 'h21',
    title: 'a call is counted once more when its client goes away after the answer',
    source: ours,
    edits: [
      {
        file: clientCall,
        find: "if (isFirst) this.state = 'answered';",
        replace: "if (!isFirst) this.state = 'answered';",
      },
      {
        file: clientCall,
        find: '    this.listeners = [];\n    this.unwatch();\n',
        replace: '    this.listeners = [];\n',
      },
    ],
  },
  {
    id: 'h22',
    title: 'an entry is sent in the form of another one of the same place',
    source: ours,
    edits: [
      {
        file: messageXml,
        find: 'const kept = new Map<Entry, string | Buffer>();',
        replace:
          'const byIndex = new Map<number, string | Buffer>();\nconst kept = { get: (e: Entry) => byIndex.get(e.index), set: (e: Entry, t: string | Buffer) => byIndex.set(e.index, t), clear: () => byIndex.clear() };',
      },
    ],
  },
];
