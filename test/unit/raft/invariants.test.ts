import { expect } from 'chai';
import { defaultRaftConfig } from '../../../src/raft/config.js';
import { Invariants } from '../../../src/raft/invariants.js';
import { InvariantViolation } from '../../../src/raft/types.js';
import { RaftLog } from '../../../src/raft/log.js';
import { Progress } from '../../../src/raft/progress.js';
import { RaftState } from '../../../src/raft/state.js';
import { entriesOf, newCore } from '../../support/coreHarness.js';

/** A state in which everything is in order: a leader of term 2 with three entries, two of them committed. */
function healthy(): RaftState {
  const config = { ...defaultRaftConfig, id: 0, servers: [0, 1, 2] };
  const log = new RaftLog(entriesOf([1, 2, 2]));
  const state = new RaftState(
    config,
    log,
    { term: 2, votedFor: 0 },
    null,
    1,
    () => 80,
    () => '',
  );
  state.commitIndex = 2;
  state.role = 'leader';
  state.leader = 0;
  const progress = new Progress(4);
  progress.matched(2);
  state.progress.set(1, progress);
  return state;
}

describe('invariants', () => {
  it('hold in a healthy state, and while it moves on', () => {
    const state = healthy();
    const invariants = new Invariants(state);
    state.commitIndex = 3;
    state.handedIndex = 3;
    invariants.check();
    state.role = 'follower';
    state.setHardState(3, null);
    invariants.check();
    state.setHardState(3, 2);
    invariants.check();
  });

  const breaches: Record<string, (state: RaftState) => void> = {
    'term went from 2 to 1': (state) => {
      state.term = 1;
    },
    'a second vote in term 2': (state) => {
      state.role = 'follower';
      state.votedFor = 1;
    },
    'commit index went from 2 to 1': (state) => {
      state.commitIndex = 1;
    },
    'applied went from 1 to 0': (state) => {
      state.handedIndex = 0;
    },
    'commit 4 beyond the log': (state) => {
      state.commitIndex = 4;
    },
    'applied 3 beyond commit 2': (state) => {
      state.handedIndex = 3;
    },
    'without its own vote': (state) => {
      state.setHardState(3, 1);
    },
    'a leader shortened its log': (state) => {
      state.log.truncateFrom(3, 1);
    },
    'next 0 of server 1 is not above match': (state) => {
      Object.defineProperty(state.progress.get(1), 'nextIndex', { value: 0 });
    },
    'match 4 of server 1 beyond the log': (state) => {
      state.progress.get(1)?.matched(4);
    },
  };
  for (const [rule, breach] of Object.entries(breaches)) {
    it(`fire: ${rule}`, () => {
      const state = healthy();
      const invariants = new Invariants(state);
      breach(state);
      expect(() => invariants.check()).to.throw(InvariantViolation, rule);
    });
  }

  it('fire: stable beyond the log', () => {
    const state = healthy();
    const invariants = new Invariants(state);
    Object.defineProperty(state.log, 'stableIndex', { value: 9 });
    expect(() => invariants.check()).to.throw(InvariantViolation, 'stable 9 beyond');
  });

  it('t15 a server whose state machine is ahead of its log does not start (qdrant PR#1172, PySyncObj PR#197)', () => {
    expect(() => newCore({ term: 1, log: [1], applied: 2 })).to.throw(InvariantViolation);
  });
});
