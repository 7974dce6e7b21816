import { expect } from 'chai';
import fc from 'fast-check';
import { InputError } from '../../../src/api/keyValueInput.js';
import { SINGLE } from '../../../src/stateMachine/command.js';
import { requestIdFrom, requestIdFromHeader } from '../../../src/api/requestId.js';

describe('api: request ids', () => {
  const headers: readonly (readonly [string, string, number])[] = [
    ['"8e03978e-40d5-43e8-bc93-6894a57f9324"', '8e03978e-40d5-43e8-bc93-6894a57f9324', SINGLE],
    ['8e03978e', '8e03978e', SINGLE],
    ['  "with blanks inside"  ', 'with blanks inside', SINGLE],
    ['"client"; sequence=12', 'client', 12],
    ['client;sequence=9007199254740991', 'client', Number.MAX_SAFE_INTEGER],
    ['"a;sequence=2"', 'a;sequence=2', SINGLE],
  ];
  for (const [header, clientId, sequence] of headers) {
    it(`the header ${header} names request ${sequence} of ${clientId}`, () => {
      expect(requestIdFromHeader(header)).to.deep.equal({ clientId, sequence });
    });
  }

  const wrong = [
    '',
    '""',
    'a b',
    '"a',
    'a"',
    '"a\\"b"',
    '"a", "b"',
    'a; sequence=0',
    'a; sequence=1.5',
    'a; sequence=9007199254740993',
    'a; sequence=',
    'a; other=1',
    `"${'x'.repeat(257)}"`,
    '"\u0007"',
  ];
  for (const header of wrong) {
    it(`the header ${JSON.stringify(header).slice(0, 40)} is refused`, () => {
      expect(() => requestIdFromHeader(header)).to.throw(InputError);
    });
  }

  it('a name in a message is a single request, an object names client and sequence', () => {
    expect(requestIdFrom('once')).to.deep.equal({ clientId: 'once', sequence: SINGLE });
    expect(requestIdFrom({ clientId: 'c', sequence: 7, more: true })).to.deep.equal({
      clientId: 'c',
      sequence: 7,
    });
  });

  it('whatever else comes in its place is refused with an InputError, or read as an id that is well formed', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.record({ clientId: fc.jsonValue(), sequence: fc.jsonValue() })),
        (value) => {
          try {
            const { clientId, sequence } = requestIdFrom(value);
            expect(clientId.length).to.be.within(1, 256);
            expect(Number.isSafeInteger(sequence) && sequence >= SINGLE).to.equal(true);
          } catch (error) {
            expect(error).to.be.instanceOf(InputError);
          }
        },
      ),
    );
  });
});
