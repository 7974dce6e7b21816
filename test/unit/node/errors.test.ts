import { expect } from 'chai';
import {
  errorKindOf,
  errorTable,
  leaderHint,
  leaderIn,
  ServiceError,
  type ErrorKind,
} from '../../../src/node/errors.js';

const kinds = Object.keys(errorTable) as ErrorKind[];

describe('table of errors', () => {
  it('has a code of its own for each kind, by which it is found again', () => {
    expect(new Set(kinds.map((kind) => errorTable[kind].code)).size).to.equal(kinds.length);
    for (const kind of kinds) expect(errorKindOf(errorTable[kind].code)).to.equal(kind);
    expect(errorKindOf(-1)).to.equal(undefined);
  });

  it('t41 says unknown for whatever may still take effect, and not done for nothing else (hashicorp PR#561)', () => {
    const unknown = kinds.filter((kind) => errorTable[kind].outcome === 'unknown');
    expect(unknown).to.have.members([
      'crashedWhileWaiting',
      'steppedDown',
      'failedWhileWaiting',
      'stoppedWhileWaiting',
      'timedOut',
      'sessionExpired',
      'staleRequest',
    ]);
  });

  it('makes messages that begin with the kind’s word', () => {
    for (const kind of kinds) {
      const error = new ServiceError(kind, 'because');
      expect(error.message).to.equal(`${errorTable[kind].word}: because`);
      expect(error).to.include({ code: errorTable[kind].code, outcome: errorTable[kind].outcome });
    }
  });

  it('names the leader so that a client can read it back', () => {
    for (const host of ['localhost', '127.0.0.1', '::1', 'node-3.example.org']) {
      const leader = { id: 3, host, port: 9003 };
      expect(leaderIn(`notLeader: server 1 does not lead; ${leaderHint(leader)}`)).to.deep.equal(leader);
    }
    expect(leaderIn('notLeader: server 1 does not lead')).to.equal(undefined);
  });
});
