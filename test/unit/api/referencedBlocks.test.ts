import { expect } from 'chai';
import { rangeOf } from '../../../src/api/byteRange.js';
import { referencedBlocks } from '../../../src/api/referencedBlocks.js';
import type { HashList } from '../../../src/stateMachine/command.js';

const KEY = '280f8bb8c43d532f389ef0e2a5321220b0782b065205dcdfcb8d8f02ed5115b9';
const BYTES = Buffer.from(KEY, 'hex');
const BASE64 = BYTES.toString('base64');

describe('the blocks that files need', () => {
  const lists: readonly (readonly [string, HashList])[] = [
    ['hex', [KEY]],
    ['hex in upper case', [KEY.toUpperCase()]],
    ['base64 as text', [BASE64]],
    ['base64 for URLs, without padding', [BYTES.toString('base64url')]],
    ['base64 as bytes', [{ base64: BASE64 }]],
    ['a bare hash', KEY],
    ['several in one text', `first ${'0'.repeat(64)},${KEY}`],
    ['a list in a list', [['x', [KEY]]]],
    ['a struct', { struct: [['blocks', [KEY]]] }],
    ['the name of a member', { struct: [[KEY, 1]] }],
  ];
  for (const [what, hashList] of lists)
    it(`are found as ${what}`, async () => {
      expect([...(await referencedBlocks([['a', { version: 1, hashList }]]))]).to.include(KEY);
    });

  it('are none for tombstones, empty files and other values', async () => {
    const none: readonly HashList[] = [
      ['0'],
      ['-1'],
      [],
      '0',
      7,
      true,
      [{ i8: '9' }, { double: '1.5' }],
      ['kelp'],
    ];
    const files = none.map((hashList, at) => [`${at}`, { version: 1, hashList }] as const);
    expect([...(await referencedBlocks(files))]).to.deep.equal([]);
  });
});

describe('a range of bytes', () => {
  const cases: readonly (readonly [string | undefined, number, ReturnType<typeof rangeOf>])[] = [
    [undefined, 10, undefined],
    ['bytes=0-0', 10, { from: 0, to: 0 }],
    [' bytes=2-4 ', 10, { from: 2, to: 4 }],
    ['bytes=2-', 10, { from: 2, to: 9 }],
    ['bytes=-3', 10, { from: 7, to: 9 }],
    ['bytes=-30', 10, { from: 0, to: 9 }],
    ['bytes=9-99', 10, { from: 9, to: 9 }],
    ['bytes=10-', 10, 'not satisfiable'],
    ['bytes=-0', 10, 'not satisfiable'],
    ['bytes=0-', 0, 'not satisfiable'],
    ['bytes=-1', 0, 'not satisfiable'],
    ['bytes=4-2', 10, undefined],
    ['bytes=-', 10, undefined],
    ['bytes=1-2,4-5', 10, undefined],
    ['chunks=1-2', 10, undefined],
  ];
  for (const [header, size, expected] of cases)
    it(`${header ?? 'without a header'} of ${size} bytes is ${expected === undefined ? 'the whole' : JSON.stringify(expected)}`, () => {
      expect(rangeOf(header, size)).to.deep.equal(expected);
    });
});
