import { expect } from 'chai';
import {
  parseMethodCall,
  parseMethodResponse,
  XmlRpcDateTime,
  XmlRpcDouble,
  XmlRpcFault,
  type ParsedValue,
} from '../../../src/xmlrpc/index.js';

const call = (params: string): string =>
  `<?xml version="1.0"?><methodCall><methodName>m</methodName>${params}</methodCall>`;

/** The value that `<value>content</value>` stands for. */
function read(content: string): ParsedValue {
  const { params } = parseMethodCall(call(`<params><param><value>${content}</value></param></params>`));
  expect(params).to.have.length(1);
  return params[0] as ParsedValue;
}

const INTS =
  '<array><data><value><i1>-128</i1></value><value><ex:i1>127</ex:i1></value><value><i2>-32768</i2></value>' +
  '<value><ex:i2>32767</ex:i2></value><value><ex:i8>2147483648</ex:i8></value><value><biginteger>-5</biginteger></value>' +
  '<value><ex:biginteger>9223372036854775807</ex:biginteger></value></data></array>';

describe('XML-RPC parser: what it accepts', () => {
  describe('the parser accepts', () => {
    const values: [title: string, content: string, value: ParsedValue][] = [
      ['an int', '<int>42</int>', 42],
      ['an i4', '<i4>-7</i4>', -7],
      ['an int with white space and a sign', '<int>\n +12\t</int>', 12],
      ['an int with leading zeros', '<int>-000000000000000000000000012</int>', -12],
      ['minus zero as zero', '<int>-0</int>', 0],
      ['the smallest and the largest int', '<int>-2147483648</int>', -2147483648],
      ['an i8 that a number can hold', '<i8>9007199254740991</i8>', 9007199254740991],
      ['an i8 that only a bigint can hold', '<i8>9223372036854775807</i8>', 9223372036854775807n],
      ['the smallest i8', '<ex:i8>-9223372036854775808</ex:i8>', -9223372036854775808n],
      ['a boolean as 1', '<boolean>1</boolean>', true],
      ['a boolean as 0', '<boolean> 0 </boolean>', false],
      ['a boolean as a word', '<boolean>true</boolean>', true],
      ['a string', '<string>a b</string>', 'a b'],
      ['the white space of a string', '<string> \n a </string>', ' \n a '],
      ['an empty string', '<string></string>', ''],
      ['an empty string as one tag', '<string/>', ''],
      ['an untyped string', 'foo', 'foo'],
      ['the white space of an untyped string', ' foo\n', ' foo\n'],
      ['an untyped string of white space', ' ', ' '],
      ['white space around a type', ' \n <int>1</int>\t ', 1],
      ['entities', '<string>&lt;&gt;&amp;&quot;&apos;</string>', '<>&"\''],
      ['numeric references', '<string>&#65;&#x1F600;&#13;&#0000000009;</string>', 'A\u{1f600}\r\t'],
      [
        'a reference next to a name that begins like one',
        '<string>&lt;t;&gt;&amp;amp;</string>',
        '<t;>&amp;',
      ],
      ['an emoji as two references', '<string>a&#55357;&#56832;b</string>', 'a\u{1f600}b'],
      ['the same in hexadecimal, untyped', '&#xD83D;&#xde00;', '\u{1f600}'],
      ['integers of other widths', INTS, [-128, 127, -32768, 32767, 2 ** 31, -5, 2n ** 63n - 1n]],
      ['CDATA in a string', '<string>a<![CDATA[<&]]]>b</string>', 'a<&]b'],
      ['CDATA in an untyped string', '<![CDATA[x]]>', 'x'],
      ['CDATA in an int', '<int><![CDATA[5]]></int>', 5],
      ['comments in a string', '<string>a<!-- - <b> & -->b</string>', 'ab'],
      ['comments around a type', '<!-- a --><int>1</int><!-- b -->', 1],
      ['a processing instruction in a string', '<string>a<?php echo?>b</string>', 'ab'],
      ['every plane of Unicode', '<string>é\u20ac\u{1f600}\ufffd</string>', 'é\u20ac\u{1f600}\ufffd'],
      ['nil', '<nil/>', null],
      ['nil in two tags', '<ex:nil></ex:nil>', null],
      ['a double', '<double>-1.5</double>', new XmlRpcDouble(-1.5)],
      ['a double with an exponent', '<double> +.5e-3 </double>', new XmlRpcDouble(0.0005, '+.5e-3')],
      ['a double that is whole', '<double>3.</double>', new XmlRpcDouble(3, '3.')],
      [
        'a date',
        '<dateTime.iso8601>20260131T10:20:30</dateTime.iso8601>',
        new XmlRpcDateTime('20260131T10:20:30'),
      ],
      [
        'a date with a zone',
        '<dateTime.iso8601>2026-01-31T10:20:30.5+01:00</dateTime.iso8601>',
        new XmlRpcDateTime('2026-01-31T10:20:30.5+01:00'),
      ],
      ['base64', '<base64>AAEC/w==</base64>', Buffer.from([0, 1, 2, 255])],
      ['base64 in lines', '<base64>\r\n AAEC\r\n /w==\r\n</base64>', Buffer.from([0, 1, 2, 255])],
      ['no bytes', '<base64/>', Buffer.alloc(0)],
      ['an empty array', '<array><data/></array>', []],
      ['an array with white space between tags', '<array>\n<data>\n<value>a</value> </data> </array>', ['a']],
      ['an empty struct', '<struct/>', new Map()],
      ['a struct', '<struct> <member> <name>a</name> <value/> </member></struct>', new Map([['a', '']])],
      [
        'a member called __proto__',
        '<struct><member><name>__proto__</name><value><int>1</int></value></member></struct>',
        new Map([['__proto__', 1]]),
      ],
      [
        'the last of members with the same name',
        '<struct><member><name>a</name><value>1</value></member><member><name>a</name><value>2</value></member></struct>',
        new Map([['a', '2']]),
      ],
      ['attributes and namespace declarations', '<int a="1" xmlns:b=\'&lt;>\' >1</int>', 1],
      ['white space inside tags', '<int >1</int\n>', 1],
    ];
    for (const [title, content, value] of values) {
      it(title, () => expect(read(content)).to.deep.equal(value));
    }

    it('nested values as far as the depth allows', () => {
      const nest = (depth: number): string =>
        '<array><data><value>'.repeat(depth) + '</value></data></array>'.repeat(depth);
      let value = read(nest(64));
      for (let depth = 0; depth < 64; depth += 1) value = (value as ParsedValue[])[0] as ParsedValue;
      expect(value).to.equal('');
    });

    it('line ends of any kind as a line feed', () => {
      expect(read('<string>a\r\nb\rc\nd<![CDATA[\r\n]]></string>')).to.equal('a\nb\nc\nd\n');
    });
  });

  describe('a method call', () => {
    it('may have no params', () => {
      expect(parseMethodCall(call(''))).to.deep.equal({ methodName: 'm', params: [] });
      expect(parseMethodCall(call('<params/>'))).to.deep.equal({ methodName: 'm', params: [] });
      expect(parseMethodCall(call('<params> </params>'))).to.deep.equal({ methodName: 'm', params: [] });
    });

    it('keeps its params in order', () => {
      const params =
        '<params><param><value>a</value></param> <param><value><i4>1</i4></value></param></params>';
      expect(parseMethodCall(call(params)).params).to.deep.equal(['a', 1]);
    });

    it('may have white space around its method name', () => {
      const text = '<methodCall>\n <methodName> a.b </methodName>\n</methodCall>';
      expect(parseMethodCall(text).methodName).to.equal('a.b');
    });

    it('may have a byte order mark, comments, instructions and white space around it', () => {
      const declaration = "\ufeff<?xml version='1.0' encoding=\"UTF-8\" standalone='no' ?>";
      const text = `${declaration}\r\n<!-- a --><?b c?>\n<methodCall xmlns:ex="x"><methodName>m</methodName></methodCall> <!----> <?d?>\n`;
      expect(parseMethodCall(text).methodName).to.equal('m');
    });

    it('may begin with an instruction whose name begins with xml', () => {
      const text = '<?xml-stylesheet a?><methodCall><methodName>m</methodName></methodCall>';
      expect(parseMethodCall(text).methodName).to.equal('m');
    });
  });

  describe('a method response', () => {
    const fault = (members: string): string =>
      `<methodResponse><fault><value><struct>${members}</struct></value></fault></methodResponse>`;
    const code = '<member><name>faultCode</name><value><int>4</int></value></member>';
    const text = '<member><name>faultString</name><value>why</value></member>';

    it('holds one value', () => {
      const xml = '<methodResponse><params><param><value>a</value></param></params></methodResponse>';
      expect(parseMethodResponse(xml)).to.deep.equal({ value: 'a' });
    });

    it('holds null when that is the value', () => {
      const xml = '<methodResponse><params><param><value><nil/></value></param></params></methodResponse>';
      expect(parseMethodResponse(xml)).to.deep.equal({ value: null });
    });

    it('or holds a fault, whose members come in any order', () => {
      for (const xml of [fault(code + text), fault(text + code)]) {
        const response = parseMethodResponse(xml);
        const found = 'fault' in response ? response.fault : undefined;
        expect(found).to.be.instanceOf(XmlRpcFault);
        expect(found).to.include({ faultCode: 4, faultString: 'why', message: 'why' });
      }
    });

    const invalid: [title: string, xml: string, message: RegExp][] = [
      ['nothing', '<methodResponse/>', /neither/],
      ['no value', '<methodResponse><params/></methodResponse>', /0 values instead of one/],
      [
        'two values',
        `<methodResponse><params>${'<param><value/></param>'.repeat(2)}</params></methodResponse>`,
        /2 values instead of one/,
      ],
      [
        'something else',
        '<methodResponse><value/></methodResponse>',
        /<value> stands where <params> or <fault>/,
      ],
      ['a fault without a code', fault(text), /not a struct with/],
      ['a fault without a text', fault(code), /not a struct with/],
      ['an empty fault', '<methodResponse><fault></fault></methodResponse>', /<value> is missing/],
      [
        'a fault that is a string',
        '<methodResponse><fault><value>a</value></fault></methodResponse>',
        /not a struct/,
      ],
    ];
    for (const [title, xml, message] of invalid) {
      it(`must not hold ${title}`, () => {
        expect(() => parseMethodResponse(xml))
          .to.throw(message)
          .with.property('faultCode', -32600);
      });
    }
  });
});
