import { expect } from 'chai';
import { XmlRpcDateTime, XmlRpcDouble, type ParsedValue } from '../../../src/xmlrpc/index.js';
import { typeOf } from '../../../src/api/method.js';
import { Service } from './service.js';

describe('api: the method table', () => {
  let service: Service;

  beforeEach(async () => {
    service = await Service.leading();
  });

  it('holds the methods of the wire contract, introspection and nothing else', async () => {
    expect(await service.call('system.listMethods')).to.deep.equal([
      'surfstore.appendEntries',
      'surfstore.crash',
      'surfstore.getblock',
      'surfstore.getfileinfomap',
      'surfstore.hasblocks',
      'surfstore.installSnapshot',
      'surfstore.isCrashed',
      'surfstore.isLeader',
      'surfstore.logTail',
      'surfstore.makeUnreachableFrom',
      'surfstore.openSession',
      'surfstore.ping',
      'surfstore.propose',
      'surfstore.putblock',
      'surfstore.readIndex',
      'surfstore.requestVote',
      'surfstore.restore',
      'surfstore.sample',
      'surfstore.status',
      'surfstore.tester_getversion',
      'surfstore.trace',
      'surfstore.updatefile',
      'system.getCapabilities',
      'system.listMethods',
      'system.methodHelp',
      'system.methodSignature',
      'system.multicall',
    ]);
  });

  describe('finds a method by name', () => {
    it('with the prefix or without, in any letter case', async () => {
      for (const { name } of service.surface.methods) {
        const bare = name.replace(/^surfstore\./, '');
        for (const spelling of [name, name.toLowerCase(), name.toUpperCase(), bare, bare.toLowerCase()]) {
          expect(service.surface.find(spelling).name, spelling).to.equal(name);
        }
      }
      expect(await service.call('SurfStore.PING')).to.equal(true);
      expect(await service.call('isleader')).to.equal(true);
    });

    it('by the other spellings of the assignment', () => {
      for (const [alias, name] of [
        ['getFileInfo', 'surfstore.getfileinfomap'],
        ['surfstore.getfileinfo', 'surfstore.getfileinfomap'],
        ['getFileInfoMap', 'surfstore.getfileinfomap'],
        ['surfstore.getVersion', 'surfstore.tester_getversion'],
        ['getversion', 'surfstore.tester_getversion'],
      ] as const) {
        expect(service.surface.find(alias).name, alias).to.equal(name);
      }
    });

    it('only as a whole: part of a name, another prefix or a member of every object is no method', async () => {
      for (const name of [
        'pin',
        'pingg',
        'surfstore.',
        'surfstore',
        'surfstore.surfstore.ping',
        'other.ping',
        'listMethods',
        'ping ',
        '__proto__',
        'constructor',
        'toString',
        'surfstore.hasOwnProperty',
      ]) {
        expect((await service.fault(name)).faultCode, name).to.equal(-32601);
      }
    });

    it('and a name that is none is a fault that quotes it and says where the names are', async () => {
      const fault = await service.fault('surfstore.gone\n"x"');
      expect(fault.faultCode).to.equal(-32601);
      expect(fault.faultString).to.contain('"surfstore.gone\\n\\"x\\""').and.contain('system.listMethods');
    });

    it('and a very long name that is none is not repeated in full', async () => {
      const fault = await service.fault('x'.repeat(100_000));
      expect(fault.faultCode).to.equal(-32601);
      expect(fault.faultString.length).to.be.below(200);
    });
  });

  describe('refuses a wrong number of parameters', () => {
    it('with -32602 and how the method is called, for every method', async () => {
      for (const { name, parameters } of service.surface.methods) {
        const least = parameters.filter(({ isOptional }) => isOptional !== true).length;
        const isWrong = (count: number): boolean => count < least || count > parameters.length;
        for (const count of [0, 1, 2, 3, 4, 5].filter(isWrong)) {
          const fault = await service.fault(name, ...Array<ParsedValue>(count).fill('a'));
          expect(fault.faultCode, name).to.equal(-32602);
          expect(fault.faultString, name).to.contain(`${name}(`).and.contain(`got ${count}`);
          for (const parameter of parameters) {
            expect(fault.faultString).to.contain(`${parameter.type} ${parameter.name}`);
          }
        }
      }
    });

    it('in whole sentences', async () => {
      expect((await service.fault('ping', 1)).faultString).to.equal(
        'surfstore.ping() takes no parameters, got 1',
      );
      expect((await service.fault('GETVERSION')).faultString).to.equal(
        'surfstore.tester_getversion(string filename) takes 1 parameter, got 0',
      );
      expect((await service.fault('updatefile', 'a', 1)).faultString).to.equal(
        'surfstore.updatefile(string filename, int version, array hashlist[, string request[, int epoch]]) takes 3 to 5 parameters, got 2',
      );
    });

    it('before anything is done', async () => {
      await service.fault('crash', true);
      expect(await service.call('isCrashed')).to.equal(false);
      await service.fault('updatefile', 'a', 1, ['h'], 'name', 'more');
      expect(await service.call('tester_getversion', 'a')).to.equal(0);
    });
  });

  describe('refuses a wrong type', () => {
    const wrong: readonly (readonly [name: string, params: ParsedValue[], text: string])[] = [
      ['updatefile', [true, 1, []], 'filename must be of type string, got boolean'],
      ['updatefile', [Buffer.of(0xff), 1, []], 'filename is base64 of bytes that are not UTF-8'],
      ['updatefile', ['a', '1', []], 'version must be of type int, got string'],
      ['updatefile', ['a', true, []], 'version must be of type int, got boolean'],
      ['updatefile', ['a', new XmlRpcDouble(1), []], 'version must be of type int, got double'],
      ['updatefile', ['a', 1, [], 7], 'request must be of type string or struct, got int'],
      ['updatefile', ['a', 1, [], []], 'request must be of type string or struct, got array'],
      ['propose', [new Map(), 1], 'command is no command of the key/value service'],
      ['tester_getversion', [['a']], 'filename must be of type string, got array'],
      ['tester_getversion', [null], 'filename must be of type string, got nil'],
      ['putblock', ['text'], 'block must be of type base64, got string'],
      ['getblock', [Buffer.from('a')], 'hash as base64 must be the 32 bytes of a SHA-256, got 1'],
      ['hasblocks', ['h'], 'hashlist must be of type array, got string'],
      ['hasblocks', [['h', 5]], 'hashlist must hold strings or base64 only, it holds int'],
      ['appendEntries', [new Map()], 'message must be of type string, got struct'],
      [
        'requestVote',
        [new XmlRpcDateTime('20240101T00:00:00')],
        'message must be of type string, got dateTime',
      ],
      ['system.methodHelp', [2n ** 60n], 'name must be of type string, got int'],
      ['system.multicall', [new Map()], 'calls must be of type array, got struct'],
    ];
    for (const [name, params, text] of wrong) {
      it(`${name}: ${text}`, async () => {
        const fault = await service.fault(name, ...params);
        expect(fault.faultCode).to.equal(-32602);
        expect(fault.faultString).to.contain(text);
      });
    }

    it('before anything is done', async () => {
      await service.fault('updatefile', 'a', '1', ['h']);
      expect(service.files.size).to.equal(0);
    });
  });

  it('calls every type by its name in XML-RPC', () => {
    const named: [ParsedValue, string][] = [
      [null, 'nil'],
      [[], 'array'],
      [new Map(), 'struct'],
      [Buffer.from(''), 'base64'],
      [new Uint8Array(), 'base64'],
      [new XmlRpcDouble(1), 'double'],
      [new XmlRpcDateTime(''), 'dateTime.iso8601'],
      ['', 'string'],
      [false, 'boolean'],
      [0, 'int'],
      [2n ** 63n, 'int'],
    ];
    for (const [value, name] of named) expect(typeOf(value)).to.equal(name);
  });
});
