import { expect } from 'chai';
import fc from 'fast-check';
import type { ClusterLogs, ServerLog, ShownLog } from '../../src/dashboard/sample.js';
import { entryLabel } from '../../src/stateMachine/entryLabel.js';
import { History } from '../../src/web/raft/history.js';
import { startFrom } from '../../src/web/raft/fromCluster.js';
import { linkTo, readLink } from '../../src/web/raft/permalink.js';
import type { Start } from '../../src/web/raft/start.js';
import { World } from '../../src/web/raft/world.js';
import { EVENTS_MAX, placed, rawActions, setups } from './randomRuns.js';

/** A server of a world as a server of a running cluster shows itself, with so many entries of its log. */
function shownBy(world: World, id: number, tail: number): ServerLog {
  const view = world.views()[id];
  if (view === undefined || ['stopped', 'halted', 'paused'].includes(view.condition))
    return { id, log: null, failure: 'no answer' };
  const { role, term, votedFor, commitIndex, log } = view;
  const base = Math.max(0, log.length - tail);
  const shown: ShownLog = {
    id,
    lifecycle: view.condition === 'crashed' ? 'crashed' : 'running',
    role,
    term,
    votedFor,
    commitIndex,
    isLearner: false,
    unreachableFrom: world
      .views()
      .filter((other) => world.isCut(other.id, id))
      .map((other) => other.id),
    base: { index: base, term: log[base - 1]?.term ?? 0 },
    entries: log
      .slice(base)
      .map((entry) => ({ term: entry.term, kind: entry.kind, label: entryLabel(entry) })),
  };
  return { id, log: shown, failure: null };
}

function entries(terms: readonly number[]): ShownLog['entries'] {
  return terms.map((term, place) => ({ term, kind: 'command', label: `entry ${place + 1}` }));
}

function shown(id: number, terms: readonly number[], changes: Partial<ShownLog> = {}): ServerLog {
  const log: ShownLog = {
    id,
    lifecycle: 'running',
    role: 'follower',
    term: 4,
    votedFor: null,
    commitIndex: 0,
    isLearner: false,
    unreachableFrom: [],
    base: { index: 0, term: 0 },
    entries: entries(terms),
    ...changes,
  };
  return { id, log, failure: null };
}

function started(...servers: readonly ServerLog[]): Start {
  const start = startFrom({ atMs: 0, servers });
  if (start === undefined) throw new Error('there is no start');
  return start;
}

const leads = { role: 'leader', votedFor: 0 } as const;
const termsOf = ({ servers }: Start): number[][] => servers.map(({ log }) => log.map(({ term }) => term));

