import { expect } from 'chai';
import { listOf, statusOf, statusProblem } from '../../chaos/grade/keyValue/keysServer.js';
import { targetIn } from '../../chaos/grade/keyValue/messagesServer.js';
import type { Reply } from '../../chaos/grade/subject/reply.js';

const value = (given: unknown): Reply => ({ kind: 'value', value: given, ms: 1 });

describe('grade: answers of a key/value service', () => {
  it('to a GET are lists of JSON; others that are lists are understood, with a remark', () => {
    expect(listOf(value(['cat', 'dog']))).to.deep.equal({ list: ['cat', 'dog'], remark: undefined });
    for (const other of [{ value: ['cat', 'dog'] }, "['cat', 'dog']"]) {
      const read = listOf(value(other));
      expect(read?.list).to.deep.equal(['cat', 'dog']);
      expect(read?.remark).to.be.a('string');
    }
    for (const none of ['cat,dog', 7, { a: 1 }, { a: [], b: [] }])
      expect(listOf(value(none)), JSON.stringify(none)).to.equal(undefined);
  });

  it('to a GET of a key that was never written may be nothing, or any 4xx, but no 5xx', () => {
    expect(listOf(value(null))?.list).to.deep.equal([]);
    expect(listOf({ kind: 'fault', text: 'status 404', ms: 1 })?.list).to.deep.equal([]);
    expect(listOf({ kind: 'fault', text: 'status 503 no leader', ms: 1 })).to.equal(undefined);
    expect(listOf({ kind: 'silent', text: 'within 5 s', ms: 1 })).to.equal(undefined);
  });

  it('to /admin/status have the names of PySyncObj; others are understood, and are told to be missing', () => {
    const right = { state: 2, leader: 'localhost:1', raft_term: 3, commit_idx: 4 };
    expect(statusProblem(value(right))).to.equal(undefined);
    expect(statusOf(value(right))).to.deep.equal({
      role: 'leader',
      leader: 'localhost:1',
      term: 3,
      commitIndex: 4,
    });
    const other = { role: 'LEADER', term: 3, commitIndex: 4 };
    expect(statusOf(value(other))?.role).to.equal('leader');
    expect(statusProblem(value(other))).to.equal('has no state');
    expect(statusProblem(value({ ...right, state: 7 }))).to.contain('0, 1 or 2');
    expect(statusProblem(value({ ...right, raft_term: 'three' }))).to.contain('raft_term');
    expect(statusProblem(value('up'))).to.contain('no object');
  });
});

describe('grade: redirects of JSON messages', () => {
  const known = { ports: [9001, 9002, 9003], peerPorts: [9101, 9102, 9103] };

  for (const [told, server] of [
    [{ payload: { leader: { id: 1, host: 'localhost', port: 9002 } } }, 1],
    [{ leader: 'localhost:9003' }, 2],
    [{ leader: '127.0.0.1:9101' }, 0],
    ['http://localhost:9002/messages', 1],
    [{ leader: 2 }, 2],
    [{ leader: '1' }, 1],
    [{ leader: null }, undefined],
    [{ leader: 'localhost:80' }, undefined],
  ] as const)
    it(`name ${server === undefined ? 'nobody' : `server ${server}`} in ${JSON.stringify(told)}`, () => {
      expect(targetIn(told, known)).to.equal(server);
    });
});
