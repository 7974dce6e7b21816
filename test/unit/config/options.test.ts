import { expect } from 'chai';
import { ConfigError } from '../../../src/config/configError.js';
import { defaultOptions, validateOptions } from '../../../src/config/options.js';
import type { ServerOptions } from '../../../src/config/options.js';

function complaintAbout(options: Partial<Record<keyof ServerOptions, unknown>>): string {
  try {
    validateOptions({ ...defaultOptions, ...options } as ServerOptions);
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  expect.fail('accepted');
}

describe('server options', () => {
  it('have valid defaults', () => {
    expect(validateOptions(defaultOptions)).to.equal(defaultOptions);
  });

  it('may be anything that keeps heartbeats well below elections', () => {
    const slow = {
      ...defaultOptions,
      tickMs: 50,
      heartbeatMs: 1000,
      electionMinMs: 3000,
      electionMaxMs: 3000,
    };
    expect(validateOptions(slow)).to.equal(slow);
    const open = { ...defaultOptions, bind: '0.0.0.0', replyAfter: 'commit', logLevel: 'silent' } as const;
    expect(validateOptions(open)).to.equal(open);
  });

  const numbers = [
    'tickMs',
    'heartbeatMs',
    'electionMinMs',
    'electionMaxMs',
    'rpcTimeoutMs',
    'waitingCallsMax',
    'uncommittedBytesMax',
    'bodyBytesMax',
    'blockStoreBytesMax',
    'snapshotEntries',
    'snapshotBytes',
  ] as const;
  for (const name of numbers) {
    for (const bad of [0, -10, 1.5, NaN, Infinity, '10', undefined]) {
      // Without a number it depends on the store.
      if (name === 'blockStoreBytesMax' && bad === undefined) continue;
      it(`refuse ${name} = ${JSON.stringify(bad)} (${typeof bad})`, () => {
        expect(complaintAbout({ [name]: bad })).to.match(
          /^--[a-z-]+ must be a whole number from \d+ to \d+, got/,
        );
      });
    }
  }

  it('refuse durations that no timer can keep', () => {
    expect(complaintAbout({ rpcTimeoutMs: 2 ** 31 })).to.match(
      /^--rpc-timeout-ms must be .* to 3600000, got 2147483648/,
    );
  });

  it('refuse a body that no string can hold', () => {
    expect(complaintAbout({ bodyBytesMax: 2 ** 30 })).to.match(/^--body-bytes-max /);
  });

  it('refuse a heartbeat that is not well below the election timeout', () => {
    expect(complaintAbout({ heartbeatMs: 300 })).to.match(
      /^--heartbeat-ms must be below half of --election-min-ms \(600\), got 300/,
    );
  });

  it('refuse a shortest election timeout above the longest', () => {
    expect(complaintAbout({ electionMinMs: 1300 })).to.match(
      /^--election-min-ms must not be above --election-max-ms \(1200\), got 1300/,
    );
  });

  for (const [name, value] of [
    ['heartbeatMs', 205],
    ['electionMinMs', 605],
    ['electionMaxMs', 1205],
  ] as const) {
    it(`refuse ${name} off the grid of ticks`, () => {
      expect(complaintAbout({ [name]: value })).to.match(
        /must be a multiple of the tick \(--tick-ms, 10 ms\), got \d+5$/,
      );
    });
  }

  it('refuse words that are no choice', () => {
    expect(complaintAbout({ replyAfter: 'never' })).to.equal(
      '--reply-after must be one of majority, commit, got "never"',
    );
    expect(complaintAbout({ logLevel: 'loud' })).to.match(
      /^--log-level must be one of trace, debug, .* got "loud"$/,
    );
  });

  it('refuse an address to listen on that is none', () => {
    expect(complaintAbout({ bind: '' })).to.equal('--bind must be an address or a host name, got ""');
    expect(complaintAbout({ bind: 'a b' })).to.match(/^--bind /);
  });
});
