import { expect } from 'chai';
import fc from 'fast-check';
import { hashListFromXml, hashListToXml } from '../../../src/api/hashListXml.js';
import type { HashList } from '../../../src/stateMachine/command.js';
import {
  CALL_LIMITS,
  parseMethodCall,
  parseMethodResponse,
  serializeMethodCall,
  serializeMethodResponse,
  XmlRpcDateTime,
  XmlRpcDouble,
  XmlRpcFault,
  type ParsedValue,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import { values, xmlText } from '../../support/xmlrpcArbitraries.js';
import { faultOf, Service } from './service.js';

/** Everything on its way: read from a call, replicated as JSON, written in an answer and read by the client. */
function thereAndBack(sent: XmlRpcValue): ParsedValue {
  const [received] = parseMethodCall(serializeMethodCall('m', [sent])).params;
  const replicated = JSON.parse(JSON.stringify(hashListFromXml(received ?? null))) as HashList;
  const answer = parseMethodResponse(serializeMethodResponse(hashListToXml(replicated)));
  if (!('value' in answer)) throw answer.fault;
  return answer.value;
}

const beyondDouble = fc
  .bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n })
  .chain((size) => fc.constantFrom(size, -size));

describe('api: a hash list comes back as it was sent', () => {
  const examples: Readonly<Record<string, XmlRpcValue>> = {
    'an array of strings': ['9f86d081', '', 'a'.repeat(1000)],
    'the tombstone ["0"]': ['0'],
    'the tombstone "0"': '0',
    'the tombstone 0': 0,
    'an empty array': [],
    'an empty string': '',
    'the ints of the testers': [1, 2, 3],
    'ints to the ends of 32 bits': [-(2 ** 31), 2 ** 31 - 1],
    'ints beyond 32 bits': [2 ** 31, -(2 ** 40), Number.MAX_SAFE_INTEGER],
    'ints beyond 2^53': [2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)],
    'a bare int beyond 2^53': 2n ** 60n + 1n,
    booleans: [true, false],
    'a bare false': false,
    base64: [Buffer.from([0, 255, 10, 13]), Buffer.alloc(0)],
    'bare base64': Buffer.from('bytes'),
    'nested arrays': [['a', ['b', []]], []],
    'mixed types in their order': ['1', 1, true, Buffer.from('1'), ['1'], new Map([['1', 1]])],
    'a struct': new Map<string, XmlRpcValue>([
      ['z', 1],
      ['a', ['x']],
    ]),
    'doubles, with the text that they had': [
      new XmlRpcDouble(1e5, '1e5'),
      new XmlRpcDouble(Infinity, '1e999'),
    ],
    'a bare double': new XmlRpcDouble(0.5, '.50'),
    'an empty struct': new Map(),
    'a struct with a member __proto__': new Map<string, XmlRpcValue>([
      ['__proto__', new Map([['polluted', true]])],
      ['constructor', 1],
      ['toString', 'x'],
    ]),
    'a struct whose members are the words of our own form': [
      new Map<string, XmlRpcValue>([['base64', 'AAAA']]),
      new Map<string, XmlRpcValue>([['i8', '5']]),
      new Map<string, XmlRpcValue>([['struct', []]]),
    ],
    'markup and line ends': ['<a>&amp;</a>', ']]>', '\r\n\t ', '"\\'],
  };
  for (const [what, value] of Object.entries(examples)) {
    it(what, () => {
      expect(thereAndBack(value)).to.deep.equal(value);
    });
  }

  it('members of a struct in their order', () => {
    const sent = new Map<string, XmlRpcValue>(['b', '2', 'a', '1'].map((name) => [name, name]));
    expect([...(thereAndBack(sent) as Map<string, ParsedValue>).keys()]).to.deep.equal(['b', '2', 'a', '1']);
  });

  it('any value at all that can be sent', () => {
    const texts = fc.oneof(xmlText, fc.constantFrom('__proto__', 'base64', 'i8', 'struct'));
    const sendable = fc.oneof(values(texts), fc.array(beyondDouble, { maxLength: 3 }), beyondDouble);
    fc.assert(
      fc.property(sendable, (value) => {
        expect(thereAndBack(value)).to.deep.equal(value);
      }),
      { numRuns: 500 },
    );
  });

  it('and leaves every prototype as it was', () => {
    thereAndBack(new Map([['__proto__', new Map([['polluted', 'yes']])]]));
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });

  it('through an update and a listing too', async () => {
    const service = await Service.leading();
    const sent: ParsedValue[] = [
      ['h'],
      '0',
      0,
      false,
      [],
      2n ** 60n,
      Buffer.from('b'),
      new Map([['__proto__', 1]]),
    ];
    for (const [index, value] of sent.entries()) {
      expect(await service.call('updatefile', `file${index}`, 1, value)).to.equal(true);
    }
    const answer = parseMethodResponse(serializeMethodResponse(await service.call('getfileinfomap')));
    expect(answer).to.deep.equal({
      value: new Map(sent.map((value, index) => [`file${index}`, [1, value] as ParsedValue[]])),
    });
  });

  it('nested as deeply as a call may be, in a listing that a client of ours can read', async () => {
    const deepest = (levels: number): XmlRpcValue => (levels === 0 ? 'h' : [deepest(levels - 1)]);
    const service = await Service.leading();
    const [received = null] = parseMethodCall(
      serializeMethodCall('m', [deepest(CALL_LIMITS.depthMax)]),
    ).params;
    const updated = await service.call('updatefile', 'deep', 1, received).catch((error: unknown) => error);
    if (updated instanceof XmlRpcFault) {
      // To refuse it would do as well.
      expect(updated.faultCode).to.equal(-32602);
      return;
    }
    const answer = parseMethodResponse(serializeMethodResponse(await service.call('getfileinfomap')));
    expect(answer).to.have.property('value');
  });
});

describe('api: a hash list with what cannot be written back', () => {
  const unwritable: [string, ParsedValue][] = [
    ['nil', null],
    ['dateTime.iso8601', new XmlRpcDateTime('20240229T12:00:00')],
  ];
  for (const [type, value] of unwritable) {
    it(`${type} is refused, at any depth, with its type`, async () => {
      for (const sent of [value, [value], ['a', [[value]]], new Map([['member', value]])]) {
        const fault = await faultOf(() => hashListFromXml(sent));
        expect(fault.faultCode).to.equal(-32602);
        expect(fault.faultString).to.contain(`${type} is not supported`).and.contain('a hash list holds');
      }
    });
  }

  it('is not stored', async () => {
    const service = await Service.leading();
    expect((await service.fault('updatefile', 'a', 1, ['h', null])).faultCode).to.equal(-32602);
    expect(await service.call('tester_getversion', 'a')).to.equal(0);
  });
});
