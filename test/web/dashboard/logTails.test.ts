import { expect } from 'chai';
import { LogTails, shownLog } from '../../../src/dashboard/logTails.js';
import type { ShownLog } from '../../../src/dashboard/sample.js';
import { encodePut, encodeUpdateFile } from '../../../src/stateMachine/command.js';
import { Service } from '../../unit/api/service.js';

function logOf(id: number, term: number): ShownLog {
  return {
    id,
    lifecycle: 'running',
    role: 'follower',
    term,
    votedFor: null,
    commitIndex: 0,
    isLearner: false,
    unreachableFrom: [],
    base: { index: 0, term: 0 },
    entries: [],
  };
}

describe('dashboard: the logs of all servers', () => {
  let asked: number[];
  let terms: Record<number, number>;
  let logs: LogTails;

  beforeEach(() => {
    asked = [];
    terms = { 0: 4, 1: 4, 2: 4 };
    logs = new LogTails({
      self: 0,
      servers: [0, 1, 2],
      own: () => logOf(0, terms[0] ?? 0),
      ask: (server) => {
        asked.push(server);
        const term = terms[server];
        return term === undefined
          ? Promise.reject(new Error('connection refused'))
          : Promise.resolve(logOf(server, term));
      },
    });
  });

  /** The turns that the collector gives, until no more are wanted. */
  async function takeTurns(): Promise<void> {
    while (logs.next !== undefined) await logs.askNext();
  }

  it('asks nobody by itself, and one server in each turn', async () => {
    expect(logs.next).to.equal(undefined);
    const result = logs.collect();
    expect(asked).to.deep.equal([]);
    await logs.askNext();
    expect(asked).to.deep.equal([1]);
    await takeTurns();
    const { servers } = await result;
    expect(servers.map(({ id, log }) => [id, log?.term])).to.deep.equal([
      [0, 4],
      [1, 4],
      [2, 4],
    ]);
    expect([asked, logs.isUnderWay]).to.deep.equal([[1, 2], false]);
  });

  it('asks once for all who want them at the same time', async () => {
    const both = [logs.collect(), logs.collect()];
    await takeTurns();
    const [one, other] = await Promise.all(both);
    expect(one).to.equal(other);
    expect(asked).to.deep.equal([1, 2]);
  });

  it('tells of a server that does not answer why', async () => {
    delete terms[2];
    const result = logs.collect();
    await takeTurns();
    expect((await result).servers[2]).to.deep.equal({ id: 2, log: null, failure: 'connection refused' });
  });

  it('asks a server again whose term was older than that of another, once', async () => {
    terms[1] = 3;
    const result = logs.collect();
    await logs.askNext();
    terms[1] = 4;
    await takeTurns();
    expect((await result).servers[1]?.log?.term).to.equal(4);
    expect(asked).to.deep.equal([1, 2, 1]);
    terms[1] = 3;
    const again = logs.collect();
    await takeTurns();
    expect((await again).servers[1]?.log?.term).to.equal(3);
    expect(asked).to.deep.equal([1, 2, 1, 1, 2, 1]);
  });

  it('needs nobody in a cluster of one', async () => {
    const alone = new LogTails({
      self: 0,
      servers: [0],
      own: () => logOf(0, 7),
      ask: () => Promise.reject(new Error('nobody')),
    });
    expect((await alone.collect()).servers[0]?.log?.term).to.equal(7);
  });

  it('shows of an entry what it is, in a few characters, also of a server that is crashed', async () => {
    const { node } = await Service.leading();
    await node.propose(encodeUpdateFile('notes.txt', 1, ['a1'])).promise;
    await node.propose(encodePut('x', 'a value that is much longer than a label')).promise;
    node.crash();
    const { entries, term, commitIndex, lifecycle, base } = shownLog(node);
    expect(entries.map(({ label }) => label)).to.deep.equal([
      'no-op',
      'notes.txt v1',
      'x="a value that is much…',
    ]);
    expect({ term, commitIndex, lifecycle, base }).to.deep.equal({
      term: 1,
      commitIndex: 3,
      lifecycle: 'crashed',
      base: { index: 0, term: 0 },
    });
  });
});
