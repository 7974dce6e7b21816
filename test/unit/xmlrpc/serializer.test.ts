import { expect } from 'chai';
import fc from 'fast-check';
import {
  escapeText,
  methodResponsePieces,
  parseMethodCall,
  parseMethodResponse,
  PrebuiltXml,
  serializeFault,
  serializeMethodCall,
  serializeMethodResponse,
  serializeValue,
  serializeValuePieces,
  type ParsedValue,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import { anyText, carried, values, xmlText } from '../../support/xmlrpcArbitraries.js';

function readBack(value: XmlRpcValue): ParsedValue {
  const response = parseMethodResponse(serializeMethodResponse(value), { depthMax: 1000 });
  if ('fault' in response) throw response.fault;
  return response.value;
}

describe('XML-RPC serializer', () => {
  describe('the dialect that is written', () => {
    const dialect: [title: string, value: XmlRpcValue, xml: string][] = [
      ['an integer of 32 bits is an int', 2147483647, '<int>2147483647</int>'],
      ['the smallest int is an int', -2147483648, '<int>-2147483648</int>'],
      ['minus zero is zero', -0, '<int>0</int>'],
      ['an integer above 32 bits is an i8', 2147483648, '<i8>2147483648</i8>'],
      ['an integer below 32 bits is an i8', -2147483649, '<i8>-2147483649</i8>'],
      ['a small bigint is an int', 5n, '<int>5</int>'],
      ['a large bigint is an i8', 9223372036854775807n, '<i8>9223372036854775807</i8>'],
      ['a bigint beyond 64 bits is a string', 2n ** 63n, '<string>9223372036854775808</string>'],
      ['a large whole number is an i8 with all its digits', 2 ** 62, '<i8>4611686018427387904</i8>'],
      ['a fraction is a string', 1.5, '<string>1.5</string>'],
      ['a number that is none is a string', NaN, '<string>NaN</string>'],
      ['an infinite number is a string', -Infinity, '<string>-Infinity</string>'],
      ['true is 1', true, '<boolean>1</boolean>'],
      ['false is 0', false, '<boolean>0</boolean>'],
      ['a string has its type', 'a', '<string>a</string>'],
      ['an empty string too', '', '<string></string>'],
      [
        'markup is escaped',
        '<a href="b">&c;]]></a>',
        '<string>&lt;a href="b"&gt;&amp;c;]]&gt;&lt;/a&gt;</string>',
      ],
      ['a carriage return is a reference', 'a\r\nb', '<string>a&#13;\nb</string>'],
      [
        'what XML cannot carry is U+FFFD',
        'a\u0000b\ud800c\uffffd',
        '<string>a\ufffdb\ufffdc\ufffdd</string>',
      ],
      ['a surrogate pair stays', '\u{1f600}', '<string>\u{1f600}</string>'],
      ['bytes are base64 in one line', new Uint8Array(60).fill(255), `<base64>${'/'.repeat(80)}</base64>`],
      [
        'part of a buffer is only that part',
        new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
        '<base64>AgM=</base64>',
      ],
      [
        'an array has data',
        ['a', 1],
        '<array><data><value><string>a</string></value><value><int>1</int></value></data></array>',
      ],
      ['an empty array has data', [], '<array><data></data></array>'],
      [
        'a struct has its members in order',
        new Map<string, XmlRpcValue>([
          ['<b>', 1],
          ['__proto__', []],
        ]),
        '<struct><member><name>&lt;b&gt;</name><value><int>1</int></value></member>' +
          '<member><name>__proto__</name><value><array><data></data></array></value></member></struct>',
      ],
      ['an empty struct has no members', new Map(), '<struct></struct>'],
    ];
    for (const [title, value, xml] of dialect) {
      it(title, () => expect(serializeValue(value)).to.equal(`<value>${xml}</value>`));
    }

    it('ready-made XML is written as it is', () => {
      const ready = new PrebuiltXml(() => ['<value>', 'a', '</value>']);
      expect(serializeValue([ready, 1])).to.equal(
        '<value><array><data><value>a</value><value><int>1</int></value></data></array></value>',
      );
    });

    it('a call, a response and a fault have a header and no white space between tags', () => {
      expect(serializeMethodCall('a<', [1, ''])).to.equal(
        '<?xml version="1.0"?><methodCall><methodName>a&lt;</methodName><params><param><value><int>1</int></value></param>' +
          '<param><value><string></string></value></param></params></methodCall>',
      );
      expect(serializeMethodResponse(true)).to.equal(
        '<?xml version="1.0"?><methodResponse><params><param><value><boolean>1</boolean></value></param></params></methodResponse>',
      );
      expect(serializeFault(-32601, 'no <x>')).to.equal(
        '<?xml version="1.0"?><methodResponse><fault><value><struct><member><name>faultCode</name><value><int>-32601</int>' +
          '</value></member><member><name>faultString</name><value><string>no &lt;x&gt;</string></value></member></struct>' +
          '</value></fault></methodResponse>',
      );
    });
  });

  describe('the serializer', () => {
    it('writes every text so that it is read again, less what XML cannot carry', () => {
      fc.assert(
        fc.property(anyText, (text) => {
          expect(readBack(text)).to.equal(carried(text));
          expect(readBack(new Map([[text, text]]))).to.deep.equal(new Map([[carried(text), carried(text)]]));
        }),
        { numRuns: 2000 },
      );
    });

    it('writes every value so that the same value is read', () => {
      fc.assert(
        fc.property(values(xmlText), (value) => {
          expect(readBack(value)).to.deep.equal(value);
        }),
      );
    });

    it('writes every call so that the same call is read', () => {
      fc.assert(
        fc.property(fc.array(values(xmlText)), (params) => {
          expect(parseMethodCall(serializeMethodCall('m', params))).to.deep.equal({
            methodName: 'm',
            params,
          });
        }),
      );
    });

    it('writes every number and every bigint as something', () => {
      fc.assert(
        fc.property(fc.oneof(fc.double(), fc.bigInt()), (number) => {
          const read = readBack(number) as string | number | bigint;
          expect(String(read) === String(number) || Number(read) === Number(number)).to.equal(true);
        }),
      );
    });

    it('returns a text with nothing to escape as it is', () => {
      fc.assert(
        fc.property(xmlText, (text) => {
          if (!/[&<>\r]/.test(text)) expect(escapeText(text)).to.equal(text);
        }),
      );
    });

    it('says so in place of what is nested deeper than 512 levels, and so survives a value that holds itself', () => {
      const nested = (depth: number): XmlRpcValue => (depth === 0 ? 'end' : [nested(depth - 1)]);
      expect(serializeValue(nested(512))).to.include('<string>end</string>');
      expect(serializeValue(nested(513)))
        .to.include('<string>[nested too deeply]</string>')
        .and.not.include('end');
      const endless: XmlRpcValue[] = [];
      endless.push(endless);
      expect(serializeValue(endless)).to.include('[nested too deeply]');
    });

    it('takes what is no value of XML-RPC for a string', () => {
      for (const value of [null, undefined, {}, Symbol('a')] as unknown as XmlRpcValue[]) {
        expect(serializeValue(value)).to.equal('<value><string>[not a value of XML-RPC]</string></value>');
      }
    });
  });

  describe('pieces', () => {
    const map = new Map(
      Array.from({ length: 2000 }, (_, index): [string, XmlRpcValue] => [
        `file${index}`,
        [index, ['a'.repeat(64)]],
      ]),
    );

    it('make the same text as the whole', () => {
      expect([...methodResponsePieces(map)].join('')).to.equal(serializeMethodResponse(map));
      expect([...serializeValuePieces(map)].join('')).to.equal(serializeValue(map));
    });

    it('are about 16 KiB long', () => {
      const lengths = [...methodResponsePieces(map)].map((piece) => piece.length);
      expect(lengths.length).to.be.greaterThan(10);
      expect(Math.max(...lengths)).to.be.lessThan(17 * 1024);
      expect(Math.min(...lengths.slice(0, -1))).to.be.at.least(16 * 1024);
    });

    it('are only made when they are asked for, and whoever makes them is told when no more are', () => {
      let made = 0;
      let ended = false;
      function* make(): Generator<string> {
        try {
          for (; ; made += 1) yield 'a'.repeat(1024);
        } finally {
          ended = true;
        }
      }
      const pieces = serializeValuePieces([new PrebuiltXml(make)])[Symbol.iterator]();
      expect(made).to.equal(0);
      pieces.next();
      expect(made).to.be.within(15, 17);
      expect(ended).to.equal(false);
      pieces.return?.();
      expect(ended).to.equal(true);
    });
  });
});
