import { expect } from 'chai';
import fc from 'fast-check';
import { decodeBody } from '../../../src/xmlrpc/encoding.js';
import { parseMethodCall, parseMethodResponse } from '../../../src/xmlrpc/parser.js';
import { serializeMethodCall, serializeMethodResponse } from '../../../src/xmlrpc/writer.js';
import { readStringCall, readStringResponse } from '../../../src/xmlrpc/stringCall.js';
import { anyText } from '../../support/xmlrpcArbitraries.js';

const CALL = 'text/xml';
const RESPONSE = 'text/xml; charset=utf-8';

/** The value, or `refused`. */
function outcomeOf<T>(read: () => T): T | 'refused' {
  try {
    return read();
  } catch {
    return 'refused';
  }
}

/** One change of the bytes: some are put in the place of some others. */
const change = fc.record({
  at: fc.nat(400),
  drop: fc.nat(8),
  put: fc.oneof(
    fc.constantFrom(
      '<',
      '>',
      '&',
      '&amp;',
      '&#13;',
      '&#9;',
      ']]>',
      '\r',
      '\n',
      '\0',
      ' ',
      '</string>',
      '<!--',
    ),
    fc
      .constantFrom('\ufffe', '\u{1f600}', '\ufffd', '\u007f', '\u0085')
      .map((text) => Buffer.from(text).toString('latin1')),
    fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  ),
});

function changed(bytes: Buffer, { at, drop, put }: { at: number; drop: number; put: string }): Buffer {
  const from = Math.min(at, bytes.length);
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(put, 'latin1'), bytes.subarray(from + drop)]);
}

describe('XML-RPC: documents of one string, which are read without parsing them', () => {
  it('are recognised as servers send them', () => {
    const message = JSON.stringify({
      type: 'appendEntries',
      entries: [{ command: '<a href="x">&</a>\r\n' }],
    });
    const call = Buffer.from(serializeMethodCall('surfstore.appendEntries', [message]));
    expect(readStringCall(call, CALL)).to.deep.equal({
      methodName: 'surfstore.appendEntries',
      params: [message],
    });
    expect(readStringResponse(Buffer.from(serializeMethodResponse(message)), RESPONSE)).to.equal(message);
  });

  it('mean the same to the parser, or are left to it, however they are changed', () => {
    const texts = fc.oneof(anyText, fc.json());
    fc.assert(
      fc.property(texts, fc.array(change, { maxLength: 2 }), (text, changes) => {
        const call = changes.reduce(changed, Buffer.from(serializeMethodCall('a.b', [text])));
        const read = readStringCall(call, CALL);
        if (read !== null)
          expect(outcomeOf(() => parseMethodCall(decodeBody(call, CALL)))).to.deep.equal(read);
        const response = changes.reduce(changed, Buffer.from(serializeMethodResponse(text)));
        const value = readStringResponse(response, RESPONSE);
        if (value !== null)
          expect(outcomeOf(() => parseMethodResponse(decodeBody(response, RESPONSE)))).to.deep.equal({
            value,
          });
      }),
      { numRuns: 20_000 },
    );
  });

  it('are left to the parser in another encoding, and with other parameters', () => {
    const call = Buffer.from(serializeMethodCall('m', ['text']));
    expect(readStringCall(call, CALL)).not.to.equal(null);
    expect(readStringCall(call, 'text/xml; charset=iso-8859-1')).to.equal(null);
    expect(readStringCall(Buffer.from(serializeMethodCall('m', ['a', 'b'])), CALL)).to.equal(null);
    expect(readStringCall(Buffer.from(serializeMethodCall('m', [1])), CALL)).to.equal(null);
    expect(readStringResponse(Buffer.from(serializeMethodResponse(true)), RESPONSE)).to.equal(null);
  });
});
