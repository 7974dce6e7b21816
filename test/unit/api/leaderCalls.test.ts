import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { RpcLeaderCalls } from '../../../src/api/leaderCalls.js';
import { errorTable, ServiceError, type ErrorKind } from '../../../src/node/errors.js';
import type { PendingCall } from '../../../src/node/pendingRequests.js';
import { decodeCommand, encodePut } from '../../../src/stateMachine/command.js';
import { XmlRpcFault, type Dispatch, type ParsedValue } from '../../../src/xmlrpc/index.js';
import { closeServers, startServer, until } from '../../support/xmlrpcServer.js';
import { freePort } from './fronts.js';

const open: RpcLeaderCalls[] = [];

/** Calls to server 1, which listens there; a machine may be short of cores, so that it has time to say that it is there. */
function callsTo(port: number, pingMs = 10_000): RpcLeaderCalls {
  const calls = new RpcLeaderCalls(0, [{ id: 1, host: '127.0.0.1', port }], () => true, { pingMs });
  open.push(calls);
  return calls;
}

/** Calls to server 1, which answers so. */
async function answeredBy(dispatch: Dispatch): Promise<RpcLeaderCalls> {
  return callsTo((await startServer(dispatch)).port);
}

/** The error that the call ends with. */
async function errorOf({ promise }: PendingCall<unknown>): Promise<ServiceError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('this should have failed');
}

describe('api: calls to the leader', () => {
  afterEach(async () => {
    for (const calls of open.splice(0)) calls.close();
    await closeServers();
  });

  describe('a peer of which it is asked whether it is there', () => {
    it('is up when it says that it is not crashed', async () => {
      expect(await (await answeredBy(() => false)).stateOf(1)).to.equal('up');
    });

    it('is down when it says that it is crashed', async () => {
      expect(await (await answeredBy(() => true)).stateOf(1)).to.equal('down');
    });

    it('is down when nobody listens, and when the connection is reset', async () => {
      expect(await callsTo(await freePort()).stateOf(1)).to.equal('down');
      const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      expect(await callsTo((server.address() as AddressInfo).port).stateOf(1)).to.equal('down');
      server.close();
    });

    it('may be anything when it does not answer in time, and when it is not to be heard', async () => {
      const mute = await startServer(() => new Promise(() => undefined));
      expect(await callsTo(mute.port, 20).stateOf(1)).to.equal('silent');
      const { port } = await startServer(() => true);
      const deaf = new RpcLeaderCalls(0, [{ id: 1, host: '127.0.0.1', port }], () => false);
      open.push(deaf);
      expect(await deaf.stateOf(1)).to.equal('silent');
    });

    it('may be anything when the number is no peer’s', async () => {
      const calls = await answeredBy(() => true);
      for (const stranger of [0, 2, -1]) expect(await calls.stateOf(stranger)).to.equal('silent');
    });

    it('is up when it has no such method: a server may be started without the hooks', async () => {
      const calls = await answeredBy(() => {
        throw new XmlRpcFault(-32601, 'there is no method isCrashed');
      });
      expect(await calls.stateOf(1)).to.equal('up');
    });
  });

  it('propose sends the command, whatever characters it holds, and gives the result', async () => {
    const got: [string, ParsedValue[]][] = [];
    const calls = await answeredBy((name, params) => {
      got.push([name, params]);
      return 'notAList';
    });
    const command = encodePut('\ufffe\\', '\uffff<&>"\0\ud800', { clientId: 'é', sequence: 7 });
    expect(await calls.propose(1, command).promise).to.equal('notAList');
    expect(got).to.deep.equal([['surfstore.propose', [got[0]?.[1][0], 0]]]);
    const sent = got[0]?.[1][0];
    if (typeof sent !== 'string') throw new Error('the command is a string');
    expect(decodeCommand(sent)).to.deep.equal(decodeCommand(command));
  });

  for (const index of [0, 17, 2 ** 40]) {
    it(`readIndex gives the leader’s index, ${index}`, async () => {
      const got: unknown[] = [];
      const calls = await answeredBy((name, params) => {
        got.push(name, params);
        return index;
      });
      expect(await calls.readIndex(1).promise).to.equal(index);
      expect(got).to.deep.equal(['surfstore.readIndex', [0]]);
    });
  }

  for (const kind of Object.keys(errorTable) as ErrorKind[]) {
    it(`the leader’s fault ${kind} keeps its kind, and its word is said once`, async () => {
      const { code, word, outcome } = errorTable[kind];
      const calls = await answeredBy(() => {
        throw new XmlRpcFault(code, `${word}: because`);
      });
      const error = await errorOf(calls.propose(1, 'x'));
      expect(error).to.include({ kind, outcome, message: `${word}: because` });
    });
  }

  it('a leader that is not there has certainly done nothing', async () => {
    const error = await errorOf(callsTo(await freePort()).propose(1, 'x'));
    expect(error).to.include({ kind: 'noLeader', outcome: 'notDone' });
    expect(error.message).to.contain('server 1');
  });

  it('one that falls silent in the middle of the call may have done it', async () => {
    let asked = 0;
    const calls = await answeredBy(() => {
      asked += 1;
      return new Promise(() => undefined);
    });
    const ended = errorOf(calls.propose(1, 'x'));
    await until(() => asked === 1);
    await closeServers();
    expect(await ended).to.include({ kind: 'timedOut', outcome: 'unknown' });
  });

  it('a result that is none may have been one', async () => {
    const calls = await answeredBy(() => true);
    expect(await errorOf(calls.propose(1, 'x'))).to.include({ outcome: 'unknown' });
    expect(await errorOf(calls.readIndex(1))).to.include({ kind: 'noLeader' });
  });

  it('a server that is no peer is an error of the program', async () => {
    const calls = await answeredBy(() => 'applied');
    expect(() => calls.propose(2, 'x')).to.throw('server 2 is not a peer');
  });

  it('a cancelled call hangs up, so that the leader gives its place back', async () => {
    let asked = 0;
    let hungUp = 0;
    const calls = await answeredBy((_name, _params, call) => {
      asked += 1;
      call.onHangUp(() => (hungUp += 1));
      return new Promise(() => undefined);
    });
    const { cancel, promise } = calls.readIndex(1);
    promise.catch(() => undefined);
    await until(() => asked === 1);
    expect(hungUp).to.equal(0);
    cancel();
    await until(() => hungUp === 1);
  });
});
