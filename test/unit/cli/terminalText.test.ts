import { expect } from 'chai';
import { terminalText } from '../../../src/cli/output.js';

describe('command line: a text that somebody else chose', () => {
  const evil = 'a\u001b]0;title\u0007\r\u009b2J\u202eb\n\u{e0041}';

  it('does not steer a terminal: what is not seen is written as an escape', () => {
    expect(terminalText(evil, true)).to.equal(
      'a\\u001b]0;title\\u0007\\u000d\\u009b2J\\u202eb\\u000a\\u{e0041}',
    );
  });

  it('is otherwise as it is, and everything is where a program reads it', () => {
    expect(terminalText('né \u{1f600} /a b', true)).to.equal('né \u{1f600} /a b');
    expect(terminalText(evil, false)).to.equal(evil);
  });
});