describe('a running cluster that is taken into the page', () => {
  it('begins with the logs, terms, votes, commit indices and roles that it had', () => {
    const start = started(
      shown(0, [1, 2, 4], { ...leads, commitIndex: 3 }),
      shown(1, [1, 2, 4], { votedFor: 0, commitIndex: 2 }),
      shown(2, [1, 1], { term: 3, commitIndex: 1, lifecycle: 'crashed', unreachableFrom: [1] }),
    );
    const world = new World({ seed: 1, servers: 3, mode: 'shipped', start });
    expect(
      world.views().map((view) => [view.condition, view.role, view.term, view.votedFor, view.commitIndex]),
    ).to.deep.equal([
      ['running', 'leader', 4, 0, 3],
      ['running', 'follower', 4, 0, 2],
      ['crashed', 'follower', 3, null, 1],
    ]);
    expect(world.views().map(({ log }) => log.map(({ term }) => term))).to.deep.equal([
      [1, 2, 4],
      [1, 2, 4],
      [1, 1],
    ]);
    expect(world.isCut(1, 2)).to.equal(true);
    expect(world.isCut(2, 1)).to.equal(false);
  });

  it('goes on from there: the leader leads on, and mends the log of a server that comes back', () => {
    const start = started(
      shown(0, [1, 2, 4], { ...leads, commitIndex: 3 }),
      shown(1, [1, 2, 4], { commitIndex: 3 }),
      { id: 2, log: null, failure: 'connection refused' },
      shown(3, [1, 1, 1, 1], { term: 3, commitIndex: 1, lifecycle: 'crashed' }),
      shown(4, [1, 2, 4], { commitIndex: 3 }),
    );
    const history = new History({ seed: 5, servers: 5, mode: 'shipped', start });
    history.act({ kind: 'request', server: 0 });
    history.act({ kind: 'restore', server: 3 });
    history.act({ kind: 'start', server: 2 });
    const areEqual = (world: World): boolean =>
      world.views().every(({ log, commitIndex }) => log.length === 4 && commitIndex === 4);
    expect(history.until(areEqual)).to.equal(true);
    expect(history.world.calls.all[0]?.outcome).to.equal('done');
    expect(history.world.happenings.some(({ kind }) => kind === 'elected')).to.equal(false);
    expect(history.world.violation).to.equal(undefined);
  });

  it('numbers entries from the first that the leader shows, and takes what is older for held by all', () => {
    const start = started(
      shown(0, [4, 4], { ...leads, commitIndex: 101, base: { index: 100, term: 3 } }),
      shown(1, [3, 4], { commitIndex: 100, base: { index: 99, term: 3 } }),
      shown(2, [1], { commitIndex: 40, base: { index: 40, term: 1 } }),
    );
    expect(start.offset).to.equal(100);
    expect(termsOf(start)).to.deep.equal([[4, 4], [4], []]);
    expect(start.servers.map(({ commitIndex }) => commitIndex)).to.deep.equal([1, 0, 0]);
  });

  it('has nothing of the leader that had not been there when the leader was asked', () => {
    const start = started(
      shown(0, [4], { ...leads, commitIndex: 1 }),
      shown(1, [4, 4, 4], { commitIndex: 3 }),
      shown(2, [4, 4], { commitIndex: 2 }),
    );
    expect(termsOf(start)).to.deep.equal([[4], [4], [4]]);
    expect(start.servers.map(({ commitIndex }) => commitIndex)).to.deep.equal([1, 1, 1]);
  });

  it('commits nothing that these logs could lose, as in figure 8', () => {
    // The entry of term 2 is on a majority, but server 2 could still win with its entry of term 3.
    const start = started(
      shown(0, [1, 2, 4], { ...leads, commitIndex: 3 }),
      shown(1, [1, 2], { commitIndex: 1 }),
      shown(2, [1, 3], { commitIndex: 1 }),
    );
    expect(start.servers.map(({ commitIndex }) => commitIndex)).to.deep.equal([1, 1, 1]);
  });

  it('is nothing when no server tells anything', () => {
    expect(startFrom({ atMs: 0, servers: [{ id: 0, log: null, failure: 'gone' }] })).to.equal(undefined);
  });

  it('fits into a link, and is the same when it is read', async () => {
    const wide = Array.from({ length: 10 }, (_, id) =>
      shown(id, Array<number>(48).fill(4), {
        ...(id === 0 ? leads : {}),
        base: { index: 1_000_000, term: 4 },
        commitIndex: 1_000_048,
        entries: Array.from({ length: 48 }, (_entry, place) => ({
          term: 4,
          kind: 'command',
          label: `photos/2026/${place} ${(place * 7919) % 997} v${place}`.slice(0, 24),
        })),
      }),
    );
    const start = started(...wide);
    const link = await linkTo({ seed: 1, servers: 10, mode: 'shipped', position: 0, actions: [], start });
    expect((await readLink(link)).start).to.deep.equal(start);
    expect(link.length).to.be.below(4000);
    const mixed = started(
      shown(0, [1, 2, 4], { ...leads, commitIndex: 3 }),
      shown(1, [1, 1, 3], { lifecycle: 'crashed', unreachableFrom: [0, 2] }),
      { id: 2, log: null, failure: 'gone' },
      shown(3, [1], { isLearner: true }),
    );
    const other = await linkTo({
      seed: 1,
      servers: 4,
      mode: 'paper',
      position: 9,
      actions: [],
      start: mixed,
    });
    expect((await readLink(other)).start).to.deep.equal(mixed);
  });

  it('breaks no property, whenever the servers were asked and whatever is done then', function () {
    this.timeout(60_000);
    const moments = fc.array(fc.nat(EVENTS_MAX), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(
        setups,
        rawActions,
        moments,
        fc.integer({ min: 1, max: 6 }),
        rawActions,
        (setup, before, asked, tail, after) => {
          const there = new History(setup, placed(before, setup.servers));
          // Servers that are asked before an election are asked again.
          const order = [...asked].sort((a, b) => a - b);
          const servers: ServerLog[] = [];
          const ask = (id: number, at: number): void => {
            there.seek(Math.max(at, there.world.position));
            servers[id] = shownBy(there.world, id, tail);
          };
          for (let id = 0; id < setup.servers; id += 1) ask(id, order[id] ?? 0);
          const newest = Math.max(...servers.map(({ log }) => log?.term ?? 0));
          for (const { id, log } of [...servers]) if (log !== null && log.term < newest) ask(id, EVENTS_MAX);
          const logs: ClusterLogs = { atMs: 0, servers };
          const start = startFrom(logs);
          if (start === undefined) return;
          const here = new History({ ...setup, start }, placed(after, setup.servers));
          here.seek(EVENTS_MAX + 600);
          expect(here.world.violation).to.equal(undefined);
        },
      ),
      { numRuns: Number(process.env['HISTORY_RUNS'] ?? 60) },
    );
  });
});
