import { expect } from 'chai';
import fc from 'fast-check';
import { FileMapXml } from '../../../src/api/fileMapXml.js';
import { hashListFromXml, hashListToXml } from '../../../src/api/hashListXml.js';
import type { HashList } from '../../../src/stateMachine/command.js';
import { FileMetadata } from '../../../src/stateMachine/fileMetadata.js';
import {
  parseMethodResponse,
  PrebuiltXml,
  serializeMethodResponse,
  serializeValue,
  type ParsedValue,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import { anyText, values, xmlText } from '../../support/xmlrpcArbitraries.js';
import { Service } from './service.js';

class Files {
  readonly metadata = new FileMetadata();
  private readonly xml = new FileMapXml();

  update(name: string, hashList: HashList): void {
    const version = this.metadata.versionOf(name) + 1;
    this.metadata.update({ type: 'updateFile', name, version, hashList });
  }

  /** The answer, to be written whenever the test wants. */
  answer(): XmlRpcValue {
    return this.xml.write(this.metadata.list());
  }

  /** The same map as the generic serializer sees it. */
  plain(): XmlRpcValue {
    const entries = this.metadata.list();
    return new Map(
      entries.map(([name, { version, hashList }]) => [name, [version, hashListToXml(hashList)]] as const),
    );
  }
}

function read(answer: XmlRpcValue): ParsedValue {
  const response = parseMethodResponse(serializeMethodResponse(answer));
  if ('value' in response) return response.value;
  throw response.fault;
}

describe('api: the answer of getfileinfomap', () => {
  it('is an empty struct without files', () => {
    expect(serializeValue(new Files().answer())).to.equal('<value><struct></struct></value>');
  });

  it('is a struct of name -> [version, hashlist]', () => {
    const files = new Files();
    files.update('a.txt', ['h1']);
    files.update('a.txt', ['h2', 'h3']);
    files.update('gone.txt', ['0']);
    expect(read(files.answer())).to.deep.equal(
      new Map([
        ['a.txt', [2, ['h2', 'h3']]],
        ['gone.txt', [1, ['0']]],
      ]),
    );
  });

  it('is what the generic serializer writes for the same map', () => {
    const sendable = values(fc.oneof(xmlText, fc.constant('__proto__')));
    const names = fc.oneof(anyText, fc.constantFrom('__proto__', '<&>', 'a\r\n"b"'));
    fc.assert(
      fc.property(fc.array(fc.tuple(names, sendable), { maxLength: 8 }), (updates) => {
        const files = new Files();
        for (const [name, value] of updates) files.update(name, hashListFromXml(value as ParsedValue));
        expect(serializeValue(files.answer())).to.equal(serializeValue(files.plain()));
        // Once more, now that what was made is remembered.
        expect(serializeValue(files.answer())).to.equal(serializeValue(files.plain()));
      }),
      { numRuns: 300 },
    );
  });

  it('shows an update that came since the last one, and what has not changed as before', () => {
    const files = new Files();
    files.update('a', ['1']);
    files.update('b', ['1']);
    serializeValue(files.answer());
    files.update('a', ['2']);
    files.update('c', ['1']);
    expect(read(files.answer())).to.deep.equal(
      new Map([
        ['a', [2, ['2']]],
        ['b', [1, ['1']]],
        ['c', [1, ['1']]],
      ]),
    );
  });

  it('shows a file that came since the last one, and nothing else changed', () => {
    const files = new Files();
    for (let index = 0; index < 70; index += 1) {
      files.update(`file${index}`, ['1']);
      expect([...(read(files.answer()) as Map<string, ParsedValue>).keys()]).to.have.length(index + 1);
    }
  });

  it('gives two files with equal records their own names', () => {
    const files = new Files();
    files.update('a', ['1']);
    files.update('b', ['1']);
    expect([...(read(files.answer()) as Map<string, ParsedValue>).keys()]).to.deep.equal(['a', 'b']);
  });

  it('shows the moment of the call, however late it is written', async () => {
    const service = await Service.leading();
    await service.call('updatefile', 'a', 1, ['1']);
    const answer = await service.call('getfileinfomap');
    await service.call('updatefile', 'a', 2, ['2']);
    await service.call('updatefile', 'b', 1, ['1']);
    expect(read(answer)).to.deep.equal(new Map([['a', [1, ['1']]]]));
  });

  it('shows the moment of the call although updates come while it is being written', () => {
    const files = new Files();
    for (let index = 0; index < 1000; index += 1) files.update(`file${index}`, ['x'.repeat(100)]);
    const before = files.plain();
    const answer = files.answer();
    if (!(typeof answer === 'object' && 'pieces' in answer)) throw new Error('it is not given in pieces');
    let text = '';
    let pieces = 0;
    for (const piece of answer.pieces()) {
      text += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
      pieces += 1;
      files.update(`file${pieces % 1000}`, ['later']);
      files.update(`new${pieces}`, ['later']);
    }
    expect(pieces).to.be.greaterThan(10);
    expect(text).to.equal(serializeValue(before));
  });

  it('is the same bytes for all who read the same state, and others after an update', () => {
    const files = new Files();
    for (let index = 0; index < 1000; index += 1) files.update(`file${index}`, ['x'.repeat(100)]);
    const piecesOf = (answer: XmlRpcValue): readonly (string | Uint8Array)[] => {
      if (!(answer instanceof PrebuiltXml)) throw new Error('it is not given in pieces');
      return [...answer.pieces()];
    };
    const [one, two] = [files.answer(), files.answer()];
    const first = piecesOf(one);
    expect(first.length).to.be.greaterThan(10);
    for (const [index, piece] of piecesOf(two).entries()) expect(piece).to.equal(first[index]);
    expect(files.metadata.list()).to.equal(files.metadata.list());
    files.update('file0', ['later']);
    const later = piecesOf(files.answer());
    expect(later[1]).not.to.equal(first[1]);
    expect(later.slice(2)).to.have.ordered.members(first.slice(2));
    expect(serializeValue(files.answer())).to.equal(serializeValue(files.plain()));
  });

  it('never works long without a pause, however long the files of a group are', () => {
    const files = new Files();
    for (let index = 0; index < 40; index += 1)
      files.update(`file${index}`, Array<string>(1_000).fill('x'.repeat(64)));
    const answer = files.answer();
    if (!(answer instanceof PrebuiltXml)) throw new Error('it is not given in pieces');
    expect([...answer.pieces()].length).to.be.greaterThan(40);
    expect(serializeValue(files.answer())).to.equal(serializeValue(files.plain()));
  });

  it('makes the XML of a file once per update, not once per listing', () => {
    const files = new Files();
    for (let index = 0; index < 2000; index += 1)
      files.update(`file${index}`, Array<string>(100).fill('hash'));
    const time = (): number => {
      const before = performance.now();
      serializeValue(files.answer());
      return performance.now() - before;
    };
    const first = time();
    const later = Math.min(time(), time(), time(), time(), time());
    expect(later).to.be.lessThan(first / 2);
  });
});
