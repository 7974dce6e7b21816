import { expect } from 'chai';
import fc from 'fast-check';
import { ServiceError } from '../../../src/node/errors.js';
import type { RequestMessage } from '../../../src/raft/types.js';
import {
  parseMethodResponse,
  serializeMethodResponse,
  XmlRpcFault,
  type ParsedValue,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import { nobody, parsedValues, Service } from './service.js';

type End = { readonly value: XmlRpcValue } | { readonly error: unknown };

async function endOf(action: () => XmlRpcValue | Promise<XmlRpcValue>): Promise<End> {
  try {
    return { value: await action() };
  } catch (error) {
    return { error };
  }
}

/** Parameters in the number that a method takes, or any number of them. */
function paramsFor(count: number): fc.Arbitrary<ParsedValue[]> {
  const value = fc.oneof({ weight: 3, arbitrary: parsedValues }, { weight: 1, arbitrary: methodLike });
  return fc.oneof(
    { weight: 4, arbitrary: fc.array(value, { minLength: count, maxLength: count }) },
    { weight: 1, arbitrary: fc.array(value, { maxLength: 5 }) },
  );
}

/** Values that get further than most: names of methods, hash lists, the calls of a multicall. */
const methodLike: fc.Arbitrary<ParsedValue> = fc.oneof(
  fc.constantFrom('ping', 'system.listMethods', 'crash', '{}', '[]', 'null'),
  fc.array(fc.constantFrom<ParsedValue>('0', 'a'.repeat(64)), { maxLength: 3 }),
  fc.constantFrom(1, 2, 0, -1),
  fc.array(
    fc
      .tuple(fc.constantFrom('ping', 'updatefile', 'nothing', ''), fc.array(parsedValues, { maxLength: 3 }))
      .map(
        ([methodName, params]) =>
          new Map<string, ParsedValue>([
            ['methodName', methodName],
            ['params', params],
          ]),
      ),
    { maxLength: 3 },
  ),
);

describe('api: whatever a method is called with', () => {
  const { methods } = new Service().surface;

  for (const { name, parameters } of methods) {
    it(`${name} gives a value that can be written, a fault or an error of the table`, async () => {
      await fc.assert(
        fc.asyncProperty(paramsFor(parameters.length), async (params) => {
          const service = await Service.leading();
          const end = await endOf(() => service.surface.find(name).invoke(params, nobody));
          if ('error' in end) {
            expect(end.error).to.satisfy(
              (error: unknown) => error instanceof XmlRpcFault || error instanceof ServiceError,
            );
          } else {
            expect(parseMethodResponse(serializeMethodResponse(end.value))).to.have.property('value');
          }
        }),
        { numRuns: 60 },
      );
    });
  }

  it('a call by name ends in a value or in a fault, never in another error', async () => {
    const anyName = fc.oneof(fc.constantFrom(...methods.map(({ name }) => name)), fc.string());
    await fc.assert(
      fc.asyncProperty(anyName, paramsFor(1), async (name, params) => {
        const service = await Service.leading();
        const end = await endOf(() => service.surface.call(name, params, nobody));
        if ('error' in end) expect(end.error).to.be.instanceOf(XmlRpcFault);
      }),
      { numRuns: 200 },
    );
  });

  it('a message between servers with any numbers in it is answered or refused, and the node lives on', async () => {
    const number = fc.oneof(fc.nat(4), fc.maxSafeInteger());
    const request: fc.Arbitrary<unknown> = fc.record({
      type: fc.constantFrom('preVote', 'requestVote', 'appendEntries', 'appendEntriesResponse', 'other'),
      from: number,
      to: number,
      term: number,
      lastLogIndex: number,
      lastLogTerm: number,
      prevLogIndex: number,
      prevLogTerm: number,
      entries: fc.array(
        fc.record({ term: number, index: number, kind: fc.constant('command'), command: fc.string() }),
        { maxLength: 2 },
      ),
      leaderCommit: number,
      hasQuorum: fc.boolean(),
      sequence: number,
      readRound: number,
    });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('appendEntries', 'requestVote'), request, async (name, message) => {
        const service = new Service();
        const end = await endOf(() => service.surface.call(name, [JSON.stringify(message)], nobody));
        if ('error' in end) expect(end.error).to.be.instanceOf(XmlRpcFault);
        else expect(end.value).to.be.a('string');
        expect(service.node.status.lifecycle).to.equal('running');
      }),
      { numRuns: 300 },
    );
  });

  it('a message that a server would not send is refused with what is wrong with it', async () => {
    const service = new Service();
    const good: RequestMessage = {
      type: 'preVote',
      from: 1,
      to: 0,
      term: 1,
      lastLogIndex: 0,
      lastLogTerm: 0,
    };
    for (const [message, text] of [
      ['', 'message: not JSON'],
      ['[]', 'message: message is not an object'],
      ['{}', 'message: type is not that of a request'],
      [JSON.stringify({ ...good, term: -1 }), 'message: term is not a whole number'],
      [JSON.stringify({ ...good, from: '1' }), 'message: from is not a whole number'],
    ] as const) {
      const fault = await service.fault('requestVote', message);
      expect(fault.faultCode).to.equal(-32602);
      expect(fault.faultString).to.contain(text);
    }
    expect(await service.call('requestVote', JSON.stringify(good))).to.match(/^\{"type":"preVoteResponse"/);
  });
});
