import { expect } from 'chai';
import { LogOutput, type LogSink } from '../../../src/cli/logOutput.js';

/** A sink that takes everything, nothing, or throws, as the test says. */
class Reader implements LogSink {
  text = '';
  mood: 'reads' | 'stalls' | 'full' = 'reads';

  write(text: Buffer): Buffer {
    if (this.mood === 'full') throw new Error('no space left on device');
    if (this.mood === 'stalls') return text;
    this.text += text.toString();
    return text.subarray(text.length);
  }
}

describe('the log', () => {
  it('goes on after a full disk, and says how many lines it lost', () => {
    const reader = new Reader();
    const log = new LogOutput(reader);
    reader.mood = 'full';
    log.write('one\n');
    log.write('two\n');
    reader.mood = 'reads';
    log.write('three\n');
    const [loss = '', line] = reader.text.split('\n');
    expect(JSON.parse(loss)).to.include({ lines: 2, msg: 'lines of the log were lost' });
    expect(line).to.equal('three');
  });

  it('keeps its lines for a reader that stalls, in their order', () => {
    const reader = new Reader();
    const log = new LogOutput(reader);
    reader.mood = 'stalls';
    log.write('one\n');
    log.write('two\n');
    reader.mood = 'reads';
    log.write('three\n');
    expect(reader.text).to.equal('one\ntwo\nthree\n');
  });

  it('keeps no more than a bounded part of them, and counts the rest', () => {
    const reader = new Reader();
    const log = new LogOutput(reader);
    const line = `${'x'.repeat(1023)}\n`;
    reader.mood = 'stalls';
    for (let count = 0; count < 2_000; count += 1) log.write(line);
    reader.mood = 'reads';
    log.write('last\n');
    const lines = reader.text.trimEnd().split('\n');
    const loss = lines.find((text) => text.startsWith('{'));
    const lost = loss === undefined ? 0 : (JSON.parse(loss) as { lines: number }).lines;
    expect(lost).to.be.within(900, 1_100);
    expect(lines.filter((text) => text.startsWith('x'))).to.have.length(2_000 - lost);
    expect(lines.at(-1)).to.equal('last');
  });
});
