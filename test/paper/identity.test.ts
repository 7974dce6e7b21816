import { expect } from 'chai';
import { defaultRaftConfig, type RaftConfig } from '../../src/raft/config.js';
import { RaftCore } from '../../src/raft/core.js';
import type { Input, Output } from '../../src/raft/output.js';
import type { Identity, Message, NodeId, Sender, Standing } from '../../src/raft/types.js';
import { accept, append, entriesOf, heartbeat, only, preVote, requestVote } from '../support/coreHarness.js';

/** A server with a directory, whose disk is quick. */
class Server {
  readonly core: RaftCore;
  identity: Identity | null;
  private drawn = 0;

  constructor(
    readonly id: NodeId,
    identity: Identity | null = null,
    logTerms: readonly number[] = [],
    config: Partial<RaftConfig> = {},
  ) {
    this.identity = identity;
    this.core = new RaftCore(
      { ...defaultRaftConfig, id, servers: [0, 1, 2], roster: 'r', hasDirectory: true, ...config },
      {
        hardState: { term: logTerms.at(-1) ?? 0, votedFor: null },
        identity,
        entries: entriesOf(logTerms),
        applied: 0,
      },
      () => 80,
      () => {
        this.drawn += 1;
        return `drawn${this.drawn}`;
      },
    );
  }

  step(input: Input): Output & { readonly all: readonly Message[] } {
    const output = this.core.step(input);
    this.identity = output.identity ?? this.identity;
    const all = [...output.messages, ...output.messagesAfterPersist];
    if (output.batch === null) return { ...output, all };
    const { number, last } = output.batch;
    const after = this.core.step({ type: 'persisted', batch: number, last });
    this.identity = after.identity ?? this.identity;
    return { ...output, all: [...all, ...after.messages, ...after.messagesAfterPersist] };
  }

  receive(message: Message): Output & { readonly all: readonly Message[] } {
    return this.step({ type: 'receive', message });
  }
}

function member(cluster: string | null, directory: string, standing: Standing = 'voter'): Identity {
  return { cluster, directory, standing, starts: 1, run: 'r1', met: {}, founders: {} };
}

/** The fields of an identity that tests compare. */
function told({ identity }: { readonly identity: Identity | null }): object {
  const { cluster, directory, standing } = identity ?? member(null, '');
  return { cluster, directory, standing };
}

function from(message: Message, sender: Partial<Sender>, more: object = {}): Message {
  const usual = {
    roster: 'r',
    cluster: 'X',
    directory: 'theirs',
    standing: 'voter',
    starts: 1,
    run: 'r',
  } as const;
  return { ...message, sender: { ...usual, ...sender }, ...more };
}

/** A leader of term 1 that is a voter of cluster X; both followers have acknowledged its no-op. */
function leader(): Server {
  const server = new Server(0, member('X', 'mine'));
  server.step({ type: 'campaign' });
  const address = { from: 1, to: 0, term: 1, granted: true } as const;
  server.receive(from({ type: 'preVoteResponse', ...address }, {}));
  const { all } = server.receive(from({ type: 'requestVoteResponse', ...address }, {}));
  const open = all.filter(({ type }) => type === 'appendEntries');
  for (let message = open.shift(); message !== undefined; message = open.shift()) {
    const answered = server.receive(from(accept(message), { directory: `d${message.to}` }));
    open.push(...answered.all.filter(({ type }) => type === 'appendEntries'));
  }
  expect(server.core.status).to.include({ role: 'leader', commitIndex: 1 });
  return server;
}

