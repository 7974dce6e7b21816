import { Command, CommanderError } from 'commander';
import { expect } from 'chai';
import { addServerFlags, serverOptionsFrom } from '../../../src/cli/serverFlags.js';
import { ConfigError } from '../../../src/config/configError.js';
import { defaultOptions, type ServerOptions } from '../../../src/config/options.js';

const variable = 'SURFSTORE_LOG_LEVEL';

/** The options that these arguments stand for. */
function optionsOf(...args: string[]): ServerOptions {
  const command = addServerFlags(
    new Command('server').exitOverride().configureOutput({ writeErr: () => undefined }),
  );
  return serverOptionsFrom(command.parse(args, { from: 'user' }).opts());
}

function errorOf(...args: string[]): unknown {
  try {
    optionsOf(...args);
  } catch (error) {
    return error;
  }
  throw new Error('these flags are accepted');
}

describe('command line: the flags of a server', () => {
  let before: string | undefined;

  beforeEach(() => {
    before = process.env[variable];
    Reflect.deleteProperty(process.env, variable);
  });

  afterEach(() => {
    Reflect.deleteProperty(process.env, variable);
    if (before !== undefined) process.env[variable] = before;
  });

  it('may all be left out: the defaults are those of the options', () => {
    expect(optionsOf()).to.deep.equal(defaultOptions);
  });

  it('exist for every option, under its name in kebab case, with its default in the help', () => {
    const command = addServerFlags(new Command('server'));
    const flags = new Map(command.options.map((option) => [option.attributeName(), option]));
    expect([...flags.keys()]).to.have.members([
      ...Object.keys(defaultOptions),
      'bind',
      'clusterName',
      'dataDir',
      'blocks',
      'blockStoreBytesMax',
    ]);
    for (const [name, value] of Object.entries(defaultOptions)) {
      const flag = flags.get(name);
      const no = flag?.negate === true ? 'no-' : '';
      expect(flag?.long).to.equal(
        `--${no}${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      );
      expect(flag?.description).to.match(/\S/);
      if (typeof value !== 'boolean') expect(flag?.defaultValue).to.equal(value);
    }
  });

  it('set their options', () => {
    const args = [
      ...['--tick-ms', '5', '--heartbeat-ms', '100', '--election-min-ms', '300', '--election-max-ms', '400'],
      ...['--rpc-timeout-ms', '200', '--waiting-calls-max', '7', '--uncommitted-bytes-max', '1000000'],
      ...['--body-bytes-max', '65536', '--block-store-bytes-max', '1048576', '--bind', '127.0.0.2'],
      ...['--reply-after', 'commit', '--check-quorum', '--log-level', 'debug', '--log-format', 'pretty'],
      ...['--names', 'bmp'],
      ...['--no-chaos-hooks', '--data-dir', 'data', '--snapshot-entries', '500', '--snapshot-bytes', '70000'],
    ];
    expect(optionsOf(...args)).to.deep.equal({
      dataDir: 'data',
      chaosHooks: false,
      logFormat: 'pretty',
      names: 'bmp',
      snapshotEntries: 500,
      snapshotBytes: 70_000,
      tickMs: 5,
      heartbeatMs: 100,
      electionMinMs: 300,
      electionMaxMs: 400,
      rpcTimeoutMs: 200,
      waitingCallsMax: 7,
      uncommittedBytesMax: 1_000_000,
      bodyBytesMax: 65_536,
      blockStoreBytesMax: 1_048_576,
      bind: '127.0.0.2',
      replyAfter: 'commit',
      checkQuorum: true,
      stateBytesMax: defaultOptions.stateBytesMax,
      logLevel: 'debug',
    });
  });

  describe('the level of the log', () => {
    it(`comes from ${variable} when there is no flag`, () => {
      process.env[variable] = 'info';
      expect(optionsOf().logLevel).to.equal('info');
    });

    it(`comes from the flag when there are both`, () => {
      process.env[variable] = 'info';
      expect(optionsOf('--log-level', 'error').logLevel).to.equal('error');
    });

    it(`must be one of the levels, in ${variable} too`, () => {
      process.env[variable] = 'loud';
      expect(errorOf())
        .to.be.instanceOf(CommanderError)
        .and.property('message')
        .contains(variable)
        .contains('loud');
    });
  });

  describe('with a value that cannot be', () => {
    for (const [flag, value] of [
      ['--heartbeat-ms', 'fast'],
      ['--heartbeat-ms', ''],
      ['--heartbeat-ms', '0'],
      ['--heartbeat-ms', '-5'],
      ['--heartbeat-ms', '2.5'],
      ['--heartbeat-ms', 'Infinity'],
      ['--tick-ms', 'NaN'],
      ['--rpc-timeout-ms', '99999999999'],
      ['--waiting-calls-max', '0'],
      ['--body-bytes-max', '1e12'],
      ['--heartbeat-ms', '255'],
      ['--heartbeat-ms', '300'],
      ['--election-min-ms', '2000'],
      ['--bind', 'two words'],
      ['--bind', ''],
    ] as const) {
      it(`${flag} ${JSON.stringify(value)} are refused with a line that names the flag`, () => {
        const error = errorOf(flag, value);
        expect(error instanceof ConfigError || error instanceof CommanderError).to.equal(true);
        expect(error).property('message').contains(flag);
      });
    }

    for (const args of [
      ['--reply-after', 'never'],
      ['--log-level', 'loud'],
      ['--check-quorum=5'],
      ['--unknown'],
      ['--tick-ms'],
    ]) {
      it(`${args.join(' ')} are a mistake of usage`, () => {
        expect(errorOf(...args))
          .to.be.instanceOf(CommanderError)
          .and.property('exitCode')
          .not.equal(0);
      });
    }
  });

  it('are left at their defaults by members that are undefined', () => {
    expect(serverOptionsFrom({ bind: undefined })).to.deep.equal(defaultOptions);
  });
});
