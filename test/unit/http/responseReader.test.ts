import { expect } from 'chai';
import { ResponseReader, type ResponsePart } from '../../../src/http/responseReader.js';

const BODY_BYTES_MAX = 20;

/** What comes of bytes that arrive in these pieces, and of the end of the connection after them. */
function read(pieces: readonly string[], ends = false): ResponsePart {
  const reader = new ResponseReader(() => BODY_BYTES_MAX);
  let reading: ResponsePart = { type: 'more' };
  for (const piece of pieces) {
    reading = reader.add(Buffer.from(piece, 'latin1'));
    if (reading.type !== 'more') break;
  }
  return ends && reading.type === 'more' ? reader.end() : reading;
}

/** In a form that can be compared. */
function summary(reading: ResponsePart): string {
  if (reading.type !== 'response') return reading.type;
  const { response, reusable } = reading;
  return `${response.status} ${JSON.stringify(response.body.toString('latin1'))}${reusable ? '' : ' once'}`;
}

const cases: readonly { name: string; text: string; ends?: boolean; gives: string }[] = [
  { name: 'a length', text: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc', gives: '200 "abc"' },
  { name: 'no reason phrase', text: 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', gives: '200 ""' },
  { name: 'names in any case', text: 'HTTP/1.1 200 OK\r\ncONTENT-lENGTH:3\r\n\r\nabc', gives: '200 "abc"' },
  {
    name: 'a connection that closes',
    text: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc',
    gives: '200 "abc" once',
  },
  { name: 'HTTP/1.0', text: 'HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc', gives: '200 "abc" once' },
  {
    name: 'HTTP/1.0 that keeps the connection',
    text: 'HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 3\r\n\r\nabc',
    gives: '200 "abc"',
  },
  { name: 'no length', text: 'HTTP/1.1 200 OK\r\n\r\nabc', ends: true, gives: '200 "abc" once' },
  { name: 'no length, and no end yet', text: 'HTTP/1.1 200 OK\r\n\r\nabc', gives: 'more' },
  { name: 'no content', text: 'HTTP/1.1 204 No Content\r\n\r\n', gives: '204 ""' },
  {
    name: 'chunks',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n',
    gives: '200 "abcde"',
  },
  {
    name: 'chunks with a trailer',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n',
    gives: '200 "a"',
  },
  {
    name: 'a provisional response before it',
    text: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na',
    gives: '200 "a"',
  },
  {
    name: 'an end before the length',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab',
    ends: true,
    gives: 'more',
  },
  {
    name: 'a body as large as may be',
    text: `HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n${'a'.repeat(20)}`,
    gives: `200 "${'a'.repeat(20)}"`,
  },
  {
    name: 'a length that is too large',
    text: 'HTTP/1.1 500 No\r\nContent-Length: 21\r\n\r\n',
    gives: 'too large',
  },
  {
    name: 'a body without length that is too large',
    text: `HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(21)}`,
    gives: 'too large',
  },
  {
    name: 'chunks that are too large',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n12345678901234567890\r\n1\r\na\r\n0\r\n\r\n',
    gives: 'too large',
  },
  { name: 'another protocol', text: 'SSH-2.0-hello\r\n', gives: 'not HTTP' },
  { name: 'another version', text: 'HTTP/2.0 200 OK\r\n\r\n', gives: 'not HTTP' },
  { name: 'a status that is none', text: 'HTTP/1.1 20x OK\r\n\r\n', gives: 'not HTTP' },
  { name: 'a line that is no header', text: 'HTTP/1.1 200 OK\r\nabc\r\n\r\n', gives: 'not HTTP' },
  {
    name: 'a length that is no number',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\na',
    gives: 'not HTTP',
  },
  {
    name: 'two lengths',
    text: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na',
    gives: 'not HTTP',
  },
  {
    name: 'a chunk without a size',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    gives: 'not HTTP',
  },
  {
    name: 'a chunk that is longer than it says',
    text: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n',
    gives: 'not HTTP',
  },
];

describe('the reading of HTTP responses', () => {
  for (const { name, text, ends = false, gives } of cases)
    it(`${name}: wherever it is cut on the way`, () => {
      expect(summary(read([text], ends))).to.equal(gives);
      for (let cut = 1; cut < text.length; cut += 1)
        expect(summary(read([text.slice(0, cut), text.slice(cut)], ends)), `cut at ${cut}`).to.equal(gives);
      expect(summary(read(Array.from(text), ends)), 'byte by byte').to.equal(gives);
    });

  it('bytes behind the response make the connection useless, whatever they are', () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n';
    expect(summary(read([text]))).to.equal('200 "abc" once');
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nx';
    expect(summary(read([chunked]))).to.equal('200 "a" once');
  });

  it('joins headers that come several times', () => {
    const reading = read(['HTTP/1.1 200 OK\r\nX: a\r\nContent-Length: 0\r\nx: b\r\n\r\n']);
    expect(reading).to.have.nested.property('response.headers.x', 'a, b');
  });

  it('a head without an end is no answer', () => {
    const reader = new ResponseReader(() => 10);
    let reading = reader.add(Buffer.from('HTTP/1.1 200 OK\r\n'));
    for (let line = 0; line < 5000 && reading.type === 'more'; line += 1)
      reading = reader.add(Buffer.from(`X-${line}: ${'a'.repeat(20)}\r\n`));
    expect(reading.type).to.equal('not HTTP');
  });
});
