import { expect } from 'chai';
import fc from 'fast-check';
import type { Entry, Message, RequestMessage, ResponseMessage } from '../../../src/raft/types.js';
import {
  decodeRequest,
  decodeResponse,
  encodeMessage,
  MessageError,
} from '../../../src/transport/messageCodec.js';

const count = fc.maxSafeNat();
const id = fc.nat(9);
const address = { from: id, to: id, term: count };

const vote: fc.Arbitrary<RequestMessage> = fc.record({
  type: fc.constantFrom('preVote', 'requestVote'),
  ...address,
  lastLogIndex: count,
  lastLogTerm: count,
});

/** Entries that continue the log after `prevIndex`, with terms that never fall. */
const appendEntries: fc.Arbitrary<RequestMessage> = fc
  .record({
    from: id,
    to: id,
    prevLogIndex: fc.nat(1_000_000),
    terms: fc.array(fc.nat(1000), { minLength: 1, maxLength: 8 }).map((terms) => terms.sort((a, b) => a - b)),
    commands: fc.array(fc.string({ unit: 'binary' }), { minLength: 8, maxLength: 8 }),
    leaderCommit: count,
    hasQuorum: fc.boolean(),
    sequence: count,
    readRound: count,
  })
  .map(({ terms, commands, ...rest }) => {
    const [prevLogTerm = 0, ...entryTerms] = terms;
    const entries = entryTerms.map((term, k): Entry => {
      const command = commands[k] ?? '';
      return { term, index: rest.prevLogIndex + 1 + k, kind: command === '' ? 'noop' : 'command', command };
    });
    return { type: 'appendEntries', ...rest, term: 1000, prevLogTerm, entries };
  });

/** Chunk `chunkCount` is the question how the installation goes. */
const installSnapshot: fc.Arbitrary<RequestMessage> = fc
  .record({
    from: id,
    to: id,
    term: fc.integer({ min: 500, max: Number.MAX_SAFE_INTEGER }),
    last: fc.record({ term: fc.nat(500), index: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) }),
    chunks: fc.tuple(count, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
    data: fc.string({ unit: 'binary' }),
    hasQuorum: fc.boolean(),
    sequence: count,
    readRound: count,
  })
  .map(({ chunks: [chunk, chunkCount], ...rest }) => {
    return { type: 'installSnapshot', ...rest, chunk: Math.min(chunk, chunkCount), chunkCount };
  });

const response: fc.Arbitrary<ResponseMessage> = fc.oneof(
  fc.record({ type: fc.constant('preVoteResponse' as const), ...address, granted: fc.boolean() }),
  fc.record({ type: fc.constant('requestVoteResponse' as const), ...address, granted: fc.boolean() }),
  fc.record({
    type: fc.constant('appendEntriesResponse' as const),
    ...address,
    success: fc.boolean(),
    matchIndex: count,
    commitIndex: count,
    sequence: count,
    readRound: count,
    conflict: fc.option(fc.record({ term: count, index: count })),
  }),
  fc.record({
    type: fc.constant('installSnapshotResponse' as const),
    ...address,
    matchIndex: count,
    nextChunk: count,
    commitIndex: count,
    sequence: count,
    readRound: count,
  }),
);

const anAppend = {
  type: 'appendEntries',
  from: 1,
  to: 0,
  term: 3,
  prevLogIndex: 4,
  prevLogTerm: 2,
  entries: [
    { term: 2, index: 5, kind: 'command', command: 'x' },
    { term: 3, index: 6, kind: 'noop', command: '' },
  ],
  leaderCommit: 4,
  hasQuorum: true,
  sequence: 9,
  readRound: 1,
} as const satisfies Message;

const aVote = { type: 'requestVote', from: 1, to: 0, term: 3, lastLogIndex: 6, lastLogTerm: 3 } as const;

const anAnswer = {
  type: 'appendEntriesResponse',
  from: 0,
  to: 1,
  term: 3,
  success: false,
  matchIndex: 0,
  commitIndex: 2,
  sequence: 9,
  readRound: 1,
  conflict: { term: 2, index: 3 },
} as const satisfies Message;

const aChunk = {
  type: 'installSnapshot',
  from: 1,
  to: 0,
  term: 3,
  last: { term: 2, index: 5 },
  chunk: 1,
  chunkCount: 2,
  data: '[["a",1,[]]]',
  hasQuorum: true,
  sequence: 9,
  readRound: 1,
} as const satisfies Message;

