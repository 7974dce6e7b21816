import { callXml } from '../support/http.js';

/** Documents that nobody should send, by what is wrong with them. Each is to be answered with a fault. */
export const hostileDocuments: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  'a fault in place of parameters': ['<?xml version="1.0"?><methodCall>a<fault></fault></methodCall>'].concat(
    '<methodCall><methodName>surfstore.ping</methodName><fault></fault></methodCall>',
    '<methodResponse><fault></fault></methodResponse>',
    '<fault></fault>',
  ),
  'arrays nested 3000 deep': [
    callXml(
      'surfstore.updatefile',
      'deep',
      '<int>1</int>',
      nested('<array><data><value>', '</value></data></array>', 3_000),
    ),
  ],
  'structs nested 3000 deep': [
    callXml(
      'surfstore.updatefile',
      'deep',
      '<int>1</int>',
      nested('<struct><member><name>a</name><value>', '</value></member></struct>', 3_000),
    ),
  ],
  'elements nested a million deep': ['<a>'.repeat(1_000_000), nested('<value>', '</value>', 500_000)],
  'elements never closed': [
    '<methodCall>',
    '<methodCall><methodName>surfstore.ping',
    '<methodCall><methodName>surfstore.ping</methodName><params><param><value><string>',
    `<methodCall><methodName>surfstore.ping</methodName><params>${'<param>'.repeat(200_000)}`,
  ],
  'a million elements': [
    callXml('surfstore.updatefile', 'bomb', '<int>1</int>', array('<value/>'.repeat(1_000_000))),
    `<methodCall><methodName>surfstore.ping</methodName><params>${'<param><value/></param>'.repeat(300_000)}</params></methodCall>`,
  ],
  'a raw control character in a file name': ['\x00', '\x01', '\x07', '\x0b', '\x1b', '\ufffe', '\uffff'].map(
    (bad) => callXml('surfstore.updatefile', `<string>bad${bad}name</string>`, '<int>1</int>', array('')),
  ),
  'a control character as an entity in a file name': [
    '0',
    '1',
    'x7',
    '11',
    'x1b',
    'xFFFE',
    'xD800',
    'x110000',
  ].map((code) =>
    callXml('surfstore.updatefile', `<string>bad&#${code};name</string>`, '<int>1</int>', array('')),
  ),
  'a control character in a hash list': ['\x00', '&#1;', '&#xD800;'].map((bad) =>
    callXml('surfstore.updatefile', 'hash', '<int>1</int>', array(`<value>${bad}</value>`)),
  ),
  'names without end': [
    callXml('surfstore.updatefile', 'n'.repeat(4_097), '<int>1</int>', array('')),
    callXml('surfstore.updatefile', 'n'.repeat(4_000_000), '<int>1</int>', array('')),
    callXml('surfstore.updatefile', '€'.repeat(1_366), '<int>1</int>', array('')),
    callXml('surfstore.updatefile', '', '<int>1</int>', array('')),
    callXml(`surfstore.${'m'.repeat(4_000_000)}`),
    `<${'t'.repeat(4_000_000)}/>`,
    `<methodCall ${'a'.repeat(2_000_000)}="${'v'.repeat(2_000_000)}"/>`,
  ],
  'bytes that are not UTF-8': [
    Buffer.concat([
      Buffer.from('<methodCall><methodName>'),
      Buffer.from([0xff, 0xfe, 0xc0, 0x80]),
      Buffer.from('</methodName></methodCall>'),
    ]),
    Buffer.from(callXml('surfstore.tester_getversion', 'ü'), 'latin1'),
    Buffer.from([0xed, 0xa0, 0x80]),
    Buffer.from(callXml('surfstore.ping'), 'utf16le'),
    Buffer.from('<?xml version="1.0" encoding="ebcdic"?><methodCall/>'),
    Buffer.alloc(100_000, 0),
  ],
  'a document type, and entities that would grow or be fetched': [
    `<!DOCTYPE a SYSTEM "file:///etc/passwd">${callXml('surfstore.ping')}`,
    `<!DOCTYPE a [<!ENTITY a "${'a'.repeat(1_000)}">${'<!ENTITY b "&a;&a;&a;&a;&a;&a;">'.repeat(50)}]><a>&b;</a>`,
    `<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:1/">]><methodCall><methodName>&x;</methodName></methodCall>`,
    callXml('surfstore.tester_getversion', '&nothing;'),
    callXml('surfstore.tester_getversion', '&lt'.repeat(100_000)),
    callXml('surfstore.tester_getversion', `&#${'9'.repeat(100_000)};`),
  ],
  'comments, CDATA and instructions without end': ['<!--', '<![CDATA[', '<?', '<!'].map(
    (start) => `<methodCall>${start}${'-'.repeat(100_000)}`,
  ),
  'numbers that are none': [
    '',
    '+',
    '--1',
    '1e9',
    '0x1',
    '99999999999999999999',
    'NaN',
    '1'.repeat(100_000),
  ].map((text) => callXml('surfstore.updatefile', 'number', `<int>${text}</int>`, array(''))),
  'base64 that is none': ['!!!!', 'a', '====', 'YWJj\u00e9'].map((text) =>
    callXml('surfstore.putblock', `<base64>${text}</base64>`),
  ),
};

function nested(open: string, close: string, depth: number): string {
  return open.repeat(depth) + close.repeat(depth);
}

function array(values: string): string {
  return `<array><data>${values}</data></array>`;
}
