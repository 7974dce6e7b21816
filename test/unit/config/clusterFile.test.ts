import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  clusterSizeMax,
  parseClusterFile,
  readClusterFile,
  serverOf,
} from '../../../src/config/clusterFile.js';
import { addressOf } from '../../../src/net/address.js';
import { ConfigError } from '../../../src/config/configError.js';

const three = 'M: 3\nmetadata0: localhost:9001\nmetadata1: localhost:9002\nmetadata2: example.org:80\n';

function addresses(text: string): string[] {
  return parseClusterFile(text, 'cluster.txt').servers.map(addressOf);
}

/** The message of the ConfigError that an action must end in: one line that says what to do. */
function complaint(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    const { message } = error as ConfigError;
    expect(message).not.to.match(/[\r\n]/);
    return message;
  }
  expect.fail('accepted');
}

function complaintAbout(text: string): string {
  return complaint(() => parseClusterFile(text, 'cluster.txt'));
}

describe('cluster file', () => {
  describe('what it says', () => {
    it('gives each server its id, label, host and port', () => {
      expect(parseClusterFile(three, 'cluster.txt')).to.deep.equal({
        servers: [
          { id: 0, label: 'metadata0', host: 'localhost', port: 9001 },
          { id: 1, label: 'metadata1', host: 'localhost', port: 9002 },
          { id: 2, label: 'metadata2', host: 'example.org', port: 80 },
        ],
      });
    });

    it('numbers the servers by the order of their lines, whatever their labels say', () => {
      expect(addresses('M: 3\nmetadata7: a:1\nmetadata0: b:1\nmetadata0: c:1')).to.deep.equal([
        'a:1',
        'b:1',
        'c:1',
      ]);
    });

    it('uses the first M metadata lines only', () => {
      expect(addresses(three.replace('M: 3', 'M: 2'))).to.deep.equal(['localhost:9001', 'localhost:9002']);
    });

    it('does not look into metadata lines beyond the first M', () => {
      expect(addresses('M: 1\nmetadata0: a:1\nmetadata1: nonsense')).to.deep.equal(['a:1']);
    });

    it(`takes up to ${clusterSizeMax} servers`, () => {
      const lines = Array.from({ length: clusterSizeMax }, (_, i) => `metadata${i}: localhost:${9000 + i}`);
      expect(addresses([`M: ${clusterSizeMax}`, ...lines].join('\n'))).to.have.length(clusterSizeMax);
    });
  });

  describe('what it tolerates', () => {
    const variants: Record<string, string> = {
      'CRLF line ends': three.replaceAll('\n', '\r\n'),
      'CR line ends': three.replaceAll('\n', '\r'),
      'a byte order mark': `\uFEFF${three}`,
      'no final newline': three.trimEnd(),
      'blank lines': `\n\n${three.replaceAll('\n', '\n \t\n\n')}`,
      'blanks around words and colons': three.replaceAll(':', '\t : ').replaceAll(/^/gm, '  '),
      'blanks at the end of lines': three.replaceAll('\n', '  \t\n'),
      'no blanks at all': three.replaceAll(' ', ''),
      'comments on their own lines and after values': `# five servers\n${three.replaceAll('\n', ' # here\n')}#end`,
      'upper case labels': three.replaceAll('metadata', 'METADATA'),
      'a lower case m': three.replace('M', 'm'),
      'labels without numbers': three.replaceAll(/metadata\d/g, 'metadata'),
      'M after the servers': `${three.replace('M: 3\n', '')}M: 3\n`,
      'lines with other labels': `block: localhost:8080\n${three}blockstore 1: whatever, really\n`,
    };
    for (const [what, text] of Object.entries(variants)) {
      it(what, () => {
        expect(addresses(text)).to.deep.equal(['localhost:9001', 'localhost:9002', 'example.org:80']);
      });
    }

    it('IPv6 addresses in brackets, which are no part of the host', () => {
      const { servers } = parseClusterFile(
        'M: 2\nmetadata0: [::1]:9001\nmetadata1: [fe80::1]:9001',
        'cluster.txt',
      );
      expect(servers.map(({ host }) => host)).to.deep.equal(['::1', 'fe80::1']);
      expect(servers.map(addressOf)).to.deep.equal(['[::1]:9001', '[fe80::1]:9001']);
    });

    it('host names with underscores and letters of any script', () => {
      expect(addresses('M: 2\nmetadata0: surf_store-1.lan:1\nmetadata1: bücher:1')).to.have.length(2);
    });
  });

  describe('what it refuses', () => {
    const one = (value: string): string => `M: 1\n\nmetadata0: ${value}`;
    const refused: readonly (readonly [what: string, text: string, message: RegExp])[] = [
      ['an empty file', '', /^cluster\.txt: there is no line "M: N": add one/],
      ['no M', 'metadata0: localhost:9001', /^cluster\.txt: there is no line "M: N"/],
      ['M given twice', 'M: 1\nm: 1\nmetadata0: a:1', /^cluster\.txt:2: .*first in cluster\.txt:1.*keep one/],
      [
        'M without a number',
        'M:\nmetadata0: a:1',
        /^cluster\.txt:1: M must be the number of servers.*found ""/,
      ],
      ['M in words', 'M: five', /^cluster\.txt:1: .*found "five"/],
      ['M = 0', 'M: 0', /^cluster\.txt:1: .*1 or more, found "0"/],
      ['M below 0', 'M: -1', /^cluster\.txt:1: .*found "-1"/],
      ['a fraction', 'M: 2.5', /^cluster\.txt:1: .*found "2\.5"/],
      ['an absurd M', 'M: 101', /^cluster\.txt:1: .*at most 100 servers/],
      ['fewer servers than M', three.replace('3', '4'), /^cluster\.txt:1: M is 4 but there are only 3 .*add/],
      ['a line that is no line of this format', 'M: 1\nhello\n', /^cluster\.txt:2: expected .*found "hello"/],
      ['a line without a label', 'M: 1\n: a:1\n', /^cluster\.txt:2: expected/],
      ['no address', one(''), /^cluster\.txt:3: expected host:port, found ""/],
      ['no port', one('localhost'), /^cluster\.txt:3: expected host:port.*add the port/],
      ['an empty port', one('localhost:'), /^cluster\.txt:3: the port must be .* found ""/],
      ['port 0', one('localhost:0'), /^cluster\.txt:3: the port must be a number from 1 to 65535, found "0"/],
      ['a port beyond 65535', one('localhost:65536'), /^cluster\.txt:3: the port must be/],
      ['a port in words', one('localhost:http'), /^cluster\.txt:3: .*found "http"/],
      ['a port with a sign', one('localhost:+80'), /^cluster\.txt:3: the port must be/],
      ['an empty host', one(':9001'), /^cluster\.txt:3: the host is empty/],
      ['a URL', one('http://localhost:9001'), /^cluster\.txt:3: "http:\/\/localhost" is not a host/],
      ['a host with a blank', one('local host:9001'), /^cluster\.txt:3: "local host" is not a host/],
      [
        'an IPv6 address without brackets',
        one('::1:9001'),
        /^cluster\.txt:3: .* in brackets, as in \[::1\]:9001$/,
      ],
      [
        'brackets around something else',
        one('[localhost]:9001'),
        /^cluster\.txt:3: "\[localhost\]" is not a host/,
      ],
      [
        'two servers with one address',
        'M: 2\nmetadata0: localhost:9001\nmetadata1: LOCALHOST:9001',
        /^cluster\.txt:3: localhost:9001 is already used in cluster\.txt:2/,
      ],
      ['a file in UTF-16', 'M\0:\0 \x001\0', /^cluster\.txt: .*UTF-8/],
    ];
    for (const [what, text, message] of refused) {
      it(what, () => {
        expect(complaintAbout(text)).to.match(message);
      });
    }

    it('quotes only the beginning of a long line, and no control characters', () => {
      const message = complaintAbout(`M: ${'\x1b[31m'.repeat(1000)}`);
      expect(message.length).to.be.below(600);
      expect(message).not.to.match(/\p{Cc}/u);
    });
  });

  describe('on disk', () => {
    let folder: string;

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'surfstore-config-'));
    });

    afterEach(() => {
      rmSync(folder, { recursive: true });
    });

    it('is read as UTF-8 and named by its path in messages', () => {
      const path = join(folder, 'my cluster.txt');
      writeFileSync(path, `\uFEFF${three}`);
      expect(readClusterFile(path).servers).to.have.length(3);
      writeFileSync(path, 'M: none');
      expect(complaint(() => readClusterFile(path))).to.contain(`${path}:1: `);
    });

    it('must exist', () => {
      expect(complaint(() => readClusterFile(join(folder, 'nowhere.txt')))).to.match(
        /nowhere\.txt: there is no such file: give/,
      );
    });

    it('must not be a directory', () => {
      expect(complaint(() => readClusterFile(folder))).to.match(/: this is a directory: give/);
    });

    it('is named even when its path cannot be a path', () => {
      expect(complaint(() => readClusterFile('a\0b'))).to.match(/^a b: cannot be read: /);
    });
  });

  describe('server ids', () => {
    const cluster = parseClusterFile(three, 'cluster.txt');

    it('name a server by its place', () => {
      expect(serverOf(cluster, '2').host).to.equal('example.org');
    });

    for (const bad of [
      '3',
      '-1',
      '',
      'one',
      '1.5',
      '0x1',
      ' 1',
      '1e0',
      '99999999999999999999',
      '__proto__',
    ]) {
      it(`are refused when they are ${JSON.stringify(bad)}`, () => {
        expect(complaint(() => serverOf(cluster, bad))).to.equal(
          `the server id must be 0 to 2, got ${JSON.stringify(bad)}`,
        );
      });
    }

    it('can only be 0 in a cluster of one', () => {
      const single = parseClusterFile('M: 1\nmetadata0: localhost:9001', 'cluster.txt');
      expect(complaint(() => serverOf(single, '1'))).to.equal('the server id must be 0, got "1"');
    });
  });
});
