import { expect } from 'chai';
import { asBoolean, asFileMap, asInt, asStatus } from '../../../src/client/values.js';
import { XmlRpcDouble, type ParsedValue } from '../../../src/xmlrpc/index.js';

const foreign: readonly ParsedValue[] = [null, 'text', [], new XmlRpcDouble(1), Buffer.from('')];

const status: ReadonlyMap<string, ParsedValue> = new Map<string, ParsedValue>([
  ['id', 1],
  ['address', 'localhost:9001'],
  ['role', 'leader'],
  ['crashed', false],
  ['lifecycle', 'running'],
  ['term', 3],
  ['leader', 1],
  ['votedFor', -1],
  ['commitIndex', 4],
  ['lastApplied', 4],
  ['lastIndex', 5],
  ['snapshotIndex', 0],
  ['logLength', 5],
  ['waitingCalls', 0],
  ['unreachableFrom', []],
  ['files', 2],
  ['uptimeSeconds', 60],
  ['version', '1.2.3'],
  [
    'peers',
    [
      new Map<string, ParsedValue>([
        ['id', 0],
        ['address', 'localhost:9000'],
        ['matchIndex', 4],
        ['nextIndex', 5],
        ['lastContactMs', -1],
      ]),
    ],
  ],
]);

function rejects(read: (value: ParsedValue) => unknown, value: ParsedValue): void {
  expect(() => read(value)).to.throw(
    TypeError,
    /the server's answer is not .*; is it a server of this service\?/,
  );
}

describe('client: the reading of answers', () => {
  it('takes a boolean for a boolean and nothing else', () => {
    expect(asBoolean(true)).to.equal(true);
    expect(asBoolean(false)).to.equal(false);
    for (const value of [...foreign, 0, 1, new Map()]) rejects(asBoolean, value);
  });

  it('takes an int for an int, also a large one, and nothing else', () => {
    expect(asInt(-5)).to.equal(-5);
    expect(asInt(2 ** 40)).to.equal(2 ** 40);
    expect(asInt(2n ** 60n)).to.equal(2 ** 60);
    for (const value of [...foreign, true, '1', new Map()]) rejects(asInt, value);
  });

  it('takes a struct of [version, hashlist] for a file map, and keeps hash lists as they are', () => {
    const hashLists: ParsedValue[] = [['h'], '0', 0, [], false, Buffer.from('b'), new Map(), 2n ** 60n];
    const names = hashLists.map((_, index) => `file${index}`);
    const answer = new Map(names.map((name, index) => [name, [index, hashLists[index]] as ParsedValue[]]));
    const files = asFileMap(answer);
    expect([...files.keys()]).to.deep.equal(names);
    for (const [index, name] of names.entries()) {
      expect(files.get(name)).to.deep.equal({ version: index, hashList: hashLists[index] });
    }
    expect(asFileMap(new Map())).to.deep.equal(new Map());
  });

  it('keeps a file called __proto__ a file', () => {
    expect(asFileMap(new Map([['__proto__', [1, []]]])).get('__proto__')).to.deep.equal({
      version: 1,
      hashList: [],
    });
  });

  it('refuses a file map with anything else in it', () => {
    for (const value of [...foreign, true, 5]) rejects(asFileMap, value);
    for (const info of [null, 1, 'x', [], [1], ['1', []], [null, []], new Map()]) {
      rejects(asFileMap, new Map<string, ParsedValue>([['a', info]]));
    }
  });

  it('takes the status of a server', () => {
    expect(asStatus(new Map(status))).to.deep.equal({
      id: 1,
      address: 'localhost:9001',
      role: 'leader',
      crashed: false,
      lifecycle: 'running',
      term: 3,
      leader: 1,
      votedFor: -1,
      commitIndex: 4,
      lastApplied: 4,
      lastIndex: 5,
      snapshotIndex: 0,
      logLength: 5,
      waitingCalls: 0,
      unreachableFrom: [],
      files: 2,
      uptimeSeconds: 60,
      version: '1.2.3',
      peers: [{ id: 0, address: 'localhost:9000', matchIndex: 4, nextIndex: 5, lastContactMs: -1 }],
    });
  });

  it('takes a status with more in it than it knows', () => {
    expect(asStatus(new Map([...status, ['new', 'member']]))).not.to.have.property('new');
  });

  it('refuses a status in which a number or a text is missing or of another type', () => {
    for (const value of [...foreign, true, 5]) rejects(asStatus, value);
    for (const name of [...status.keys()].filter((member) => member !== 'crashed' && member !== 'peers')) {
      const without = new Map(status);
      without.delete(name);
      rejects(asStatus, without);
      rejects(asStatus, new Map([...status, [name, true]]));
    }
  });

  it('refuses a status with a peer that is none', () => {
    for (const peer of [5, null, new Map(), new Map([['id', 1]])]) {
      rejects(asStatus, new Map<string, ParsedValue>([...status, ['peers', [peer]]]));
    }
  });
});