const aWish = {
  type: 'installSnapshotResponse',
  from: 0,
  to: 1,
  term: 3,
  matchIndex: 0,
  nextChunk: 2,
  commitIndex: 2,
  sequence: 9,
  readRound: 1,
} as const satisfies Message;

const aGrant = { type: 'preVoteResponse', from: 0, to: 1, term: 3, granted: true } as const;

const wrongNumbers: readonly unknown[] = [undefined, null, '1', -1, 1.5, 2 ** 53, true, [], {}];
const wrongFlags: readonly unknown[] = [undefined, null, 0, 1, 'true', {}];

/** The message with one field set to something else, or taken away. */
function altered(message: object, field: string, value: unknown): string {
  return JSON.stringify({ ...message, [field]: value });
}

function refused(decode: (text: string) => unknown, text: string): void {
  expect(() => decode(text), text).to.throw(MessageError);
}

describe('message codec', () => {
  it('every request comes back as it was', () => {
    fc.assert(
      fc.property(fc.oneof(vote, appendEntries, installSnapshot), (message) => {
        expect(decodeRequest(encodeMessage(message))).to.deep.equal(message);
      }),
    );
  });

  it('every response comes back as it was', () => {
    fc.assert(
      fc.property(response, (message) => {
        expect(decodeResponse(encodeMessage(message))).to.deep.equal(message);
      }),
    );
  });

  it('a message is one line of text', () => {
    const text = encodeMessage({
      ...anAppend,
      entries: [{ term: 3, index: 5, kind: 'command', command: 'a\nb' }],
    });
    expect(text).not.to.match(/[\r\n]/);
  });

  it('what is not of a message is dropped', () => {
    expect(decodeRequest(altered(aVote, 'extra', 1))).to.deep.equal(aVote);
    expect(decodeRequest('{"__proto__":{"x":1},' + JSON.stringify(aVote).slice(1))).to.deep.equal(aVote);
  });

  const counts: [string, object, (text: string) => unknown, readonly string[]][] = [
    ['a vote request', aVote, decodeRequest, ['from', 'to', 'term', 'lastLogIndex', 'lastLogTerm']],
    [
      'a pre-vote',
      { ...aVote, type: 'preVote' },
      decodeRequest,
      ['from', 'to', 'term', 'lastLogIndex', 'lastLogTerm'],
    ],
    [
      'an append',
      anAppend,
      decodeRequest,
      ['from', 'to', 'term', 'prevLogIndex', 'prevLogTerm', 'leaderCommit', 'sequence', 'readRound'],
    ],
    [
      'an answer',
      anAnswer,
      decodeResponse,
      ['from', 'to', 'term', 'matchIndex', 'commitIndex', 'sequence', 'readRound'],
    ],
    ['a grant', aGrant, decodeResponse, ['from', 'to', 'term']],
    [
      'a chunk',
      aChunk,
      decodeRequest,
      ['from', 'to', 'term', 'chunk', 'chunkCount', 'sequence', 'readRound'],
    ],
    [
      'an answer to a chunk',
      aWish,
      decodeResponse,
      ['from', 'to', 'term', 'matchIndex', 'nextChunk', 'commitIndex', 'sequence', 'readRound'],
    ],
  ];
  for (const [what, message, decode, fields] of counts) {
    it(`t54 refuses ${what} in which any number is none`, () => {
      decode(JSON.stringify(message));
      for (const field of fields)
        for (const value of wrongNumbers) refused(decode, altered(message, field, value));
    });
  }

  it('t54 refuses an answer in which a flag is none', () => {
    for (const value of wrongFlags) {
      refused(decodeResponse, altered(anAnswer, 'success', value));
      refused(decodeResponse, altered(aGrant, 'granted', value));
      refused(decodeResponse, altered({ ...aGrant, type: 'requestVoteResponse' }, 'granted', value));
    }
  });

  it('t54 refuses a wrong conflict', () => {
    expect(decodeResponse(altered(anAnswer, 'conflict', null))).to.include({ conflict: null });
    for (const value of [undefined, 1, 'x', [], {}, { term: 1 }, { term: 1, index: -1 }]) {
      refused(decodeResponse, altered(anAnswer, 'conflict', value));
    }
  });

  const wrongEntries: Record<string, unknown> = {
    'no array': {},
    nothing: undefined,
    null: null,
    'an entry that is none': [null],
    'an entry that is an array': [[]],
    'a gap before the first': [{ term: 2, index: 6, kind: 'noop', command: '' }],
    'a gap between two': [
      { term: 2, index: 5, kind: 'noop', command: '' },
      { term: 2, index: 7, kind: 'noop', command: '' },
    ],
    'an index twice': [
      { term: 2, index: 5, kind: 'noop', command: '' },
      { term: 2, index: 5, kind: 'noop', command: '' },
    ],
    'a term below the one before': [{ term: 1, index: 5, kind: 'noop', command: '' }],
    'falling terms': [
      { term: 3, index: 5, kind: 'noop', command: '' },
      { term: 2, index: 6, kind: 'noop', command: '' },
    ],
    'a term above the sender’s': [{ term: 4, index: 5, kind: 'noop', command: '' }],
    'an unknown kind': [{ term: 2, index: 5, kind: 'other', command: '' }],
    'no kind': [{ term: 2, index: 5, command: '' }],
    'no command': [{ term: 2, index: 5, kind: 'noop' }],
    'a command that is no text': [{ term: 2, index: 5, kind: 'command', command: {} }],
    'a term that is no number': [{ term: '2', index: 5, kind: 'noop', command: '' }],
  };
  for (const [what, entries] of Object.entries(wrongEntries)) {
    it(`t54 refuses an append whose entries have ${what}`, () => {
      refused(decodeRequest, altered(anAppend, 'entries', entries));
    });
  }

  it('refuses an append whose previous entry is of a later term than its own', () => {
    refused(decodeRequest, altered({ ...anAppend, entries: [] }, 'prevLogTerm', 4));
  });

  const wrongChunks: Record<string, object> = {
    'that is beyond the last one and the question after it': { chunk: 3 },
    'of a snapshot without chunks': { chunk: 0, chunkCount: 0 },
    'without a last entry': { last: undefined },
    'whose last entry is null': { last: null },
    'whose last entry is a number': { last: 5 },
    'whose last entry has no term': { last: { index: 5 } },
    'whose last entry has no index': { last: { term: 2 } },
    'whose last entry is of a negative term': { last: { term: -1, index: 5 } },
    'whose last entry is none': { last: { term: 0, index: 0 } },
    'whose last entry is of a later term than its own': { last: { term: 4, index: 5 } },
    'without data': { data: undefined },
    'whose data is null': { data: null },
    'whose data is no text': { data: [['a', 1, []]] },
  };
  for (const [what, fields] of Object.entries(wrongChunks)) {
    it(`t54 refuses a chunk ${what}`, () => {
      refused(decodeRequest, JSON.stringify({ ...aChunk, ...fields }));
    });
  }

  it('takes the question how the installation goes, and a last entry of the sender’s own term', () => {
    for (const fields of [{ chunk: 2, data: '' }, { last: { term: 3, index: 1 } }]) {
      expect(decodeRequest(JSON.stringify({ ...aChunk, ...fields }))).to.deep.equal({ ...aChunk, ...fields });
    }
  });

  it('drops what is not of a last entry', () => {
    const last = { ...aChunk.last, extra: 1 };
    expect(decodeRequest(JSON.stringify({ ...aChunk, last }))).to.deep.equal(aChunk);
  });

  it('refuses requests for responses, and responses for requests', () => {
    refused(decodeRequest, JSON.stringify(anAnswer));
    refused(decodeRequest, JSON.stringify(aGrant));
    refused(decodeResponse, JSON.stringify(anAppend));
    refused(decodeResponse, JSON.stringify(aVote));
    refused(decodeRequest, JSON.stringify(aWish));
    refused(decodeResponse, JSON.stringify(aChunk));
  });

  it('t54 throws nothing but MessageError, whatever the text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          type: fc.constantFrom('appendEntries', 'preVote', 'installSnapshot', 'x'),
          entries: fc.anything(),
        })
        .map((x) => JSON.stringify(x)),
    );
    fc.assert(
      fc.property(text, (garbage) => {
        refused(decodeRequest, garbage);
        refused(decodeResponse, garbage);
      }),
    );
  });
});
