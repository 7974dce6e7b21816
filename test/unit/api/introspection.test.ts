import { expect } from 'chai';
import { method } from '../../../src/api/method.js';
import { FaultTranslator } from '../../../src/api/faults.js';
import { text } from '../../../src/api/validate.js';
import { XmlRpcSurface } from '../../../src/api/xmlrpcSurface.js';
import { parseMethodResponse, serializeMethodResponse } from '../../../src/xmlrpc/index.js';
import { nobody, Service } from './service.js';

describe('api: introspection', () => {
  const service = new Service();
  const names = service.surface.methods.map(({ name }) => name);

  it('system.listMethods gives every canonical name once, sorted', async () => {
    const listed = await service.call('system.listMethods');
    expect(listed).to.deep.equal([...names].sort());
    expect(new Set(listed as string[]).size).to.equal(names.length);
  });

  it('system.listMethods gives names that can be called as they are', async () => {
    for (const name of (await service.call('system.listMethods')) as string[]) {
      expect(service.surface.find(name).name).to.equal(name);
    }
  });

  describe('system.methodSignature', () => {
    const signatures: Readonly<Record<string, readonly string[]>> = {
      'surfstore.ping': ['boolean'],
      'surfstore.getfileinfomap': ['struct'],
      'surfstore.openSession': ['string'],
      'surfstore.tester_getversion': ['int', 'string'],
      'surfstore.logTail': ['string'],
      'surfstore.sample': ['string'],
      'surfstore.status': ['struct'],
      'surfstore.trace': ['array'],
      'surfstore.isLeader': ['boolean'],
      'surfstore.isCrashed': ['boolean'],
      'surfstore.crash': ['boolean'],
      'surfstore.restore': ['boolean'],
      'surfstore.putblock': ['boolean', 'base64'],
      'surfstore.getblock': ['base64', 'string'],
      'surfstore.hasblocks': ['array', 'array'],
      'surfstore.appendEntries': ['string', 'string'],
      'surfstore.installSnapshot': ['string', 'string'],
      'surfstore.makeUnreachableFrom': ['boolean', 'array'],
      'surfstore.propose': ['string', 'string', 'int'],
      'surfstore.readIndex': ['int', 'int'],
      'surfstore.requestVote': ['string', 'string'],
      'system.listMethods': ['array'],
      'system.methodSignature': ['array', 'string'],
      'system.methodHelp': ['string', 'string'],
      'system.getCapabilities': ['struct'],
      'system.multicall': ['array', 'array'],
    };
    const updatefile = ['boolean', 'string', 'int', 'array'];
    const all = [updatefile, [...updatefile, 'string'], [...updatefile, 'string', 'int']];
    for (const name of names.filter((other) => other !== 'surfstore.updatefile')) {
      it(`of ${name} is an array of one signature: the type returned, then those of the parameters`, async () => {
        expect(await service.call('system.methodSignature', name)).to.deep.equal([signatures[name]]);
      });
    }

    it('of surfstore.updatefile has a signature for each of the parameters that may be left out', async () => {
      expect(await service.call('system.methodSignature', 'surfstore.updatefile')).to.deep.equal(all);
    });

    it('knows every name that a call knows', async () => {
      expect(await service.call('system.methodSignature', 'UPDATEFILE')).to.deep.equal(all);
    });

    it('of a method that is none is the fault that a call would be', async () => {
      expect((await service.fault('system.methodSignature', 'gone')).faultCode).to.equal(-32601);
    });
  });

  describe('system.methodHelp', () => {
    for (const { name, parameters, returns } of service.surface.methods) {
      it(`of ${name} says how it is called, what it returns, and what it does in sentences`, async () => {
        const help = (await service.call('system.methodHelp', name)) as string;
        const [usage = '', ...rest] = help.split('\n');
        const list = parameters
          .map((parameter) => `${parameter.type} ${parameter.name}`)
          .join(', ')
          .replace(', string request, int epoch', '[, string request[, int epoch]]');
        expect(usage).to.equal(`${name}(${list}) -> ${returns}`);
        expect(rest.join('\n')).to.match(/^[A-Z][^]{10,}\.$/);
      });
    }

    it('of a method that is none is the fault that a call would be', async () => {
      expect((await service.fault('system.methodHelp', '')).faultCode).to.equal(-32601);
    });
  });

  it('system.getCapabilities names the specifications with address and version, in types that can be written', async () => {
    const capabilities = await service.call('system.getCapabilities');
    const read = parseMethodResponse(serializeMethodResponse(capabilities));
    if (!('value' in read) || !(read.value instanceof Map)) throw new Error('it is not a struct');
    expect([...read.value.keys()]).to.include.members([
      'xmlrpc',
      'faults_interop',
      'introspection',
      'system.multicall',
    ]);
    for (const capability of read.value.values()) {
      if (!(capability instanceof Map)) throw new Error('a capability is a struct');
      expect(capability.get('specUrl')).to.match(/^http:\/\//);
      expect(capability.get('specVersion')).to.be.a('number');
    }
  });

  it('sees whatever methods a surface has', async () => {
    const extra = method('surfstore.extra', [text('word')], 'string', 'Says it.', ([word]) => word);
    const surface = new XmlRpcSurface([extra], new FaultTranslator([]));
    expect(await surface.call('system.listMethods', [], nobody)).to.include('surfstore.extra');
    expect(await surface.call('system.methodHelp', ['extra'], nobody)).to.equal(
      'surfstore.extra(string word) -> string\nSays it.',
    );
    expect(await surface.call('EXTRA', ['hello'], nobody)).to.equal('hello');
  });

  it('answers on a crashed server too', async () => {
    const crashed = new Service();
    crashed.node.crash();
    for (const name of ['system.listMethods', 'system.getCapabilities']) await crashed.call(name);
    await crashed.call('system.methodHelp', 'ping');
  });
});
