import { expect } from 'chai';
import { decodeBody } from '../../../src/xmlrpc/index.js';

const declared = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?><a/>`;

describe('XML-RPC encodings', () => {
  describe('the encoding of a body', () => {
    it('is UTF-8 when nothing is said', () => {
      expect(decodeBody(Buffer.from('<a>é\u20ac\u{1f600}</a>'))).to.equal('<a>é\u20ac\u{1f600}</a>');
      expect(decodeBody(Buffer.alloc(0))).to.equal('');
    });

    it('is UTF-8 with a byte order mark, which is not part of the text', () => {
      const bytes = Buffer.from('\ufeff<a>é</a>');
      expect(decodeBody(bytes)).to.equal('<a>é</a>');
      expect(decodeBody(bytes, 'text/xml; charset=iso-8859-1')).to.equal('<a>é</a>');
    });

    it('is that of the XML declaration', () => {
      for (const name of ['ISO-8859-1', 'iso-8859-1', 'latin1']) {
        const text = `${declared(name)}é`;
        expect(decodeBody(Buffer.from(text, 'latin1'))).to.equal(text);
      }
      expect(decodeBody(Buffer.from(`${declared('UTF-8')}é`))).to.equal(`${declared('UTF-8')}é`);
      expect(decodeBody(Buffer.from(declared('US-ASCII')))).to.equal(declared('US-ASCII'));
    });

    it('is that of the Content-Type before that of the XML declaration', () => {
      const bytes = Buffer.from(`${declared('UTF-8')}é`, 'latin1');
      for (const header of ['text/xml; charset=ISO-8859-1', 'text/xml;charset="iso-8859-1"; a=b']) {
        expect(decodeBody(bytes, header)).to.equal(`${declared('UTF-8')}é`);
      }
      expect(decodeBody(Buffer.from('é'), 'text/xml')).to.equal('é');
    });

    it('must not be another one (-32701)', () => {
      const bodies: [Buffer, string?][] = [
        [Buffer.from(declared('UTF-16'))],
        [Buffer.from(declared('Shift_JIS'))],
        [Buffer.from('<a/>'), 'text/xml; charset=windows-1252'],
        [Buffer.from('\ufeff<a/>', 'utf16le')],
        [Buffer.from('<a/>', 'utf16le')],
        [Buffer.from('\ufeff<a/>', 'utf16le').swap16()],
        [Buffer.from('<a/>', 'utf16le').swap16()],
      ];
      for (const [bytes, header] of bodies) {
        expect(() => decodeBody(bytes, header))
          .to.throw(/not supported: use UTF-8, US-ASCII or ISO-8859-1/)
          .with.property('faultCode', -32701);
      }
    });

    it('must be kept to by the bytes (-32700)', () => {
      const latin = Buffer.from('<a>é</a>', 'latin1');
      expect(() => decodeBody(latin))
        .to.throw(/not valid UTF-8/)
        .with.property('faultCode', -32700);
      expect(() => decodeBody(latin, 'text/xml; charset=us-ascii'))
        .to.throw(/US-ASCII/)
        .with.property('faultCode', -32700);
      const surrogate = Buffer.from([0x3c, 0xed, 0xa0, 0x80]);
      expect(() => decodeBody(surrogate)).to.throw(/not valid UTF-8/);
    });
  });
});
