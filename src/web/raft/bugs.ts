import { majorityReached } from '../../raft/config.js';
import type { RaftLog } from '../../raft/log.js';
import type { Input, Output } from '../../raft/output.js';
import { ReadIndex } from '../../raft/readIndex.js';
import type { RaftState } from '../../raft/state.js';
import type { AppendEntries, Entry, Message, NodeId } from '../../raft/types.js';
import type { SimProcess } from '../../sim/simServer.js';
import type { Property } from './view.js';

/** A teachable bug: a rule of Raft that a server leaves out. The sources of the core stay as they are. */
interface Bug {
  readonly id: string;
  readonly title: string;
  /** The rule that is left out, and the price. */
  readonly text: string;
  /** The section of the paper that has the rule. */
  readonly section: string;
  /** The light that turns red. */
  readonly light: Property;
  /** Plants it in a process that has just been made. */
  plant(process: SimProcess, id: NodeId): void;
}

/** The parts of a core that bugs are planted in; they are private, and keep their names in the page. */
interface Inside {
  readonly state: RaftState;
  readonly invariants: { check(): void };
  receive(message: Message): void;
  step(input: Input): Output;
}

/** Changes each core of a process: it gets a new one whenever it is restored. */
function inCore(change: (core: Inside) => void): Bug['plant'] {
  return ({ node }) => {
    let current: Inside | undefined;
    Object.defineProperty(node, 'core', {
      get: () => current,
      set: (core: Inside | undefined) => {
        // A server with a bug would notice by itself that something is wrong; others are to notice.
        if (core !== undefined) core.invariants.check = () => undefined;
        if (core !== undefined) change(core);
        current = core;
      },
    });
  };
}

/** Lets a message be another one, or something be done, before the core sees it. */
function onReceive(change: (state: RaftState, message: Message) => Message): Bug['plant'] {
  return inCore((core) => {
    const receive = core.receive.bind(core);
    core.receive = (message) => receive(change(core.state, message));
  });
}

function onAppend(change: (state: RaftState, append: AppendEntries) => AppendEntries): Bug['plant'] {
  return onReceive((state, message) =>
    message.type === 'appendEntries' && message.term >= state.term ? change(state, message) : message,
  );
}

/** Does something before each step of a leader. */
function asLeader(before: (state: RaftState, input: Input) => void): Bug['plant'] {
  return inCore((core) => {
    const step = core.step.bind(core);
    core.step = (input) => {
      if (core.state.role === 'leader') before(core.state, input);
      return step(input);
    };
  });
}

function onOutput(change: (state: RaftState, output: Output) => Output): Bug['plant'] {
  return inCore((core) => {
    const step = core.step.bind(core);
    core.step = (input) => change(core.state, step(input));
  });
}

function judgesLogs(isUpToDate: (log: RaftLog, term: number, index: number) => boolean): Bug['plant'] {
  return inCore(({ state: { log } }) => {
    log.isUpToDate = (term, index) => isUpToDate(log, term, index);
  });
}

/** Lets answers of one kind leave before the disk has what they promise. */
function answersAtOnce(type: Message['type']): Bug['plant'] {
  return inCore(({ state }) => {
    const wait = state.sendAfterPersist.bind(state);
    state.sendAfterPersist = (message) => (message.type === type ? state.send(message) : wait(message));
  });
}

function asOwn({ term, commitIndex }: RaftState, append: AppendEntries): AppendEntries {
  const prevLogTerm = append.prevLogIndex > commitIndex ? term : append.prevLogTerm;
  return { ...append, prevLogTerm, entries: append.entries.map((entry) => ({ ...entry, term })) };
}

function truncate(state: RaftState, index: number): void {
  state.log.truncateFrom(index, state.nextBatch);
  state.draft.truncateFrom = Math.min(index, state.draft.truncateFrom ?? index);
}

function commitAll(state: RaftState, index: number): void {
  state.commitTo(Math.min(index, state.log.lastIndex));
}

