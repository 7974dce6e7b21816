import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { certainlyNotDone, isLastWord, isMethodMissing } from '../../chaos/calls/outcome.js';
import { Refusal } from '../../chaos/calls/refusal.js';
import { RpcClient } from '../../chaos/calls/rpcClient.js';
import { NoAnswerError, NotSentError, RpcFault } from '../../chaos/calls/rpcError.js';

describe('chaos: outcomes of calls', () => {
  it('are certain of what the table of faults calls not done, and of nothing else', () => {
    const words = ['notLeader', 'isCrashed', 'superseded', 'overloaded', 'failed', 'stopped'];
    for (const [index, code] of [1, 2, 5, 6, 7, 9].entries()) {
      const fault = new RpcFault(code, `${words[index] ?? ''}: why`);
      expect(certainlyNotDone(fault), `fault ${code}`).to.equal(true);
    }
    for (const code of [3, 4, 8, 10, 0, 11, 500, -32601, -32602, -32603]) {
      expect(certainlyNotDone(new RpcFault(code, 'notLeader: why')), `fault ${code}`).to.equal(false);
    }
  });

  it('are unknown when a code comes without the word of this product: other servers use it for anything', () => {
    const ofPython = new RpcFault(1, "<class 'KeyError'>:'a.txt'");
    expect(certainlyNotDone(ofPython)).to.equal(false);
    expect(certainlyNotDone(new RpcFault(2, 'notLeader: another word of ours'))).to.equal(false);
  });

  it('are certain of a call that never left, and of none that may have arrived', () => {
    expect(certainlyNotDone(new NotSentError('ECONNREFUSED'))).to.equal(true);
    expect(certainlyNotDone(new NoAnswerError('socket hang up'))).to.equal(false);
    expect(certainlyNotDone(new Error('anything'))).to.equal(false);
  });

  it('go by the first word of a refusal of the key/value service, and a wrong request was never done', () => {
    for (const word of ['noLeader', 'notLeader', 'superseded', 'overloaded'])
      expect(certainlyNotDone(new Refusal(503, `${word}: why`)), word).to.equal(true);
    for (const word of ['timedOut', 'isCrashed', 'steppedDown', 'failed', 'stopped', ''])
      expect(certainlyNotDone(new Refusal(503, `${word}: why`)), word).to.equal(false);
    expect([400, 404, 413, 422].map((status) => certainlyNotDone(new Refusal(status, '')))).not.to.include(
      false,
    );
    expect(certainlyNotDone(new Refusal(409, 'staleRequest: x')), 'it may have been done before').to.equal(
      false,
    );
    expect(certainlyNotDone(new Refusal(500, 'noLeader'))).to.equal(false);
    expect([409, 422, 503].map((status) => isLastWord(new Refusal(status, '')))).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  it('tell a hook that is switched off', () => {
    expect(isMethodMissing(new RpcFault(-32601, 'no such method'))).to.equal(true);
    expect(isMethodMissing(new RpcFault(-32602, ''))).to.equal(false);
  });

  describe('of real connections', () => {
    /** The error of a call at a server that answers each request so. */
    async function errorAt(answer: (response: ServerResponse) => void, timeoutMs = 2_000): Promise<unknown> {
      const server = createServer((request, response) => {
        request.resume().on('end', () => answer(response));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = new RpcClient('127.0.0.1', (server.address() as AddressInfo).port);
      try {
        return await client.call('surfstore.ping', [], timeoutMs).catch((error: unknown) => error);
      } finally {
        client.hangUp();
        server.closeAllConnections();
        server.close();
      }
    }

    it('a fault keeps its code and its text', async () => {
      const member = (name: string, value: string): string =>
        `<member><name>${name}</name><value>${value}</value></member>`;
      const members = member('faultCode', '<int>4</int>') + member('faultString', 'steppedDown: x');
      const error = await errorAt((response) =>
        response.end(
          `<methodResponse><fault><value><struct>${members}</struct></value></fault></methodResponse>`,
        ),
      );
      expect(error).to.be.instanceOf(RpcFault).and.deep.include({ code: 4, text: 'steppedDown: x' });
    });

    it('a connection that nobody takes was not sent', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, 'close');
      const client = new RpcClient('127.0.0.1', port);
      const error: unknown = await client.call('surfstore.ping', [], 2_000).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(NotSentError);
    });

    it('a connection that breaks, before or in the middle of an answer, is no answer', async () => {
      expect(await errorAt((response) => response.destroy())).to.be.instanceOf(NoAnswerError);
      const torn = errorAt((response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('<methodResponse><params>', () => response.destroy());
      });
      expect(await torn).to.be.instanceOf(NoAnswerError);
    });

    it('an answer that makes no sense, or takes too long, is no answer', async () => {
      expect(await errorAt((response) => response.end('hello'))).to.be.instanceOf(NoAnswerError);
      expect(await errorAt(() => undefined, 100))
        .to.be.instanceOf(NoAnswerError)
        .and.have.property('message', 'no answer within 0.1 s');
    });
  });
});
