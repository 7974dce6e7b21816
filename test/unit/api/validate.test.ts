import { expect } from 'chai';
import fc from 'fast-check';
import {
  NAME_BYTES_MAX,
  fileName,
  keyValueCommand,
  requestId,
  text,
  version,
} from '../../../src/api/validate.js';
import { SINGLE, decodeCommand, encodePut, encodeUpdateFile } from '../../../src/stateMachine/command.js';
import { XmlRpcFault, type ParsedValue } from '../../../src/xmlrpc/index.js';
import { xmlText } from '../../support/xmlrpcArbitraries.js';
import { Service } from './service.js';

const name = fileName('filename');

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof XmlRpcFault && error.faultCode === -32602) return error.faultString;
    throw error;
  }
  throw new Error('this should have been refused');
}

describe('api: arguments', () => {
  describe('a file name', () => {
    it('must not be empty', () => {
      expect(refusal(() => name.check(''))).to.equal('filename must not be empty');
    });

    it('may be one character long', () => {
      for (const one of ['a', ' ', '/', '0', 'é', '\u{1f600}']) expect(name.check(one)).to.equal(one);
    });

    it('may be 4096 bytes of UTF-8 long and no longer, however few characters these are', () => {
      expect(NAME_BYTES_MAX).to.equal(4096);
      for (const [character, bytes] of [
        ['a', 1],
        ['é', 2],
        ['€', 3],
        ['\u{1f600}', 4],
      ] as const) {
        const longest = character.repeat(4096 / bytes) + 'a'.repeat(4096 % bytes);
        expect(Buffer.byteLength(longest)).to.be.within(4096 - bytes + 1, 4096);
        const full = longest + 'a'.repeat(4096 - Buffer.byteLength(longest));
        expect(name.check(full)).to.equal(full);
        expect(refusal(() => name.check(`${full}a`))).to.equal(
          'filename is 4097 bytes long; at most 4096 are allowed',
        );
      }
    });

    it('may hold whatever XML can carry, and is kept as it is', () => {
      const names = xmlText.filter((value) => value !== '' && Buffer.byteLength(value) <= NAME_BYTES_MAX);
      fc.assert(fc.property(names, (value) => name.check(value) === value));
      for (const odd of ['../../etc/passwd', '__proto__', 'a\tb\nc\rd', '<&>"\'', ' ', '\ufeff', '\u0085']) {
        expect(name.check(odd)).to.equal(odd);
      }
    });

    it('must not hold what XML cannot carry: it would break every later listing', () => {
      for (const forbidden of ['\0', '\u0001', '\u001b', '\u001f', '\ufffe', '\uffff', '\ud800', '\udfff']) {
        for (const value of [forbidden, `a${forbidden}`, `${forbidden}z`]) {
          expect(refusal(() => name.check(value))).to.equal(
            'filename holds a character that XML cannot carry',
          );
        }
      }
    });

    it('is refused before it gets into the log', async () => {
      const service = await Service.leading({ servers: 1 });
      const { lastIndex } = service.node.status.core;
      for (const value of ['', 'a\0', 'a'.repeat(4097)]) await service.fault('updatefile', value, 1, []);
      expect(service.node.status.core.lastIndex).to.equal(lastIndex);
    });
  });

  it('a text is any string', () => {
    for (const value of ['', '\0', 'a'.repeat(100_000)]) expect(text('hash').check(value)).to.equal(value);
  });

  describe('a version', () => {
    const number = version('version');

    it('may be any int', () => {
      for (const value of [1, 0, -1, 2 ** 31 - 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
        expect(number.check(value)).to.equal(value);
      }
    });

    it('beyond 2^53 becomes a number that no file is ever at, of the same sign', () => {
      expect(number.check(2n ** 53n)).to.equal(Number.MAX_SAFE_INTEGER);
      expect(number.check(2n ** 63n - 1n)).to.equal(Number.MAX_SAFE_INTEGER);
      expect(number.check(-(2n ** 63n))).to.equal(Number.MIN_SAFE_INTEGER);
    });

    it('that is not the next one is answered with false, however large or negative it is', async () => {
      const service = await Service.leading();
      for (const value of [0, -1, 2, 2 ** 31, Number.MAX_SAFE_INTEGER, 2n ** 63n - 1n, -(2n ** 63n)]) {
        expect(await service.call('updatefile', 'a', value, ['h']), String(value)).to.equal(false);
      }
      expect(service.files.versionOf('a')).to.equal(0);
      expect(await service.call('updatefile', 'a', 1, ['h'])).to.equal(true);
    });
  });

  describe('a request', () => {
    const request = requestId('request');
    const struct = (clientId: ParsedValue, sequence: ParsedValue): ParsedValue =>
      new Map([
        ['clientId', clientId],
        ['sequence', sequence],
      ]);

    it('may be left out, and is a string in the eyes of introspection', () => {
      expect(request).to.include({ isOptional: true, type: 'string', name: 'request' });
    });

    it('may be the name of this very call, or nil for none', () => {
      for (const clientId of ['a', ' ', '"', '__proto__', 'é\u{1f600}', 'x'.repeat(256)])
        expect(request.check(clientId)).to.deep.equal({ clientId, sequence: SINGLE });
      expect(request.check(null)).to.equal(undefined);
    });

    it('may be a struct of a client and its sequence, of which nothing else is kept', () => {
      for (const sequence of [1, 2, Number.MAX_SAFE_INTEGER]) {
        expect(request.check(struct('me', sequence))).to.deep.equal({ clientId: 'me', sequence });
      }
      const more = new Map<string, ParsedValue>([
        ['sequence', 3],
        ['other', 1],
        ['clientId', 'me'],
      ]);
      expect(request.check(more)).to.deep.equal({ clientId: 'me', sequence: 3 });
    });

    it('is refused in any other form', () => {
      for (const value of [0, 1.5, true, [], [struct('me', 1)], Buffer.from('me'), 2n ** 60n])
        expect(refusal(() => request.check(value))).to.contain(
          'request must be of type string or struct, got ',
        );
    });

    it('is refused without a name that everybody can read, or without a number', () => {
      for (const clientId of ['', 'x'.repeat(257), '\0', 'a\r\nb', '\u0085', '\ud800', 7, null])
        expect(refusal(() => request.check(struct(clientId, 1)))).to.contain(
          'the name of a client or request must be',
        );
      for (const sequence of [0, -1, '1', null, true, 2n ** 53n])
        expect(refusal(() => request.check(struct('me', sequence)))).to.contain(
          'sequence must be a whole number',
        );
    });
  });

  describe('a command of the key/value service', () => {
    const parameter = keyValueCommand('command');

    it('is kept as this server would write it', () => {
      const command = encodePut('a', [1, { b: null }], { clientId: 'me', sequence: 2 });
      expect(parameter.check(command)).to.equal(command);
      const spaced = JSON.stringify(JSON.parse(command), undefined, 2).replace('"me"', '"\\u006de"');
      expect(spaced).to.not.equal(command);
      expect(parameter.check(spaced)).to.equal(command);
    });

    it('is refused when it is none, of another type too', () => {
      for (const value of [7, null, [], Buffer.from('{}'), '', '{}', encodeUpdateFile('a', 1, [])])
        expect(refusal(() => parameter.check(value))).to.equal(
          'command is no command of the key/value service',
        );
    });

    it('never gives what the state machine could not take, whatever the text', () => {
      fc.assert(
        fc.property(fc.oneof(fc.json(), fc.string()), fc.jsonValue(), (text, value) => {
          const texts = [text, JSON.stringify({ type: 'kvPut', key: 'a', value, request: value })];
          for (const sent of texts) {
            try {
              expect(decodeCommand(parameter.check(sent))).to.include({ type: 'kvPut' });
            } catch (error) {
              expect(error).to.include({ faultCode: -32602 });
            }
          }
        }),
      );
    });
  });
});
