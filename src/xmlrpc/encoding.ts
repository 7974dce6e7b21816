import { isAscii, isUtf8 } from 'node:buffer';
import { FAULT_CODES, XmlRpcParseError } from './faults.js';

type Encoding = 'utf-8' | 'us-ascii' | 'iso-8859-1';

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['us-ascii', 'us-ascii'],
  ['ascii', 'us-ascii'],
  ['iso-8859-1', 'iso-8859-1'],
  ['iso8859-1', 'iso-8859-1'],
  ['iso_8859-1', 'iso-8859-1'],
  ['latin1', 'iso-8859-1'],
  ['latin-1', 'iso-8859-1'],
]);

const DECLARATION_BYTES_MAX = 256;
const DECLARED_ENCODING = /^<\?xml\s[^>]*?\sencoding\s*=\s*["']([^"']*)["']/;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]+)/i;

/**
 * The text of an XML document. The encoding is that of a byte order mark, else of the `charset` of the Content-Type
 * header, else of the XML declaration, else UTF-8 (RFC 7303, section 3.2). A byte order mark is not part of the text.
 *
 * @throws XmlRpcParseError -32701 when the encoding is none of UTF-8, US-ASCII and ISO-8859-1, -32700 when the bytes are
 * not valid in it.
 */
export function decodeBody(bytes: Buffer, contentTypeHeader?: string): string {
  refuseWideEncodings(bytes);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return decodeUtf8(bytes.subarray(3));
  const encoding = supported(charsetOf(contentTypeHeader) ?? declaredEncoding(bytes) ?? 'utf-8');
  switch (encoding) {
    case 'utf-8':
      return decodeUtf8(bytes);
    case 'us-ascii':
      return decodeAscii(bytes);
    case 'iso-8859-1':
      return bytes.toString('latin1');
  }
}

/** UTF-16 and UTF-32 are known by a byte order mark or by the zero bytes around the first `<`. */
function refuseWideEncodings(bytes: Buffer): void {
  const first = bytes[0];
  const second = bytes[1];
  const marked = (first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe);
  const unmarked = (first === 0x3c && second === 0) || (first === 0 && (second === 0x3c || second === 0));
  if (marked || unmarked) throw unsupported('UTF-16 or UTF-32');
}

function charsetOf(contentTypeHeader: string | undefined): string | undefined {
  return contentTypeHeader === undefined ? undefined : CHARSET.exec(contentTypeHeader)?.[1];
}

function declaredEncoding(bytes: Buffer): string | undefined {
  if (bytes[0] !== 0x3c || bytes[1] !== 0x3f) return undefined;
  return DECLARED_ENCODING.exec(bytes.toString('latin1', 0, DECLARATION_BYTES_MAX))?.[1];
}

function supported(name: string): Encoding {
  const encoding = ENCODINGS.get(name.toLowerCase());
  if (encoding === undefined) throw unsupported(name);
  return encoding;
}

function unsupported(name: string): XmlRpcParseError {
  return new XmlRpcParseError(
    FAULT_CODES.UNSUPPORTED_ENCODING,
    `the encoding ${name.slice(0, 40)} is not supported: use UTF-8, US-ASCII or ISO-8859-1`,
  );
}

function decodeUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) {
    throw new XmlRpcParseError(FAULT_CODES.NOT_WELL_FORMED, 'the document is not valid UTF-8');
  }
  return bytes.toString('utf8');
}

function decodeAscii(bytes: Buffer): string {
  if (!isAscii(bytes)) {
    throw new XmlRpcParseError(
      FAULT_CODES.NOT_WELL_FORMED,
      'the document says that it is US-ASCII but holds other bytes',
    );
  }
  return bytes.toString('latin1');
}
