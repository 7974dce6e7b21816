import { expect } from 'chai';
import { coloured, table, wantsColour } from '../../../src/cli/output.js';

const escape = '\u001b';

/** Runs the action with these variables and this kind of standard output. */
function withTerminal<T>(isTTY: boolean, env: Readonly<Record<string, string>>, action: () => T): T {
  const before = { isTTY: process.stdout.isTTY, env: { ...process.env } };
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'TERM']) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, env);
  process.stdout.isTTY = isTTY;
  try {
    return action();
  } finally {
    process.stdout.isTTY = before.isTTY;
    for (const name of ['NO_COLOR', 'FORCE_COLOR', 'TERM']) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before.env);
  }
}

describe('command line: colours', () => {
  it('are for a terminal', () => {
    withTerminal(true, { TERM: 'xterm' }, () => {
      expect(wantsColour()).to.equal(true);
      expect(coloured('green', 'leader')).to.equal(`${escape}[32mleader${escape}[39m`);
    });
  });

  for (const [what, isTTY, env] of [
    ['where the output is no terminal', false, { TERM: 'xterm' }],
    ['where NO_COLOR is set', true, { TERM: 'xterm', NO_COLOR: '1' }],
    ['on a terminal that is called dumb', true, { TERM: 'dumb' }],
  ] as const) {
    it(`are left out ${what}`, () => {
      withTerminal(isTTY, env, () => {
        expect(wantsColour()).not.to.equal(true);
        expect(coloured('red', 'unreachable')).to.equal('unreachable');
        expect(table(['ID'], [['1']])).not.to.contain(escape);
      });
    });
  }

  it('are not left out for an empty NO_COLOR', () => {
    withTerminal(true, { TERM: 'xterm', NO_COLOR: '' }, () => expect(wantsColour()).to.equal(true));
  });
});

describe('command line: a table', () => {
  const lines = (heading: string[], rows: string[][]): string[] =>
    withTerminal(false, {}, () => table(heading, rows)).split('\n');

  it('has a heading, a line below it, and one line per row', () => {
    expect(
      lines(
        ['ID', 'NAME'],
        [
          ['0', 'a'],
          ['1', 'bcd'],
        ],
      ),
    ).to.deep.equal(['┌────┬──────┐', '│ ID │ NAME │', '│ 0  │ a    │', '│ 1  │ bcd  │', '└────┴──────┘']);
  });

  it('has as many lines for a row as its longest cell', () => {
    expect(lines(['N', 'H'], [['a', 'h1\nh2']])).to.have.length(5);
  });

  it('has no rows when there are none', () => {
    expect(lines(['ID'], []).join('')).to.contain('ID');
  });
});
