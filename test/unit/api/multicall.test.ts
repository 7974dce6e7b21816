import { expect } from 'chai';
import { FaultTranslator } from '../../../src/api/faults.js';
import { method } from '../../../src/api/method.js';
import { XmlRpcSurface } from '../../../src/api/xmlrpcSurface.js';
import {
  parseMethodResponse,
  serializeMethodResponse,
  type CallContext,
  type ParsedValue,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import { eventually, nobody, Service, turn } from './service.js';

function callOf(methodName: ParsedValue, ...params: ParsedValue[]): ParsedValue {
  return new Map<string, ParsedValue>([
    ['methodName', methodName],
    ['params', params],
  ]);
}

/** The results as a client reads them, faults as [code, text]. */
function read(answer: XmlRpcValue): unknown[] {
  const response = parseMethodResponse(serializeMethodResponse(answer));
  if (!('value' in response) || !Array.isArray(response.value)) throw new Error('it is not an array');
  return response.value.map((result) =>
    result instanceof Map ? { code: result.get('faultCode'), text: result.get('faultString') } : result,
  );
}

describe('api: system.multicall', () => {
  let service: Service;

  beforeEach(async () => {
    service = await Service.leading();
  });

  async function multicall(...calls: ParsedValue[]): Promise<unknown[]> {
    return read(await service.call('system.multicall', calls));
  }

  it('of no calls is an empty array', async () => {
    expect(await multicall()).to.deep.equal([]);
  });

  it('gives each result in an array of one, in the order of the calls', async () => {
    const results = await multicall(
      callOf('surfstore.ping'),
      callOf('updatefile', 'a', 1, ['h']),
      callOf('UPDATEFILE', 'a', 1, ['h']),
      callOf('tester_getversion', 'a'),
      callOf('getfileinfomap'),
    );
    expect(results).to.deep.equal([[true], [true], [false], [1], [new Map([['a', [1, ['h']]]])]]);
  });

  it('takes a call without params for one without parameters', async () => {
    expect(await multicall(new Map([['methodName', 'ping']]))).to.deep.equal([[true]]);
  });

  it('makes the calls one after another: each sees what those before it did', async () => {
    const results = await multicall(
      callOf('crash'),
      callOf('isCrashed'),
      callOf('restore'),
      callOf('isCrashed'),
    );
    expect(results).to.deep.equal([[true], [true], [true], [false]]);
  });

  it('gives the fault of a call in its place and goes on', async () => {
    const results = await multicall(
      callOf('ping'),
      callOf('gone'),
      callOf('tester_getversion'),
      callOf('updatefile', '', 1, []),
      callOf('getblock', 'none'),
      callOf('ping'),
    );
    expect(results).to.have.length(6);
    expect(results[0]).to.deep.equal([true]);
    expect(results[1]).to.include({ code: -32601 });
    expect(results[2]).to.include({ code: -32602 });
    expect(results[3]).to.deep.equal({ code: -32602, text: 'filename must not be empty' });
    expect(results[4]).to.include({ code: 20 });
    expect(results[5]).to.deep.equal([true]);
  });

  it('gives the faults of the service with their words and codes', async () => {
    const results = await multicall(
      callOf('crash'),
      callOf('updatefile', 'a', 1, []),
      callOf('getfileinfomap'),
    );
    expect(results[1])
      .to.include({ code: 2 })
      .and.property('text')
      .match(/^isCrashed/);
    expect(results[2])
      .to.include({ code: 2 })
      .and.property('text')
      .match(/^isCrashed/);
  });

  it('gives what is no call a fault in its place', async () => {
    const broken: ParsedValue[] = [
      'ping',
      7,
      null,
      ['ping', []],
      new Map(),
      callOf(5),
      callOf(null),
      new Map<string, ParsedValue>([
        ['methodName', 'ping'],
        ['params', 'none'],
      ]),
      new Map<string, ParsedValue>([
        ['methodName', 'ping'],
        ['params', new Map()],
      ]),
    ];
    const results = await multicall(...broken, callOf('ping'));
    expect(results.pop()).to.deep.equal([true]);
    for (const result of results) {
      expect(result).to.deep.equal({
        code: -32602,
        text: 'each call of a multicall is a struct {string methodName, array params}',
      });
    }
  });

  for (const name of ['system.multicall', 'SYSTEM.MultiCall', 'surfstore.system.multicall']) {
    it(`refuses a multicall in a multicall, called ${name}, and nothing in it is done`, async () => {
      const [nested, after] = await multicall(callOf(name, [callOf('crash')]), callOf('isCrashed'));
      expect(nested).to.deep.equal({ code: -32600, text: 'a multicall cannot hold a multicall' });
      expect(after).to.deep.equal([false]);
    });
  }

  it('makes 1000 calls and refuses 1001 before the first is made', async () => {
    expect(await multicall(...Array<ParsedValue>(1000).fill(callOf('ping')))).to.have.length(1000);
    const fault = await service.fault('system.multicall', Array<ParsedValue>(1001).fill(callOf('crash')));
    expect(fault.faultCode).to.equal(-32602);
    expect(fault.faultString).to.equal('a multicall may hold 1000 calls, this one holds 1001');
    expect(await service.call('isCrashed')).to.equal(false);
  });

  it('makes no more calls when the results take 16 MiB, and says so in their places', async () => {
    let made = 0;
    const block = Buffer.alloc(5 * 1024 * 1024);
    const large = method('surfstore.large', [], 'base64', 'Five megabytes.', () => {
      made += 1;
      return block;
    });
    const surface = new XmlRpcSurface([large], new FaultTranslator([]));
    const calls = Array<ParsedValue>(1000).fill(callOf('large'));
    const answer = await surface.call('system.multicall', [calls], nobody);
    expect(made).to.equal(3);
    const results = answer as readonly XmlRpcValue[];
    expect(results).to.have.length(1000);
    expect(results[2]).to.deep.equal([block]);
    expect(read(results.slice(3)))
      .to.have.length(997)
      .and.deep.include({
        code: 6,
        text: 'overloaded: the results of this multicall are too large; send the rest in another',
      });
  });

  it('gives an error that is none of ours as an internal error, without its details', async () => {
    const broken = method('surfstore.broken', [], 'boolean', 'Fails.', () => {
      throw new Error('secret');
    });
    const surface = new XmlRpcSurface([broken], new FaultTranslator([]));
    const results = read(await surface.call('system.multicall', [[callOf('broken')]], nobody));
    expect(results).to.deep.equal([{ code: -32603, text: 'internal error' }]);
  });

  describe('with a call that waits for a majority', () => {
    let done: unknown[] | undefined;

    beforeEach(async () => {
      service.peers.reachable = false;
      done = undefined;
      const calls = [callOf('ping'), callOf('updatefile', 'a', 1, ['h']), callOf('tester_getversion', 'a')];
      service.call('system.multicall', calls).then(
        (answer) => (done = read(answer)),
        (error: unknown) => (done = [error]),
      );
      for (let turns = 0; turns < 5; turns += 1) await turn();
      expect(done).to.equal(undefined);
    });

    async function ended(): Promise<unknown[]> {
      await eventually(
        () => done !== undefined,
        () => service.ticker.tick(),
      );
      return done ?? [];
    }

    it('waits too, and goes on when the majority is back', async () => {
      expect(service.node.status.waitingCalls).to.equal(1);
      service.peers.reachable = true;
      expect(await ended()).to.deep.equal([[true], [true], [1]]);
    });

    it('gives the fault of the call when the server is crashed meanwhile', async () => {
      service.node.crash();
      const [first, second, third] = await ended();
      expect(first).to.deep.equal([true]);
      expect(second)
        .to.include({ code: 3 })
        .and.property('text')
        .match(/^isCrashed/);
      expect(third).to.deep.equal([0]);
    });
  });

  it('frees the place of the call that waits when its client hangs up', async () => {
    service.peers.reachable = false;
    const listeners: (() => void)[] = [];
    const context: CallContext = { ...nobody, onHangUp: (listener) => listeners.push(listener) };
    void service.surface.call('system.multicall', [[callOf('getfileinfomap')]], context);
    await turn();
    expect(service.node.status.waitingCalls).to.equal(1);
    for (const listener of listeners) listener();
    expect(service.node.status.waitingCalls).to.equal(0);
  });
});