describe('a directory and its cluster', () => {
  describe('founders', () => {
    it('a new directory draws an id, and founds a cluster with others like it', () => {
      const server = new Server(0);
      server.step({ type: 'campaign' });
      expect(told(server)).to.deep.equal({ cluster: null, directory: 'drawn1', standing: 'founder' });
      const address = { from: 1, to: 0, term: 1, granted: true } as const;
      const founder = { cluster: null, standing: 'founder' } as const;
      server.receive(from({ type: 'preVoteResponse', ...address }, founder));
      const { all } = server.receive(from({ type: 'requestVoteResponse', ...address }, founder));
      const message = only(all, 'appendEntries', 1);
      expect(message.entries).to.deep.equal([
        { term: 1, index: 1, kind: 'cluster', command: 'drawn3 0:drawn1 1:theirs' },
      ]);
      expect(message.sender).to.include({ cluster: 'drawn3', standing: 'founder' });
      server.receive(from(accept(message), { cluster: 'drawn3', standing: 'founder' }));
      expect(told(server)).to.deep.equal({ cluster: 'drawn3', directory: 'drawn1', standing: 'voter' });
    });

    it('a founder that holds the founding entry is a voter of the cluster, however it learns that it was committed', () => {
      const entries = [{ term: 1, index: 1, kind: 'cluster', command: 'X' }] as const;
      const server = new Server(1);
      server.receive(from(append({ id: 1, term: 1 }, 0, { entries }), { cluster: 'X', standing: 'founder' }));
      expect(server.identity?.standing).to.equal('founder');
      server.receive(from(heartbeat({ id: 1, term: 1 }, 0), {}));
      expect(server.identity).to.include({ cluster: 'X', standing: 'voter' });
    });

    it('a founder that the founding entry names is a voter, though it has missed that entry: it has lost nothing since', () => {
      const founder = new Server(1);
      founder.receive(from(heartbeat({ id: 1, term: 1 }, 0), {}));
      expect(founder.identity).to.include({ cluster: 'X', standing: 'learner' });
      const met = { directory: 'drawn1', starts: 1, run: 'drawn2' };
      founder.receive(from(heartbeat({ id: 1, term: 1 }, 0), {}, { met }));
      expect(founder.identity).to.include({ standing: 'learner' });
      const named = { met: { ...met, directory: 'emptied' }, isFounder: true };
      founder.receive(from(heartbeat({ id: 1, term: 1 }, 0), {}, named));
      expect(founder.identity).to.include({ standing: 'learner' });
      founder.receive(from(heartbeat({ id: 1, term: 1 }, 0), { cluster: 'Y' }, { met, isFounder: true }));
      expect(founder.identity).to.include({ standing: 'learner' });
      founder.receive(from(heartbeat({ id: 1, term: 1 }, 0), {}, { met, isFounder: true }));
      expect(founder.identity).to.include({ cluster: 'X', standing: 'voter' });
    });

    it('a member tells a directory that the founding entry names it, and no other one', () => {
      const server = new Server(0);
      const entries = [{ term: 1, index: 1, kind: 'cluster', command: 'X 0:drawn1 2:theirs' }] as const;
      server.receive(from(append({ id: 0, term: 1 }, 2, { entries }), { cluster: 'X', standing: 'founder' }));
      server.receive(from(heartbeat({ id: 0, term: 1 }, 2, { commit: { term: 1, index: 1 } }), {}));
      const toldTo = (peer: number, directory: string): boolean | undefined => {
        const request = preVote({ id: 0, term: 1 }, peer);
        const { all } = server.receive(from(request, { directory }));
        return all.find(({ to }) => to === peer)?.isFounder;
      };
      expect(toldTo(1, 'another')).to.equal(undefined);
      expect(toldTo(2, 'theirs')).to.equal(true);
    });

    it('a founder that was restarted is a learner all the same: its directory may be an older copy', () => {
      const founder = new Server(1, member(null, 'drawn1', 'founder'));
      const met = { directory: 'drawn1', starts: 1, run: 'r1' };
      founder.receive(from(heartbeat({ id: 1, term: 1 }, 0), {}, { met, isFounder: true }));
      expect(founder.identity).to.include({ cluster: 'X', standing: 'learner' });
    });

    it('a refusal that arrives after the founder has joined estranges nobody', () => {
      const refusal = { type: 'refusal', from: 2, to: 1, term: 1, reason: 'cluster' } as const;
      const founder = new Server(1);
      founder.receive(from(heartbeat({ id: 1, term: 1 }, 0), {}));
      const late = founder.receive(from(refusal, {}));
      expect(late.estranged).to.deep.equal([]);
      const foreign = founder.receive(from(refusal, { cluster: 'Y' }));
      expect(foreign.estranged).to.deep.equal([{ peer: 2, reason: 'cluster' }]);
    });

    it('an older copy of a founder’s directory is a learner', () => {
      const founder = new Server(1);
      const met = { directory: 'drawn1', starts: 2, run: 'later' };
      founder.receive(from(heartbeat({ id: 1, term: 1 }, 0), {}, { met, isFounder: true }));
      expect(founder.identity).to.include({ cluster: 'X', standing: 'learner' });
      expect(founder.identity?.directory).to.not.equal('drawn1');
    });

    it('the id of the directory is stored with the first thing that is stored', () => {
      const server = new Server(0);
      const { batch } = server.core.step({ type: 'receive', message: requestVote({ id: 0, term: 0 }, 1) });
      expect(batch?.identity).to.include({ directory: 'drawn1', standing: 'founder', starts: 1 });
    });
  });

  describe('learners', () => {
    it('a new directory that hears of a cluster is its learner: it takes the log, and neither votes nor campaigns', () => {
      const server = new Server(1);
      server.receive(from(append({ id: 1, term: 1 }, 0, { entries: entriesOf([1]) }), {}));
      expect(server.identity).to.include({ cluster: 'X', standing: 'learner' });
      expect(server.core.status.lastIndex).to.equal(1);
      for (let tick = 0; tick < 500; tick += 1) server.step({ type: 'tick' });
      server.step({ type: 'campaign' });
      expect(server.core.status.role).to.equal('follower');
      const last = { lastLogIndex: 9, lastLogTerm: 9 };
      const asked = server.receive(from(preVote({ id: 1, term: 1 }, 2, last), {}));
      expect(only(asked.all, 'preVoteResponse').granted).to.equal(false);
      const begged = server.receive(from(requestVote({ id: 1, term: 1 }, 2, last), {}));
      expect(only(begged.all, 'requestVoteResponse').granted).to.equal(false);
    });

    it('a candidate of a cluster gets no vote of a new directory: it becomes a learner first', () => {
      const server = new Server(1);
      const { all } = server.receive(from(requestVote({ id: 1, term: 0 }, 2), {}));
      expect(only(all, 'requestVoteResponse')).to.deep.include({ granted: false });
      expect(server.identity?.standing).to.equal('learner');
    });

    it('a new directory that campaigns is told which cluster to join, and nobody’s term moves', () => {
      const member0 = new Server(0, member('X', 'mine'), [1]);
      const { all } = member0.receive(
        from(requestVote({ id: 0, term: 7 }, 1), { cluster: null, standing: 'founder' }),
      );
      const refusal = only(all, 'refusal');
      expect(refusal).to.include({ reason: 'cluster', to: 1 });
      expect(member0.core.status.term).to.equal(1);
      const newcomer = new Server(1);
      newcomer.receive(refusal);
      expect(newcomer.identity).to.include({ cluster: 'X', standing: 'learner' });
      expect(newcomer.core.status.estranged.size).to.equal(0);
    });

    it('counts in no majority of the leader: not for commits, not for reads, not for acknowledgements', () => {
      const server = leader();
      const { all } = server.step({ type: 'propose', request: 1, command: 'x' });
      server.step({ type: 'read', request: 2 });
      const learner = { directory: 'new', standing: 'learner' } as const;
      const answered = server.receive(from(accept(only(all, 'appendEntries', 1)), learner));
      expect(server.core.status.commitIndex).to.equal(1);
      expect(answered.readable).to.deep.equal([]);
      expect(server.core.status.learners).to.deep.equal([1]);
    });

    it('confirms no read, though it echoes the round', () => {
      const server = leader();
      const word = { type: 'heartbeatResponse', to: 0, term: 1, commitIndex: 1, sequence: 0 } as const;
      const learner = { directory: 'new', standing: 'learner' } as const;
      server.receive(from({ ...word, from: 1, readRound: 0 }, learner));
      const { all } = server.step({ type: 'read', request: 2 });
      const { readRound } = only(all, 'appendEntries', 2);
      expect(server.receive(from({ ...word, from: 1, readRound }, learner)).readable).to.deep.equal([]);
      const voter = server.receive(from({ ...word, from: 2, readRound }, { directory: 'd2' }));
      expect(voter.readable.map(({ request }) => request)).to.deep.equal([2]);
    });

    it('what the directory before it acknowledged is forgotten', () => {
      const server = leader();
      const match = (): number | undefined => server.core.status.peers.find(({ id }) => id === 1)?.matchIndex;
      expect(match()).to.equal(1);
      const refused = {
        type: 'heartbeatResponse',
        ...{ from: 1, to: 0, term: 1, commitIndex: 0, sequence: 0, readRound: 0 },
      } as const;
      server.receive(from(refused, { directory: 'new', standing: 'learner' }));
      expect(match()).to.equal(0);
    });

    it('that has caught up is taken back by an entry with the id of its directory, which the others commit', () => {
      const server = leader();
      const learner = { directory: 'new', standing: 'learner' } as const;
      const progress = { type: 'appendEntriesResponse', from: 1, to: 0, term: 1, success: true } as const;
      const rest = { matchIndex: 1, commitIndex: 1, sequence: 0, readRound: 0, conflict: null };
      server.receive(from({ ...progress, ...rest }, learner));
      expect(server.core.entryAt(2)).to.deep.equal({ term: 1, index: 2, kind: 'admit', command: '1 new' });
      server.receive(from({ ...progress, ...rest, matchIndex: 2 }, learner));
      expect(server.core.status.commitIndex, 'the learner alone').to.equal(1);
      server.receive(from({ ...progress, ...rest, from: 2, matchIndex: 2 }, { directory: 'd2' }));
      expect(server.core.status.commitIndex, 'with a voter').to.equal(2);
    });

    it('is a voter once the entry that names its directory is committed, and by no other', () => {
      const admit = (index: number, directory: string) =>
        ({ term: 1, index, kind: 'admit', command: `1 ${directory}` }) as const;
      const server = new Server(1, member('X', 'mine', 'learner'));
      const entries = [admit(1, 'before'), admit(2, 'mine')];
      server.receive(from(append({ id: 1, term: 1 }, 0, { entries, leaderCommit: 1 }), {}));
      expect(server.identity?.standing).to.equal('learner');
      const more = { prevLogIndex: 2, prevLogTerm: 1, leaderCommit: 2, sequence: 2 };
      const { all } = server.receive(from(append({ id: 1, term: 1 }, 0, more), {}));
      expect(server.identity?.standing).to.equal('voter');
      expect(only(all, 'appendEntriesResponse').sender?.standing).to.equal('voter');
    });

    it('a directory that holds less than its server has acknowledged is an older copy: it gets another id, and is a learner', () => {
      const server = new Server(1, member('X', 'mine'), [1, 1]);
      const last = { lastLogIndex: 9, lastLogTerm: 1 };
      const kept = server.receive(from(preVote({ id: 1, term: 1 }, 2, last), {}, { acknowledged: 2 }));
      expect(only(kept.all, 'preVoteResponse').granted).to.equal(true);
      const { all } = server.receive(from(requestVote({ id: 1, term: 1 }, 2, last), {}, { acknowledged: 3 }));
      expect(only(all, 'requestVoteResponse').granted).to.equal(false);
      expect(told(server)).to.deep.equal({ cluster: 'X', directory: 'drawn2', standing: 'learner' });
    });

    it('a peer that has met a later life of the directory tells it so, and counts nothing that it says', () => {
      const server = new Server(2, {
        ...member('X', 'mine'),
        met: { 1: { directory: 'd', starts: 3, run: 'r3' } },
      });
      for (const life of [
        { starts: 2, run: 'r2' },
        { starts: 3, run: 'other' },
      ]) {
        const { all } = server.receive(from(preVote({ id: 2, term: 0 }, 1), { directory: 'd', ...life }));
        expect(only(all, 'refusal').met).to.deep.equal({ directory: 'd', starts: 3, run: 'r3' });
      }
      const known = server.receive(
        from(preVote({ id: 2, term: 0 }, 1), { directory: 'd', starts: 3, run: 'r3' }),
      );
      expect(only(known.all, 'preVoteResponse').granted).to.equal(true);
      server.receive(from(requestVote({ id: 2, term: 0 }, 1), { directory: 'd', starts: 4, run: 'r4' }));
      expect(server.identity?.met[1]).to.deep.equal({ directory: 'd', starts: 4, run: 'r4' });
    });

    it('a life that comes with a pre-vote is remembered with the vote, in one write', () => {
      const server = new Server(2, member('X', 'mine'));
      const life = { directory: 'd', starts: 4, run: 'r4' };
      // The first answer comes with the write that it has started.
      server.receive(from(preVote({ id: 2, term: 0 }, 0), { directory: 'other', starts: 1, run: 'r1' }));
      const { batch } = server.receive(from(preVote({ id: 2, term: 0 }, 1), life));
      expect(batch).to.equal(null);
      const voted = server.receive(from(requestVote({ id: 2, term: 0 }, 1), life));
      expect(voted.batch?.identity?.met[1]).to.deep.equal(life);
      expect(voted.batch?.hardState?.votedFor).to.equal(1);
    });

    it('a directory that does not know of a life which others have met is an older copy', () => {
      for (const [met, standing] of [
        [{ directory: 'mine', starts: 2, run: 'drawn1' }, 'voter'],
        [{ directory: 'mine', starts: 1, run: 'r1' }, 'voter'],
        [{ directory: 'before', starts: 9, run: 'r9' }, 'voter'],
        [{ directory: 'mine', starts: 2, run: 'another' }, 'learner'],
        [{ directory: 'mine', starts: 3, run: 'r3' }, 'learner'],
      ] as const) {
        const server = new Server(1, member('X', 'mine'));
        server.receive(from(preVote({ id: 1, term: 0 }, 2), {}, { met }));
        expect(server.identity?.standing ?? 'voter').to.equal(standing);
      }
    });

    it('a leader tells its followers which lives it has met, until they have answered; they remember the newer ones', () => {
      const server = leader();
      const told = (message: Message | undefined): unknown =>
        message?.type === 'appendEntries' ? message.lives : undefined;
      const beat = (): Message | undefined => {
        let found: Message | undefined;
        for (let tick = 0; tick < 30 && found === undefined; tick += 1)
          found = server
            .step({ type: 'tick' })
            .all.find(({ type, to }) => type === 'appendEntries' && to === 1);
        return found;
      };
      const first = beat();
      expect(told(first)).to.have.property('2').that.includes({ directory: 'd2' });
      if (first?.type !== 'appendEntries') throw new Error('no append');
      server.receive(from(accept(first), { directory: 'd1' }));
      expect(told(beat())).to.equal(undefined);

      const follower = new Server(1, member('X', 'mine'));
      const lives = { 2: { directory: 'd2', starts: 4, run: 'r4' } };
      follower.receive(from(append({ id: 1, term: 1 }, 0, { lives }), {}));
      expect(follower.identity?.met[2]).to.deep.equal(lives[2]);
      const older = { 2: { directory: 'd2', starts: 3, run: 'r3' } };
      follower.receive(from(append({ id: 1, term: 1 }, 0, { lives: older }), {}));
      expect(follower.identity?.met[2]).to.deep.equal(lives[2]);
    });

    it('a life is told to others only once it is durable', () => {
      const server = new Server(1, member('X', 'mine'));
      const first = server.core.step({ type: 'receive', message: from(preVote({ id: 1, term: 0 }, 2), {}) });
      expect(only(first.messages, 'preVoteResponse').sender).to.include({ starts: 1, run: 'r1' });
      if (first.batch !== null)
        server.core.step({ type: 'persisted', batch: first.batch.number, last: first.batch.last });
      const second = server.core.step({ type: 'receive', message: from(preVote({ id: 1, term: 0 }, 2), {}) });
      expect(only(second.messages, 'preVoteResponse').sender).to.include({ starts: 2, run: 'drawn1' });
    });

    it('a leader tells the others how far each server has acknowledged, and they tell that server', () => {
      const server = new Server(2, member('X', 'mine'));
      const told = { acknowledgements: [7, 5, 0] };
      server.receive(from(append({ id: 2, term: 1 }, 0, told), {}));
      for (let tick = 0; tick < 200; tick += 1) server.step({ type: 'tick' });
      const { all } = server.step({ type: 'campaign' });
      expect(only(all, 'preVote', 1).acknowledged).to.equal(5);
      expect(only(all, 'preVote', 0).acknowledged).to.equal(7);
    });
  });

  describe('strangers', () => {
    for (const type of ['requestVote', 'appendEntries', 'heartbeat'] as const) {
      it(`a ${type} of another cluster is refused before its term is looked at`, () => {
        const server = new Server(0, member('X', 'mine'), [1]);
        const receiver = { id: 0, term: 9 };
        const messages = {
          requestVote: requestVote(receiver, 1),
          appendEntries: append(receiver, 1),
          heartbeat: heartbeat(receiver, 1),
        };
        const { all, estranged } = server.receive(from(messages[type], { cluster: 'Y' }));
        expect(only(all, 'refusal').reason).to.equal('cluster');
        expect(server.core.status).to.include({ term: 1, leader: null });
        expect(estranged).to.deep.equal([{ peer: 1, reason: 'cluster' }]);
        expect(server.receive(from(messages[type], { cluster: 'Y' })).estranged, 'said once').to.deep.equal(
          [],
        );
      });
    }

    it('servers with other lists of servers refuse each other, with directories or without', () => {
      for (const config of [{}, { hasDirectory: false }]) {
        const server = new Server(0, null, [], config);
        const { all } = server.receive(
          from(requestVote({ id: 0, term: 0 }, 1), { roster: 'other', cluster: null }),
        );
        expect(only(all, 'refusal').reason).to.equal('roster');
        expect(server.core.status.term).to.equal(0);
      }
    });

    it('a leader without what is committed here is refused, and nothing of its log is taken', () => {
      const server = new Server(1, member('X', 'mine'), [1, 1, 1]);
      server.receive(
        from(append({ id: 1, term: 1 }, 0, { prevLogIndex: 3, prevLogTerm: 1, leaderCommit: 3 }), {}),
      );
      expect(server.core.status.commitIndex).to.equal(3);
      const entries = [{ term: 5, index: 2, kind: 'noop', command: '' }] as const;
      const { all } = server.receive(
        from(append({ id: 1, term: 5 }, 2, { entries, prevLogIndex: 1, prevLogTerm: 1 }), {}),
      );
      expect(only(all, 'refusal').reason).to.equal('history');
      expect(server.core.status).to.include({ lastIndex: 3, lastTerm: 1 });
      expect([...server.core.status.estranged]).to.deep.equal([[2, 'history']]);
    });
  });
});
