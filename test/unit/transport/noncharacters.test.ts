import { expect } from 'chai';
import fc from 'fast-check';
import { decodeCommand, encodeAppend, encodePut, type JsonValue } from '../../../src/stateMachine/command.js';
import { decodeRequest, encodeMessage } from '../../../src/transport/messageCodec.js';
import { carriedByXml, parseMethodCall, serializeMethodCall } from '../../../src/xmlrpc/index.js';
import { anyText } from '../../support/xmlrpcArbitraries.js';

/** The parameter that the method at the other end receives for this text. */
function overXmlRpc(text: string): unknown {
  return parseMethodCall(serializeMethodCall('surfstore.propose', [text])).params[0];
}

/** Texts of characters that neither JSON nor XML likes, noncharacters above all. */
const oddText = fc.oneof(
  anyText,
  fc.string({
    unit: fc.constantFrom('\ufffe', '\uffff', '\\', '"', 'u', '\\ufffe', '\ufffd', '\ud800', '\0', '\x7f'),
  }),
);
const oddValue = fc
  .jsonValue({ stringUnit: fc.constantFrom('\ufffe', '\uffff', '\\', 'a', '\ud83d\ude00') })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

describe('characters that XML cannot carry', () => {
  for (const [name, text] of [
    ['U+FFFE', '\ufffe'],
    ['U+FFFF', '\uffff'],
    ['both after a backslash', '\\\ufffe\\\\\uffff'],
    ['a lone surrogate', '\ud800'],
    ['a control character', '\0\u001b'],
  ] as const) {
    it(`${name} in a command arrives at the peers unchanged`, () => {
      const command = encodePut(text, [text, { [text]: text }], { clientId: text, sequence: 1 });
      const message = {
        type: 'appendEntries',
        from: 0,
        to: 1,
        term: 1,
        prevLogIndex: 0,
        prevLogTerm: 0,
        entries: [{ term: 1, index: 1, kind: 'command', command }],
        leaderCommit: 0,
        hasQuorum: true,
        sequence: 1,
        readRound: 1,
      } as const;
      expect(decodeRequest(String(overXmlRpc(encodeMessage(message))))).to.deep.equal(message);
    });

    it(`${name} in a snapshot arrives at the peers unchanged`, () => {
      const message = {
        type: 'installSnapshot',
        from: 0,
        to: 1,
        term: 1,
        last: { term: 1, index: 1 },
        chunk: 0,
        chunkCount: 1,
        data: JSON.stringify([{ k: text, v: text }]),
        hasQuorum: true,
        sequence: 1,
        readRound: 1,
      } as const;
      expect(decodeRequest(String(overXmlRpc(encodeMessage(message))))).to.deep.equal(message);
    });
  }

  it('in a command that is passed on to the leader are the same there, whatever they are', () => {
    fc.assert(
      fc.property(oddText, fc.array(oddValue), (key, items) => {
        const command = encodeAppend(key, items, { clientId: 'me', sequence: 1 });
        expect(decodeCommand(String(overXmlRpc(carriedByXml(command))))).to.deep.equal(
          decodeCommand(command),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('are all that is spelled in another way: other JSON stays as it is', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        if (!/[\ufffe\uffff]/.test(json)) expect(carriedByXml(json)).to.equal(json);
        expect(JSON.parse(carriedByXml(json))).to.deep.equal(JSON.parse(json));
      }),
    );
    expect(carriedByXml('"\ufffe\uffff\ufffd"')).to.equal('"\\ufffe\\uffff\ufffd"');
  });

  it('would be lost otherwise', () => {
    expect(overXmlRpc('"\ufffe"')).to.equal('"\ufffd"');
  });
});
