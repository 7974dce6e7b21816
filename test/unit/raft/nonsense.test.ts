import { expect } from 'chai';
import { defaultRaftConfig } from '../../../src/raft/config.js';
import { RaftCore } from '../../../src/raft/core.js';
import type { AppendEntries, AppendEntriesResponse, Message } from '../../../src/raft/types.js';

/** A leader of term 1 in a cluster of three, and its append to server 1 in flight. */
function leader(): { core: RaftCore; append: AppendEntries } {
  const config = { ...defaultRaftConfig, id: 0, servers: [0, 1, 2] };
  const core = new RaftCore(
    config,
    { hardState: { term: 0, votedFor: null }, entries: [], applied: 0 },
    () => 60,
  );
  const receive = (message: Message): readonly Message[] => {
    const { batch, messages } = core.step({ type: 'receive', message });
    if (batch === null) return messages;
    const persisted = core.step({ type: 'persisted', batch: batch.number, last: batch.last });
    return [...messages, ...persisted.messages];
  };
  core.step({ type: 'campaign' });
  receive({ type: 'preVoteResponse', from: 1, to: 0, term: 1, granted: true });
  const appends = receive({ type: 'requestVoteResponse', from: 1, to: 0, term: 1, granted: true });
  const append = appends.find((message) => message.to === 1);
  if (append?.type !== 'appendEntries') throw new Error('no append to server 1');
  return { core, append };
}

function answerTo(
  { sequence, readRound }: AppendEntries,
  fields: Partial<AppendEntriesResponse>,
): AppendEntriesResponse {
  const sound = { success: true, matchIndex: 1, commitIndex: 0, conflict: null };
  return { type: 'appendEntriesResponse', from: 1, to: 0, term: 1, sequence, readRound, ...sound, ...fields };
}

describe('a follower that answers nonsense is left alone until the next heartbeat', () => {
  for (const [what, fields] of [
    ['a conflict before the first entry', { success: false, matchIndex: 0, conflict: { term: 0, index: 1 } }],
    ['more than the leader has', { matchIndex: 99 }],
    ['less than it has just accepted', { matchIndex: 0 }],
  ] as const) {
    it(what, () => {
      const { core, append } = leader();
      const { messages } = core.step({ type: 'receive', message: answerTo(append, fields) });
      expect(messages.filter(({ to }) => to === 1)).to.deep.equal([]);
      const later: Message[] = [];
      for (let tick = 0; tick < defaultRaftConfig.heartbeatTicks; tick += 1)
        later.push(...core.step({ type: 'tick' }).messages);
      expect(later.filter(({ to }) => to === 1)).to.have.length(1);
    });
  }
});
