import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeHistory,
  encodeHistory,
  HistoryFormatError,
  type Operation,
} from '../../../src/verify/index.js';
import { append, get, put, read, readMap, readVersion, update } from './support/build.js';
import { fileStep, keyStep, simulateFiles, simulateKeys } from './support/simulated.js';

const header = '{"format":"surfstore-history","version":1}';

function line(members: object): string {
  const operation = {
    id: 1,
    client: 'c',
    kind: 'readFile',
    file: 'a',
    invokedAt: 0,
    returnedAt: 1,
    outcome: { status: 'ok', version: 0, content: null },
  };
  return JSON.stringify({ ...operation, ...members });
}

function problem(...lines: string[]): string {
  try {
    decodeHistory([header, ...lines].join('\n'));
  } catch (error) {
    expect(error).to.be.instanceOf(HistoryFormatError);
    return (error as HistoryFormatError).message;
  }
  return 'none';
}

describe('a history as JSON Lines', () => {
  it('comes back as it was, with operations of every kind and outcome', () => {
    const history: Operation[] = [
      update([0, 1.5], 'a', 1, true),
      update([0, null], 'a', 2, 'unknown'),
      update([0, 1], 'a', 3, 'failed'),
      read([1, 2], 'a', 0),
      read([1, 2], '__proto__', 1),
      readVersion([1, 2], 'a', 7),
      readMap([1, 2], JSON.parse('{"__proto__":3,"a":1}') as Record<string, number>),
      put([-1, 2], 'k', { deep: [null, 1, true] }),
      append([1, 2], 'k', 'x\n\u2028'),
      get([1, 2], 'k', undefined),
      get([1, 2], 'k', null),
      { ...put([1, 2], 'k', 1), outcome: { status: 'failed', reason: 'notLeader' } },
    ];
    expect(decodeHistory(encodeHistory(history))).to.deep.equal(history);
  });

  it('comes back as it was, whatever was recorded', () => {
    fc.assert(
      fc.property(fc.array(fileStep()), fc.array(keyStep(3, [0, 1])), (files, keys) => {
        const moved = simulateKeys(keys).map((operation) => ({ ...operation, id: operation.id + 1000 }));
        const history = [...simulateFiles(files), ...moved];
        expect(decodeHistory(encodeHistory(history))).to.deep.equal(history);
      }),
    );
  });

  it('is one line for the header and one for each operation, each ended', () => {
    expect(encodeHistory([])).to.equal(`${header}\n`);
    expect(encodeHistory([read([0, 1], 'a', 0), read([0, 1], 'a', 0)]).split('\n')).to.have.length(4);
  });

  it('blank lines, carriage returns and members that the format does not know are passed over', () => {
    const text = `\r\n${header}\r\n\n${line({ colour: 'red' })}\r\n\n`;
    expect(decodeHistory(text)).to.deep.equal([JSON.parse(line({}))]);
  });

  it('a text without the header is no history', () => {
    expect(() => decodeHistory('')).to.throw(HistoryFormatError, 'line 1: the header');
    expect(() => decodeHistory(line({}))).to.throw(HistoryFormatError, 'line 1: the header');
    expect(() => decodeHistory('{"format":"surfstore-history","version":2}')).to.throw('only version 1');
  });

  it('says which line is wrong, and how', () => {
    expect(problem(line({}), '', '{')).to.equal('line 4: not JSON');
    expect(problem('[]')).to.equal('line 2: the line must be an object');
    expect(problem(line({}), line({}))).to.equal('line 3: id 1 was used before');
    expect(problem(line({ id: 1.5 }))).to.equal('line 2: id must be a whole number');
    expect(problem(line({ client: 7 }))).to.equal('line 2: client must be a string');
    expect(problem(line({ invokedAt: '0' }))).to.equal('line 2: invokedAt must be a number');
    expect(problem(line({ returnedAt: -1 }))).to.equal('line 2: returnedAt lies before invokedAt');
    expect(problem(line({ returnedAt: null }))).to.equal(
      'line 2: only an unknown outcome may lack returnedAt',
    );
    expect(problem(line({ kind: 'delete' }))).to.equal('line 2: no such kind: delete');
    expect(problem(line({ kind: 'kvPut', key: 'k' }))).to.equal('line 2: value is missing');
    expect(problem(line({ outcome: { status: 'maybe' } }))).to.equal('line 2: no such status: maybe');
    expect(problem(line({ outcome: 'ok' }))).to.equal('line 2: outcome must be an object');
    expect(problem(line({ outcome: { status: 'ok', version: -1 } }))).to.equal(
      'line 2: version must be at least 0',
    );
    expect(problem(line({ outcome: { status: 'ok', version: 1 } }))).to.equal(
      'line 2: content must be a string',
    );
    expect(problem(line({ outcome: { status: 'ok', version: 0, content: 'x' } }))).to.match(/must be null/);
    expect(problem(line({ kind: 'update', version: 1, content: 'x' }))).to.match(
      /applied must be true or false/,
    );
    expect(problem(line({ kind: 'readMap' }))).to.equal('line 2: files must be an object');
    const files = { a: { version: 0, content: 'x' } };
    expect(problem(line({ kind: 'readMap', outcome: { status: 'ok', files } }))).to.match(/at least 1/);
    expect(problem(line({ kind: 'readMap', outcome: { status: 'ok', files: { a: 1 } } }))).to.match(
      /file "a"/,
    );
  });
});
