import { expect } from 'chai';
import fc from 'fast-check';
import { LineBuffer, type Line } from '../../../src/api/lineBuffer.js';

/** The lines taken out when the chunks arrive one after another. */
function linesOf(chunks: readonly (Buffer | string)[], lineBytesMax = 100): (string | Line)[] {
  const buffer = new LineBuffer(lineBytesMax);
  const lines: (string | Line)[] = [];
  for (const chunk of chunks) {
    buffer.push(Buffer.from(chunk));
    for (let line = buffer.next(); line !== undefined; line = buffer.next()) {
      lines.push('text' in line ? line.text : line);
    }
  }
  return lines;
}

describe('api: bytes are cut into lines', () => {
  it('at line feeds, with or without a carriage return; blank lines are left out', () => {
    expect(linesOf(['a\r\nb\n\n \t\r\n\r\n c\r \n\rd\n'])).to.deep.equal(['a', 'b', ' c\r ', '\rd']);
  });

  it('a line comes when its line feed does', () => {
    expect(linesOf(['a'])).to.deep.equal([]);
    expect(linesOf(['a', 'b', '\n', 'c\nd'])).to.deep.equal(['ab', 'c']);
  });

  it('characters of several bytes may come in pieces', () => {
    const bytes = Buffer.from('"é€😀"\n');
    expect(linesOf([...bytes].map((byte) => Buffer.of(byte)))).to.deep.equal(['"é€😀"']);
  });

  it('a line that is not UTF-8 says so, and the next one is as good as any', () => {
    const chunks = [Buffer.of(0x22, 0xff, 0x22, 0x0a), Buffer.of(0xed, 0xa0, 0x80, 0x0a), 'good\n'];
    expect(linesOf(chunks)).to.deep.equal([{ fault: 'not UTF-8' }, { fault: 'not UTF-8' }, 'good']);
  });

  it('a line may have the bytes of the limit and not one more, whether its end has come or not', () => {
    expect(linesOf(['12345\n1234\r\n'], 5)).to.deep.equal(['12345', '1234']);
    expect(linesOf(['1\n12345', '6'], 5)).to.deep.equal(['1', { fault: 'too long' }]);
    expect(linesOf(['1\n123456\n'], 5)).to.deep.equal(['1', { fault: 'too long' }]);
    expect(linesOf(['\n\n      \n'], 5)).to.deep.equal([{ fault: 'too long' }]);
  });

  it('the bytes that wait are counted, and a too long line is let go', () => {
    const buffer = new LineBuffer(5);
    buffer.push(Buffer.from('1\n23'));
    expect(buffer.length).to.equal(4);
    expect(buffer.next()).to.deep.equal({ text: '1' });
    expect(buffer.length).to.equal(2);
    buffer.push(Buffer.from('4567'));
    expect(buffer.next()).to.deep.equal({ fault: 'too long' });
    expect(buffer.length).to.equal(0);
    expect(buffer.next()).to.equal(undefined);
  });

  it('four million bytes that come one by one take a time that is linear, and little memory', function () {
    this.timeout(20_000);
    const count = 4_000_000;
    const buffer = new LineBuffer(count);
    const byte = Buffer.from('x');
    const before = process.memoryUsage();
    for (let index = 0; index < count; index += 1) {
      buffer.push(byte);
      if (buffer.next() !== undefined) throw new Error('not complete yet');
    }
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).to.be.lessThan(40_000_000);
    buffer.push(Buffer.from('\n'));
    expect(buffer.next()).to.deep.equal({ text: 'x'.repeat(count) });
  });

  it('the same lines, however the stream is split and whenever lines are taken out', () => {
    const pieces = fc.array(
      fc.constantFrom('\n', '\r\n', 'a', '{"a":1}', '€', ' ', 'x'.repeat(13), '\n\n', '\r'),
    );
    fc.assert(
      fc.property(
        pieces,
        fc.infiniteStream(fc.nat(9)),
        fc.infiniteStream(fc.boolean()),
        (parts, sizes, takes) => {
          const bytes = Buffer.from(parts.join(''));
          const buffer = new LineBuffer(1_000);
          const taken: string[] = [];
          const take = (): boolean => {
            const line = buffer.next();
            if (line !== undefined) taken.push('text' in line ? line.text : line.fault);
            return line !== undefined;
          };
          for (let start = 0; start < bytes.length;) {
            const end = start + 1 + (sizes.next().value as number);
            buffer.push(bytes.subarray(start, end));
            start = end;
            while ((takes.next().value as boolean) && take());
          }
          while (take());
          const expected = parts
            .join('')
            .split('\n')
            .slice(0, -1)
            .map((line) => line.replace(/\r$/, ''))
            .filter((line) => line.replace(/[ \r]/g, '') !== '');
          expect(taken).to.deep.equal(expected);
        },
      ),
    );
  });
});
