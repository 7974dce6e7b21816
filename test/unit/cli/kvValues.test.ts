import { expect } from 'chai';
import { EXIT } from '../../../src/cli/command.js';
import { itemFrom, valueFrom } from '../../../src/cli/kvCommands.js';

describe('command line: the value of a key', () => {
  it('is the list of the texts given, which may be empty', () => {
    expect(valueFrom(['cat', '1', '{}'], false)).to.deep.equal(['cat', '1', '{}']);
    expect(valueFrom([], false)).to.deep.equal([]);
  });

  it('is with --json what the one text is the JSON of', () => {
    for (const value of [{ a: [1, null] }, [], 'text', 0, false, null])
      expect(valueFrom([JSON.stringify(value)], true)).to.deep.equal(value);
  });

  it('must with --json be one text', () => {
    for (const [texts, count] of [
      [[], 0],
      [['1', '2'], 2],
    ] as const)
      expect(() => valueFrom(texts, true))
        .to.throw(`with --json there must be one value, got ${count}`)
        .with.property('exitCode', EXIT.usage);
  });

  it('that is appended is a text, or what the text is the JSON of', () => {
    expect(itemFrom('7', false)).to.equal('7');
    expect(itemFrom('7', true)).to.equal(7);
  });

  it('must with --json be JSON', () => {
    for (const text of ['cat', '', "{'a': 1}"])
      for (const read of [() => itemFrom(text, true), () => valueFrom([text], true)])
        expect(read).to.throw(`${text} is not JSON: `).with.property('exitCode', EXIT.usage);
  });
});
