import { InvalidArgumentError } from 'commander';
import { expect } from 'chai';
import { parseDuration } from '../../../src/cli/command.js';

describe('command line: a duration', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['5s', 5_000],
    ['2m', 120_000],
    ['24h', 86_400_000],
    ['1.5s', 1_500],
    ['0.25m', 15_000],
    ['0ms', 0],
    ['007s', 7_000],
  ] as const) {
    it(`${text} is ${ms} ms`, () => {
      expect(parseDuration(text)).to.equal(ms);
    });
  }

  it('without a unit counts seconds', () => {
    expect(parseDuration('10')).to.equal(10_000);
    expect(parseDuration('0.5')).to.equal(500);
  });

  for (const text of [
    '',
    ' ',
    's',
    '5 s',
    ' 5s',
    '5s ',
    '-1s',
    '+1s',
    '1d',
    '5S',
    '1e3',
    '.5s',
    '5.s',
    '1,5s',
    '0x10',
    'Infinity',
    '1m30s',
    '5s\n',
  ]) {
    it(`${JSON.stringify(text)} is refused with an example`, () => {
      expect(() => parseDuration(text)).to.throw(
        InvalidArgumentError,
        'write a duration such as 500ms, 5s or 2m.',
      );
    });
  }
});
