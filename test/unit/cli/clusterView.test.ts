import { expect } from 'chai';
import type { ServerStatus } from '../../../src/client/index.js';
import { clusterTable, leaderOf, viewCluster, type ServerAnswer } from '../../../src/cli/clusterView.js';
import { ScriptedCluster, type Reply } from '../client/cluster.js';

const healthy: ServerStatus = {
  id: 0,
  address: 'localhost:9000',
  role: 'follower',
  crashed: false,
  lifecycle: 'running',
  term: 1,
  leader: -1,
  votedFor: -1,
  commitIndex: 5,
  lastApplied: 5,
  lastIndex: 5,
  snapshotIndex: 0,
  logLength: 5,
  waitingCalls: 0,
  unreachableFrom: [],
  files: 1,
  uptimeSeconds: 1,
  version: '1.2.3',
  peers: [],
};

/** A view of servers with these statuses; undefined stands for one that does not answer. */
function viewOf(...statuses: (Partial<ServerStatus> | undefined)[]): ServerAnswer[] {
  return statuses.map((status, id) => ({
    server: { id, label: `metadata${id}`, host: 'localhost', port: 9000 + id },
    status: status === undefined ? undefined : { ...healthy, id, ...status },
    answers: status !== undefined,
  }));
}

/** The cells of the table, row by row. */
function cells(views: readonly ServerAnswer[]): string[][] {
  return clusterTable(views)
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe('command line: the leader of a cluster', () => {
  it('is the server that says that it leads', () => {
    expect(leaderOf(viewOf({}, { role: 'leader' }, {}))?.id).to.equal(1);
  });

  it('is of several that say so the one of the highest term, wherever it stands', () => {
    const [old, recent] = [
      { role: 'leader', term: 3 },
      { role: 'leader', term: 10 },
    ] as const;
    expect(leaderOf(viewOf(old, recent, {}))?.id).to.equal(1);
    expect(leaderOf(viewOf(recent, old, {}))?.id).to.equal(0);
    expect(leaderOf(viewOf({ role: 'leader', term: 9 }, old, recent))?.id).to.equal(2);
  });

  it('is not a server that is crashed, whatever it says', () => {
    expect(leaderOf(viewOf({ role: 'leader', term: 9, crashed: true }, {}, {}))).to.equal(undefined);
    expect(leaderOf(viewOf({ role: 'leader', term: 9, crashed: true }, { role: 'leader' }))?.id).to.equal(1);
  });

  it('is not a candidate, nor whom a follower believes to lead', () => {
    expect(leaderOf(viewOf({ role: 'candidate', term: 9 }, { leader: 2 }))).to.equal(undefined);
  });

  it('is nobody when nobody answers', () => {
    expect(leaderOf(viewOf(undefined, undefined))).to.equal(undefined);
    expect(leaderOf([])).to.equal(undefined);
  });

  it('leaves the views in their order', () => {
    const views = viewOf({ role: 'leader', term: 1 }, { role: 'leader', term: 2 });
    leaderOf(views);
    expect(views.map(({ server }) => server.id)).to.deep.equal([0, 1]);
  });
});

describe('command line: the table of a cluster', () => {
  it('shows who leads, how far each has got, and when the leader heard from it', () => {
    const peer = { address: '', matchIndex: 5, nextIndex: 6 };
    const views = viewOf(
      { term: 2, lastApplied: 3, commitIndex: 4 },
      {
        role: 'leader',
        term: 2,
        peers: [
          { id: 0, ...peer, lastContactMs: 40 },
          { id: 2, ...peer, lastContactMs: 12_345 },
          { id: 3, ...peer, lastContactMs: -1 },
        ],
      },
      { term: 2, crashed: true },
      undefined,
    );
    expect(cells(views)).to.deep.equal([
      ['ID', 'ADDRESS', 'ROLE', 'TERM', 'COMMIT', 'APPLIED', 'LAG', 'CRASHED', 'LAST CONTACT'],
      ['0', 'localhost:9000', 'follower', '2', '4', '3', '2', 'no', '40 ms ago'],
      ['1', 'localhost:9001', 'leader', '2', '5', '5', '0', 'no', ''],
      ['2', 'localhost:9002', '-', '2', '5', '5', '0', 'yes', '12 s ago'],
      ['3', 'localhost:9003', 'unreachable', '', '', '', '', '', 'never'],
    ]);
  });

  it('knows no lag and no contacts without a leader', () => {
    expect(cells(viewOf({}, undefined)).slice(1)).to.deep.equal([
      ['0', 'localhost:9000', 'follower', '1', '5', '5', '', 'no', ''],
      ['1', 'localhost:9001', 'unreachable', '', '', '', '', '', ''],
    ]);
  });

  it('shows no negative lag for a server that is ahead of the leader it does not know yet', () => {
    const [, first = []] = cells(viewOf({ lastApplied: 9 }, { role: 'leader' }));
    expect(first[6]).to.equal('0');
  });
});

describe('command line: the view of a cluster', () => {
  it('asks all servers at the same time, and leaves out what does not answer or is none of ours', async () => {
    const status: Reply = {
      value: new Map(Object.entries({ ...healthy, id: 1, peers: [] })),
    };
    const cluster = await ScriptedCluster.of('absent', status, { value: 'hello' }, 'hang up');
    try {
      const servers = cluster.servers.map((server) => ({ ...server, label: `metadata${server.id}` }));
      const views = await viewCluster({ servers }, cluster.client());
      expect(views.map(({ server }) => server.id)).to.deep.equal([0, 1, 2, 3]);
      expect(views.map((view) => view.status?.id)).to.deep.equal([undefined, 1, undefined, undefined]);
    } finally {
      await cluster.close();
    }
  });

  it('tells a server that answers, but knows no status, from one that does not answer', () => {
    const views = viewOf({ role: 'leader' }, undefined, undefined).map((view) =>
      view.server.id === 1 ? { ...view, answers: true } : view,
    );
    expect(cells(views).map((row) => row[2])).to.include.members(['answers, knows no status', 'unreachable']);
  });
});
