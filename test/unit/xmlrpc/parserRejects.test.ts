import { expect } from 'chai';
import fc from 'fast-check';
import { parseMethodCall, XmlRpcParseError, type ParserLimits } from '../../../src/xmlrpc/index.js';

const valued = (content: string): string =>
  `<methodCall><methodName>m</methodName><params><param>${content}</param></params></methodCall>`;
const typed = (content: string): string => valued(`<value>${content}</value>`);

function failure(text: string, limits?: Partial<ParserLimits>): XmlRpcParseError {
  try {
    parseMethodCall(text, limits);
  } catch (error) {
    if (error instanceof XmlRpcParseError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text.slice(0, 200)}`);
}

describe('XML-RPC parser: what it refuses', () => {
  describe('the parser refuses as not well-formed (-32700)', () => {
    const documents: [title: string, text: string, message: RegExp][] = [
      ['nothing', '', /no root element/],
      ['white space alone', ' \n', /no root element/],
      ['text', 'hello', /text before the root element/],
      ['JSON', '{"jsonrpc": "2.0"}', /text before the root element/],
      ['an unclosed root', '<methodCall>', /ends too early/],
      ['a document cut inside a tag', '<methodCall><methodNam', /a tag has no end/],
      ['a document cut inside a text', '<methodCall><methodName>abc', /ends too early/],
      ['a lone <', '<', /a tag has no end/],
      ['a tag without a name', '<>', /no valid name/],
      ['a tag whose name is a number', typed('<1>x</1>'), /no valid name/],
      ['a mismatched end tag', typed('<int>1</i4>'), /<int> is not closed by <\/int>/],
      ['an end tag that goes on', typed('<int>1</integer>'), /<int> is not closed/],
      ['an end tag without an end', '<methodCall><methodName>m</methodName', /is not closed/],
      ['text after the root', '<methodCall><methodName>m</methodName></methodCall>x', /something follows/],
      ['a second root', '<methodCall><methodName>m</methodName></methodCall><a/>', /something follows/],
      ['an unknown entity', typed('<string>&nbsp;</string>'), /reference/],
      ['a lone &', typed('<string>a & b</string>'), /reference/],
      ['a reference without an end', typed('<string>&lt</string>'), /reference/],
      ['a reference of a thousand digits', typed(`&#${'0'.repeat(1000)}65;`), /reference/],
      ['an empty reference', typed('&;'), /reference/],
      ['a numeric reference without digits', typed('&#;'), /reference/],
      ['a hexadecimal reference with a capital X', typed('&#X41;'), /reference/],
      ['a reference to a control character', typed('&#1;'), /reference/],
      ['a reference to zero', typed('&#0;'), /reference/],
      ['a reference to a surrogate', typed('&#xD800;'), /reference/],
      ['a reference to a low surrogate', typed('&#56832;'), /reference/],
      ['surrogates the wrong way round', typed('&#56832;&#55357;'), /reference/],
      ['surrogates apart', typed('&#55357; &#56832;'), /reference/],
      ['two high surrogates and a low one', typed('&#55357;&#55357;&#56832;'), /reference/],
      ['surrogates with the end of the text between them', `${typed('&#55357;')}&#56832;`, /reference/],
      ['a reference to U+FFFE', typed('&#xFFFE;'), /reference/],
      ['a reference beyond Unicode', typed('&#x110000;'), /reference/],
      ['a control character', typed('a\u0001b'), /cannot carry the character/],
      ['a zero character', typed('a\u0000b'), /cannot carry the character/],
      ['a vertical tab', typed('a\u000bb'), /cannot carry the character/],
      ['a high surrogate alone', typed('a\ud800b'), /cannot carry the character/],
      ['a low surrogate alone', typed('a\udc00b'), /cannot carry the character/],
      ['U+FFFE', typed('\ufffe'), /cannot carry the character/],
      ['U+FFFF', typed('\uffff'), /cannot carry the character/],
      ['a control character in a comment', '<!-- \u0002 --><methodCall/>', /cannot carry/],
      ['a ]]> outside of CDATA', typed('<string>a]]>b</string>'), /outside of CDATA/],
      ['CDATA without an end', typed('<![CDATA[abc'), /CDATA section has no end/],
      ['a comment without an end', '<!-- abc', /comment has no end/],
      ['a comment with two hyphens', '<!-- a -- b --><methodCall/>', /comment holds --/],
      ['a comment that ends in three hyphens', '<!-- a ---><methodCall/>', /comment holds --/],
      ['an instruction without an end', '<?abc ', /instruction has no end/],
      ['an instruction without a name', '<? abc ?>', /no valid name/],
      ['an XML declaration that is not first', ' <?xml version="1.0"?><methodCall/>', /wrong place/],
      ['an XML declaration without a version', '<?xml encoding="UTF-8"?><methodCall/>', /not a valid one/],
      ['an XML declaration of version 2', '<?xml version="2.0"?><methodCall/>', /not a valid one/],
      [
        'an XML declaration with more than it may have',
        '<?xml version="1.0" a="b"?><methodCall/>',
        /not a valid/,
      ],
      ['an XML declaration without an end', '<?xml version="1.0" ><methodCall/>', /no end/],
      ['a document type inside the root', '<methodCall><!DOCTYPE a></methodCall>', /not.*allowed here/],
      ['a declaration in a text', typed('a<!ENTITY b "c">'), /not.*allowed here/],
      ['an attribute without a value', typed('<int a>1</int>'), /attribute has no value/],
      ['an attribute without quotation marks', typed('<int a=1>1</int>'), /quotation marks/],
      ['an attribute without an end', typed('<int a="1>1</int>'), /has no end/],
      ['an attribute with a <', typed('<int a="<">1</int>'), /holds a </],
      ['an attribute with a bad reference', typed('<int a="&b;">1</int>'), /reference/],
      ['an attribute twice', typed('<int a="1" a="2">1</int>'), /given twice/],
      ['attributes that touch', typed('<int a="1"b="2">1</int>'), /white space is missing/],
      ['a / in the middle of a tag', typed('<int / >1</int>'), /a tag has no end/],
    ];
    for (const [title, text, message] of documents) {
      it(title, () => {
        const error = failure(text);
        expect(error.message).to.match(message);
        expect(error.faultCode).to.equal(-32700);
      });
    }
  });

  describe('the parser refuses as invalid (-32600)', () => {
    const documents: [title: string, text: string, message: RegExp][] = [
      ['another root', '<html></html>', /<html> stands where <methodCall> is expected/],
      ['a response in place of a call', '<methodResponse/>', /<methodCall> is expected/],
      ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><methodCall/>', /document type is not accepted/],
      ['no method name', '<methodCall/>', /<methodName> is missing/],
      ['an empty method name', '<methodCall><methodName> </methodName></methodCall>', /name is empty/],
      ['params before the name', '<methodCall><params/></methodCall>', /<params> stands where <methodName>/],
      ['params twice', '<methodCall><methodName>m</methodName><params/><params/></methodCall>', /too many/],
      [
        'a value outside of a param',
        '<methodCall><methodName>m</methodName><value/></methodCall>',
        /<params> is exp/,
      ],
      [
        'a fault in a call',
        '<methodCall><methodName>m</methodName><fault></fault></methodCall>',
        /<fault> stands/,
      ],
      ['a param without a value', valued(''), /<value> is missing/],
      ['a param with two values', valued('<value/><value/>'), /too many/],
      ['text between tags', valued('x<value/>'), /text where only elements/],
      ['CDATA between tags', valued('<![CDATA[ ]]><value/>'), /text where only elements/],
      ['a reference between tags', valued('&#32;<value/>'), /text where only elements/],
      ['an unknown type', typed('<float>1</float>'), /<float> stands where a type of XML-RPC/],
      ['a type in capitals', typed('<INT>1</INT>'), /<INT> stands/],
      ['text before a type', typed('a<int>1</int>'), /both text and an element/],
      ['text after a type', typed('<int>1</int>a'), /text where only elements/],
      ['two types', typed('<int>1</int><int>2</int>'), /too many/],
      ['an element in a string', typed('<string>a<b/></string>'), /too many/],
      [
        'an i1 beyond 8 bits',
        valued('<value><i1>128</i1></value>'),
        /<i1> does not hold an integer of 8 bits/,
      ],
      ['an i2 beyond 16 bits', valued('<value><ex:i2>-32769</ex:i2></value>'), /an integer of 16 bits/],
      [
        'a biginteger beyond 64 bits',
        valued('<value><ex:biginteger>9223372036854775808</ex:biginteger></value>'),
        /an integer of 64 bits/,
      ],
      ['an int that is a word', typed('<int>one</int>'), /an integer of 32 bits/],
      ['an empty int', typed('<int/>'), /an integer of 32 bits/],
      ['an int that is only a sign', typed('<int>-</int>'), /an integer/],
      ['an int with two signs', typed('<int>+-1</int>'), /an integer/],
      ['an int with a fraction', typed('<int>1.0</int>'), /an integer/],
      ['an int with a space inside', typed('<int>1 2</int>'), /an integer/],
      ['an int in hexadecimal', typed('<int>0x1</int>'), /an integer/],
      ['an int above 32 bits', typed('<int>2147483648</int>'), /32 bits/],
      ['an i4 below 32 bits', typed('<i4>-2147483649</i4>'), /32 bits/],
      ['an i8 above 64 bits', typed('<i8>9223372036854775808</i8>'), /64 bits/],
      ['an i8 below 64 bits', typed('<i8>-9223372036854775809</i8>'), /64 bits/],
      ['an i8 of a million digits', typed(`<i8>${'9'.repeat(1e6)}</i8>`), /64 bits/],
      ['a boolean of 2', typed('<boolean>2</boolean>'), /a boolean/],
      ['an empty boolean', typed('<boolean/>'), /a boolean/],
      ['a double that is not a number', typed('<double>NaN</double>'), /a decimal number/],
      ['a double that is only a point', typed('<double>.</double>'), /a decimal number/],
      [
        'a double of a million digits and a letter',
        typed(`<double>${'1'.repeat(1e6)}a</double>`),
        /a decimal/,
      ],
      ['a date in words', typed('<dateTime.iso8601>today</dateTime.iso8601>'), /a date/],
      ['base64 of another alphabet', typed('<base64>AA-_</base64>'), /does not hold base64/],
      ['base64 without its padding', typed('<base64>AAE</base64>'), /does not hold base64/],
      ['base64 with padding in the middle', typed('<base64>AA==AAAA</base64>'), /does not hold base64/],
      ['base64 with too much padding', typed('<base64>A===</base64>'), /does not hold base64/],
      ['nil with something in it', typed('<nil>a</nil>'), /text where only elements/],
      ['an array without data', typed('<array></array>'), /<data> is missing/],
      ['an array with two data', typed('<array><data/><data/></array>'), /too many/],
      ['an array with bare types', typed('<array><data><int>1</int></data></array>'), /<value> is expected/],
      ['a struct with bare values', typed('<struct><value/></struct>'), /<member> is expected/],
      ['a member without a name', typed('<struct><member><value/></member></struct>'), /<name> is expected/],
      [
        'a member without a value',
        typed('<struct><member><name>a</name></member></struct>'),
        /<value> is missing/,
      ],
    ];
    for (const [title, text, message] of documents) {
      it(title, () => {
        const error = failure(text);
        expect(error.message).to.match(message);
        expect(error.faultCode).to.equal(-32600);
      });
    }
  });

  describe('the limits of the parser', () => {
    const nested = (depth: number): string =>
      typed('<array><data><value>'.repeat(depth) + '</value></data></array>'.repeat(depth));

    it('refuse what is nested deeper than the depth allowed', () => {
      expect(failure(nested(65)).message).to.match(/deeper than 64 levels/);
      expect(failure(nested(3), { depthMax: 2 }).message).to.match(/deeper than 2 levels/);
      expect(parseMethodCall(nested(2), { depthMax: 2 }).params).to.have.length(1);
    });

    it('protect the stack whatever depth is asked for', () => {
      expect(failure(nested(100_000), { depthMax: Infinity }).message).to.match(/deeper than 1000 levels/);
      expect(parseMethodCall(nested(1000), { depthMax: Infinity }).params).to.have.length(1);
    });

    it('refuse more elements than allowed', () => {
      const text = typed('<array><data><value/><value/></data></array>');
      expect(parseMethodCall(text, { elementsMax: 9 }).params).to.deep.equal([['', '']]);
      expect(failure(text, { elementsMax: 8 }).message).to.match(/more than 8 elements/);
      expect(failure(text, { elementsMax: 8 }).faultCode).to.equal(-32600);
    });

    it('refuse a longer string than allowed, whether it has a type or not', () => {
      expect(parseMethodCall(typed('abc'), { stringLengthMax: 3 }).params).to.deep.equal(['abc']);
      expect(failure(typed('abcd'), { stringLengthMax: 3 }).message).to.match(/longer than 3 characters/);
      expect(failure(typed('<string>abcd</string>'), { stringLengthMax: 3 }).faultCode).to.equal(-32600);
    });
  });

  describe('the message of a parse error', () => {
    it('says line and column', () => {
      const error = failure('<methodCall>\r\n  <methodName>m</methodName>\r\n  <parms/>\r\n</methodCall>');
      expect(error.message).to.equal('<parms> stands where <params> is expected (line 3, column 11)');
      expect(failure('<methodCall>\n\n  \u0001').message).to.match(/\(line 3, column 3\)$/);
      expect(failure('').message).to.match(/\(line 1, column 1\)$/);
    });

    it('shows no more than the beginning of a long name', () => {
      expect(failure(`<${'a'.repeat(100_000)}>`).message.length).to.be.lessThan(200);
    });
  });

  describe('whatever the document', () => {
    const seeds = [
      typed('<struct><member><name>a</name><value><int>12</int></value></member></struct>'),
      typed(
        '<array><data><value><string>a&lt;b&#13;</string></value><value><base64>AAEC</base64></value></data></array>',
      ),
      `<?xml version="1.0"?>${typed('<![CDATA[x]]><!-- y -->')}`,
      typed('<array><data><value><i8>99999999999</i8></value><value><nil/></value><value/></data></array>'),
    ];
    const snippets = fc.constantFrom(
      '<',
      '>',
      '/',
      '&',
      ';',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '"',
      '\u0000',
    );
    const mutation = fc.record({
      at: fc.nat(400),
      remove: fc.nat(12),
      insert: fc.oneof(snippets, fc.constant(''), fc.string({ unit: 'binary', maxLength: 3 })),
    });
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(mutation, { maxLength: 4 }), fc.option(fc.nat(400)))
      .map(([seed, mutations, cut]) => {
        let text = seed;
        for (const { at, remove, insert } of mutations)
          text = text.slice(0, at) + insert + text.slice(at + remove);
        return cut === null ? text : text.slice(0, cut);
      });

    it('only an XmlRpcParseError comes out of the parser (10,000 broken documents)', () => {
      fc.assert(
        fc.property(mutated, (text) => {
          try {
            parseMethodCall(text);
          } catch (error) {
            expect(error).to.be.instanceOf(XmlRpcParseError);
          }
        }),
        { numRuns: 10_000 },
      );
    });

    it('every beginning of a valid document is refused', () => {
      for (const seed of seeds) {
        for (let length = 0; length < seed.length; length += 1) failure(seed.slice(0, length));
      }
    });
  });
});
