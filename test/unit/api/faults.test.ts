import { expect } from 'chai';
import { BlockStoreFullError, BlockTooLargeError } from '../../../src/blocks/blockStore.js';
import { FaultTranslator, invalidParams } from '../../../src/api/faults.js';
import {
  errorKindOf,
  errorTable,
  leaderHint,
  leaderIn,
  ServiceError,
  type ErrorKind,
  type LeaderAddress,
} from '../../../src/node/errors.js';
import { XmlRpcFault } from '../../../src/xmlrpc/index.js';
import { Service, servers } from './service.js';

/** Clients of other people tell the situations apart by these numbers and words: they must never change. */
const contract: Readonly<Record<string, readonly [code: number, word: string, outcome: string]>> = {
  notLeader: [1, 'notLeader', 'notDone'],
  crashed: [2, 'isCrashed', 'notDone'],
  crashedWhileWaiting: [3, 'isCrashed', 'unknown'],
  steppedDown: [4, 'steppedDown', 'unknown'],
  superseded: [5, 'superseded', 'notDone'],
  overloaded: [6, 'overloaded', 'notDone'],
  failed: [7, 'failed', 'notDone'],
  failedWhileWaiting: [8, 'failed', 'unknown'],
  stopped: [9, 'stopped', 'notDone'],
  stoppedWhileWaiting: [10, 'stopped', 'unknown'],
  noLeader: [11, 'noLeader', 'notDone'],
  timedOut: [12, 'timedOut', 'unknown'],
  sessionExpired: [13, 'sessionExpired', 'unknown'],
  staleRequest: [14, 'staleRequest', 'unknown'],
  requestReused: [15, 'requestReused', 'notDone'],
  blockNotFound: [20, 'blockNotFound', 'notDone'],
  blockStoreFull: [21, 'blockStoreFull', 'notDone'],
  epochMoved: [22, 'epochMoved', 'notDone'],
  blockUnavailable: [23, 'blockUnavailable', 'notDone'],
};

const kinds = Object.keys(errorTable) as ErrorKind[];
const translator = new FaultTranslator(servers);

function translated(error: Error): XmlRpcFault {
  const fault = translator.translate(error);
  if (fault instanceof XmlRpcFault) return fault;
  throw new Error('it is not a fault', { cause: error });
}

describe('api: faults', () => {
  it('are of the kinds of the table, and of no other', () => {
    expect(kinds).to.have.members(Object.keys(contract));
  });

  for (const [kind, [code, word, outcome]] of Object.entries(contract)) {
    it(`${kind} has code ${code}, begins with "${word}: ", and its outcome is ${outcome}`, () => {
      const error = new ServiceError(kind as ErrorKind, 'because');
      expect(error).to.include({ code, outcome, kind });
      expect(error.message).to.equal(`${word}: because`);
      const fault = translated(error);
      expect(fault.faultCode).to.equal(code);
      expect(fault.faultString.startsWith(`${word}: because`)).to.equal(true);
    });
  }

  it('have codes of their own, above zero, and every code leads back to its kind', () => {
    expect(new Set(kinds.map((kind) => errorTable[kind].code)).size).to.equal(kinds.length);
    for (const kind of kinds) {
      expect(errorTable[kind].code).to.be.greaterThan(0);
      expect(errorKindOf(errorTable[kind].code)).to.equal(kind);
    }
  });

  it('with another code are of no kind', () => {
    for (const code of [0, -1, -32602, -32603, 16, 24, NaN]) expect(errorKindOf(code)).to.equal(undefined);
  });

  it('of arguments have code -32602', () => {
    expect(invalidParams('why')).to.include({ faultCode: -32602, faultString: 'why' });
  });

  it('of the block store: full is of the table, too large a block is a wrong argument', () => {
    const full = translated(new BlockStoreFullError(3, 'it holds enough'));
    expect(full.faultCode).to.equal(21);
    expect(full.faultString).to.match(/^blockStoreFull: the block store is full: /);
    const large = translated(new BlockTooLargeError(6, 5));
    expect(large.faultCode).to.equal(-32602);
    expect(large.faultString).to.contain('6 bytes').and.contain('at most 5');
  });

  it('that are faults already, and errors of no kind of ours, pass as they are', () => {
    for (const error of [new XmlRpcFault(1, 'x'), new TypeError('x'), 'text', undefined]) {
      expect(translator.translate(error)).to.equal(error);
    }
  });

  describe('notLeader', () => {
    it('names the leader when it is known', () => {
      const { faultString } = translated(new ServiceError('notLeader', 'server 0 does not lead', 1));
      expect(faultString).to.equal(
        'notLeader: server 0 does not lead; the leader is server 1 at server-one.example:9001',
      );
    });

    for (const unknown of [null, 7]) {
      it(`says so when the leader is ${unknown === null ? 'not known' : 'none of the servers'}`, () => {
        const { faultString } = translated(new ServiceError('notLeader', 'server 0 does not lead', unknown));
        expect(faultString).to.equal('notLeader: server 0 does not lead; no leader is known at the moment');
        expect(leaderIn(faultString)).to.equal(undefined);
      });
    }

    it('is the only fault that names a leader', () => {
      for (const kind of kinds.filter((other) => other !== 'notLeader')) {
        expect(leaderIn(translated(new ServiceError(kind, 'because', 1)).faultString)).to.equal(undefined);
      }
    });

    it('is what a follower answers to reads and updates, with the leader that it follows', async () => {
      const service = new Service();
      const heartbeat = { from: 2, to: 0, term: 3, prevLogIndex: 0, prevLogTerm: 0 };
      const rest = { entries: [], leaderCommit: 0, hasQuorum: true, sequence: 1, readRound: 0 };
      await service.call('appendEntries', JSON.stringify({ type: 'appendEntries', ...heartbeat, ...rest }));
      for (const fault of [
        await service.fault('getfileinfomap'),
        await service.fault('updatefile', 'a', 1, ['h']),
      ]) {
        expect(fault.faultCode).to.equal(1);
        expect(leaderIn(fault.faultString)).to.deep.equal(servers[2]);
      }
    });

    it('is what a server that knows no leader answers, and it says so', async () => {
      const fault = await new Service().fault('updatefile', 'a', 1, ['h']);
      expect(fault.faultCode).to.equal(1);
      expect(fault.faultString).to.match(/^notLeader: .*no leader is known/);
    });
  });

  describe('the leader in a message', () => {
    const leaders: LeaderAddress[] = [
      { id: 0, host: 'localhost', port: 1 },
      { id: 12, host: '192.168.0.1', port: 65535 },
      { id: 1, host: '::1', port: 9001 },
      { id: 2, host: 'fe80::1:2:3', port: 80 },
      { id: 3, host: '2001:db8::7:9000', port: 9000 },
      { id: 4, host: 'a-b.c_d.example', port: 9000 },
    ];
    for (const leader of leaders) {
      it(`is read back as it was written: server ${leader.id} at ${leader.host} port ${leader.port}`, () => {
        expect(leaderIn(leaderHint(leader))).to.deep.equal(leader);
        expect(leaderIn(`notLeader: no; ${leaderHint(leader)}`)).to.deep.equal(leader);
      });
    }

    it('is none in any other message', () => {
      for (const text of [
        '',
        'notLeader',
        'the leader is server one at a:1',
        'the leader is server 1 at a:b',
      ]) {
        expect(leaderIn(text)).to.equal(undefined);
      }
    });
  });
});