const elections: readonly Bug[] = [
  {
    id: 'votes-twice',
    title: 'A voter votes for everybody',
    text: 'It does not remember that it has voted in this term already.',
    section: '5.2',
    light: 'electionSafety',
    plant: onReceive((state, message) => {
      if (message.type === 'requestVote' && message.term === state.term && state.role === 'follower')
        state.votedFor = null;
      return message;
    }),
  },
  {
    id: 'forgets-vote',
    title: 'A restart forgets the vote',
    text: 'Term and log are read from the disk, the vote is not.',
    section: '5.1, persistent state',
    light: 'electionSafety',
    plant: inCore(({ state }) => {
      state.votedFor = null;
    }),
  },
  {
    id: 'vote-before-disk',
    title: 'The vote leaves before it is on the disk',
    text: 'Whoever crashes now has promised something that it will not remember.',
    section: '5.1, figure 2',
    light: 'electionSafety',
    plant: answersAtOnce('requestVoteResponse'),
  },
  {
    id: 'minority-elects',
    title: 'Half of the servers elect a leader',
    text: 'One vote less than a majority is enough: two such halves need not share a server.',
    section: '5.2',
    light: 'electionSafety',
    plant: inCore(({ state }) => {
      Object.defineProperty(state, 'majority', { value: Math.max(1, state.majority - 1) });
    }),
  },
  {
    id: 'votes-for-old-logs',
    title: 'Anybody is good enough to lead',
    text: 'A voter does not compare logs, so that a leader may lack what is committed.',
    section: '5.4.1',
    light: 'leaderCompleteness',
    plant: judgesLogs(() => true),
  },
  {
    id: 'longer-log-wins',
    title: 'The longer log wins',
    text: 'A voter compares the lengths of logs, and not the terms of their last entries.',
    section: '5.4.1',
    light: 'leaderCompleteness',
    plant: judgesLogs((log, _term, index) => index >= log.lastIndex),
  },
  {
    id: 'newer-term-wins',
    title: 'The last term is enough',
    text: 'A voter compares the terms of the last entries, and not how many there are.',
    section: '5.4.1',
    light: 'leaderCompleteness',
    plant: judgesLogs((log, term) => term >= log.lastTerm),
  },
];

const logs: readonly Bug[] = [
  {
    id: 'no-consistency-check',
    title: 'Entries are appended to anything',
    text: 'A follower takes entries although its log holds another entry before them.',
    section: '5.3, the consistency check',
    light: 'logMatching',
    plant: onAppend((state, append) => {
      const own = state.log.termAt(append.prevLogIndex);
      return own === undefined ? append : { ...append, prevLogTerm: own };
    }),
  },
  {
    id: 'new-term-on-old-entries',
    title: 'Old entries get the new term',
    text: 'A leader sends entries of earlier terms as though they were its own.',
    section: '5.4.2',
    light: 'logMatching',
    plant: onOutput((state, output) => ({
      ...output,
      messages: output.messages.map((message) =>
        message.type === 'appendEntries' ? asOwn(state, message) : message,
      ),
    })),
  },
  {
    id: 'keeps-conflicts',
    title: 'A follower keeps what it has',
    text: 'It takes the entries that it lacks, and deletes none that contradicts the leader.',
    section: '5.3, figure 2, AppendEntries 3',
    light: 'stateMachineSafety',
    plant: onAppend((state, append) => {
      const kept = append.entries.map((entry) => state.log.entryAt(entry.index) ?? entry);
      return { ...append, entries: kept, prevLogTerm: state.log.termAt(append.prevLogIndex) ?? 0 };
    }),
  },
  {
    id: 'truncates-always',
    title: 'A late append cuts the log',
    text: 'A follower drops all that follows the entries of an append, also where nothing contradicts it.',
    section: '5.3, figure 2, AppendEntries 3',
    light: 'stateMachineSafety',
    plant: onAppend((state, append) => {
      const end = append.prevLogIndex + append.entries.length;
      const fits = state.log.termAt(append.prevLogIndex) === append.prevLogTerm;
      if (append.entries.length > 0 && fits && end < state.log.lastIndex) truncate(state, end + 1);
      return append;
    }),
  },
  {
    id: 'tidy-leader',
    title: 'A leader tidies its log',
    text: 'It replaces the last entry that is not committed yet, instead of adding one.',
    section: 'figure 3, Leader Append-Only',
    light: 'leaderAppendOnly',
    plant: asLeader((state, { type }) => {
      if (type === 'propose' && state.log.lastIndex > state.commitIndex) truncate(state, state.log.lastIndex);
    }),
  },
  {
    id: 'leader-obeys-follower',
    title: 'A leader takes over another log',
    text: 'When a follower rejects an append, the leader drops its own entry instead of going back.',
    section: '5.3',
    light: 'leaderAppendOnly',
    plant: onReceive((state, message) => {
      const isRejection = message.type === 'appendEntriesResponse' && message.conflict !== null;
      if (isRejection && state.role === 'leader' && state.log.lastIndex > 1)
        truncate(state, state.log.lastIndex);
      return message;
    }),
  },
];

