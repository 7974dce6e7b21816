import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { parseMethodCall, type ParsedValue } from '../../../src/xmlrpc/index.js';
import { Service } from './service.js';

/** The parameters of a call as they come over the wire. */
function paramsOf(...values: readonly string[]): ParsedValue[] {
  const params = values.map((value) => `<param><value>${value}</value></param>`).join('');
  return parseMethodCall(`<methodCall><methodName>m</methodName><params>${params}</params></methodCall>`)
    .params;
}

const base64 = (text: string): string => `<base64>${Buffer.from(text).toString('base64')}</base64>`;

describe('api: clients that guess types', () => {
  const sent: Readonly<Record<string, readonly [xml: string, name: string]>> = {
    'base64 of UTF-8': [base64('né\u{1f600}.txt'), 'né\u{1f600}.txt'],
    'an int': ['<int>2024</int>', '2024'],
    'an int beyond 2^53': ['<i8>9223372036854775807</i8>', '9223372036854775807'],
    'a double': ['<double>1e5</double>', '1e5'],
    'an emoji as two references': ['&#55357;&#56832;.txt', '\u{1f600}.txt'],
  };
  for (const [form, [xml, name]] of Object.entries(sent)) {
    it(`name a file by ${form}`, async () => {
      const service = await Service.leading();
      const params = paramsOf(xml, '<int>1</int>', '<array><data><value>h</value></data></array>');
      expect(await service.call('updatefile', ...params)).to.equal(true);
      expect(service.files.list().map(([stored]) => stored)).to.deep.equal([name]);
      expect(await service.call('tester_getversion', ...paramsOf(xml))).to.equal(1);
      expect(await service.call('tester_getversion', name)).to.equal(1);
    });
  }
});

describe('api: hashes of blocks in other forms', () => {
  const block = Buffer.from('a block');
  const digest = createHash('sha256').update(block).digest();
  const forms: Readonly<Record<string, ParsedValue>> = {
    hex: digest.toString('hex'),
    'hex in capitals': digest.toString('hex').toUpperCase(),
    'base64 of its bytes': digest,
    'a string in base64': digest.toString('base64'),
  };
  for (const [form, hash] of Object.entries(forms)) {
    it(`${form}: the block is found, and named in the form asked`, async () => {
      const service = await Service.leading();
      await service.call('putblock', block);
      expect(await service.call('getblock', hash)).to.deep.equal(new Uint8Array(block));
      const other = Buffer.alloc(32);
      expect(await service.call('hasblocks', [other, hash, 'no hash'])).to.deep.equal([hash]);
    });
  }
});