const commits: readonly Bug[] = [
  {
    id: 'commits-old-terms',
    title: 'Entries of old terms are counted',
    text: 'A leader calls an earlier leader’s entry committed as soon as a majority holds it: figure 8.',
    section: '5.4.2, figure 8',
    light: 'leaderCompleteness',
    plant: asLeader((state) => {
      const held = [...state.progress.values()].map(({ matchIndex }) => matchIndex);
      commitAll(state, majorityReached([state.log.stableIndex, ...held]));
    }),
  },
  {
    id: 'alone-is-enough',
    title: 'The leader’s own disk is enough',
    text: 'A leader calls an entry committed without waiting for others.',
    section: '5.3',
    light: 'leaderCompleteness',
    plant: asLeader((state) => commitAll(state, state.log.stableIndex)),
  },
  {
    id: 'ack-before-disk',
    title: 'A follower acknowledges before its disk',
    text: 'The leader counts an entry that a crash may still take away.',
    section: '5.3, figure 2, persistent state',
    light: 'leaderCompleteness',
    plant: answersAtOnce('appendEntriesResponse'),
  },
  {
    id: 'commits-unchecked',
    title: 'The leader’s commit index is taken over blindly',
    text: 'A follower commits up to it without knowing that its own entries are the leader’s.',
    section: '5.3, figure 2, AppendEntries 5',
    light: 'stateMachineSafety',
    plant: onAppend((state, append) => {
      commitAll(state, append.leaderCommit);
      return append;
    }),
  },
  {
    id: 'applies-twice',
    title: 'An entry is applied twice',
    text: 'A server does not remember how far it has applied its log.',
    section: '5.3, lastApplied',
    light: 'stateMachineSafety',
    plant: onOutput((_state, output) => ({ ...output, committed: twice(output.committed) })),
  },
  {
    id: 'applies-the-last',
    title: 'Only the last entry is applied',
    text: 'A server that learns of several commits at once applies the newest alone.',
    section: '5.3, lastApplied',
    light: 'stateMachineSafety',
    plant: onOutput((_state, output) => ({ ...output, committed: output.committed.slice(-1) })),
  },
  {
    id: 'own-opinion',
    title: 'One server calculates differently',
    text: 'The state machine of server 0 looks at something besides the log, such as a clock.',
    section: '2, replicated state machines',
    light: 'stateMachineSafety',
    plant: ({ state }, id) => {
      if (id !== 0) return;
      const apply = state.apply.bind(state);
      state.apply = (entry) =>
        apply({ ...entry, command: entry.command.replace(/"value":(\d+)/, '"value":$1.5') });
    },
  },
];

const clients: readonly Bug[] = [
  {
    id: 'early-answer',
    title: 'The client is told too early',
    text: 'A leader says “done” when the entry is in its own log.',
    section: '5.3',
    light: 'linearizability',
    plant: ({ node }) => {
      const { pending } = node as unknown as { pending: Pending };
      pending.accepted = (request) => pending.answer(request, 'applied');
    },
  },
  {
    id: 'reads-alone',
    title: 'A leader reads without asking',
    text: 'It answers reads from its own state, and may have been replaced long ago.',
    section: '8',
    light: 'linearizability',
    plant: asLeader(({ reads }) => {
      reads.takeReady = (_round, commitIndex) =>
        ReadIndex.prototype.takeReady.call(reads, Number.POSITIVE_INFINITY, commitIndex);
    }),
  },
  {
    id: 'reads-too-soon',
    title: 'A new leader reads too soon',
    text: 'It does not wait until an entry of its own term tells it what is committed.',
    section: '8, the no-op',
    light: 'linearizability',
    plant: inCore(({ state }) => {
      Object.defineProperty(state, 'termStartIndex', { get: () => 0, set: () => undefined });
    }),
  },
  {
    id: 'forgets-sessions',
    title: 'A retry is carried out again',
    text: 'The servers do not remember which requests of a session they have carried out.',
    section: '8; dissertation 6.3',
    light: 'linearizability',
    plant: ({ state }) => {
      state.sessions.once = (_request, run) => run();
    },
  },
];

interface Pending {
  accepted(request: number): void;
  answer(request: number, result: string): void;
}

function twice(committed: readonly Entry[]): readonly Entry[] {
  return committed.flatMap((entry) => (entry.kind === 'command' ? [entry, entry] : [entry]));
}

export const bugs: readonly Bug[] = [...elections, ...logs, ...commits, ...clients];

/** @throws Error when there is no such bug */
export function bugOf(id: string): Bug {
  const bug = bugs.find((each) => each.id === id);
  if (bug === undefined) throw new Error(`there is no bug "${id}"`);
  return bug;
}
