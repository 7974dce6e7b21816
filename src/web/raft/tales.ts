import { logTales } from './logTales.js';
import { linksOf, partition } from './actions.js';
import { leaderIn } from './script.js';
import {
  all,
  allFollow,
  areAlike,
  areAllUp,
  hasLeader,
  healAll,
  isStopped,
  play,
  waitForLeader,
  type Story,
  type StoryStep,
} from './storyParts.js';

const read: Story = {
  id: 'read',
  title: 'A deposed leader is read from',
  setup: { seed: 34, servers: 5, mode: 'paper' },
  about: 'Server 0 led, and is cut off. It does not know that server 1 leads the others.',
  open: (script) => {
    script.elect(0).settled().request(0).answered().cutOff(0).elect(1).leader();
  },
  question: 'A client reads from server 0. What is it told?',
  guesses: ['The old value', 'The new value', 'Nothing, for now'],
  steps: [
    {
      text: 'Client B writes: choose server 1, then Write of client B.',
      isDone: ({ calls }) => calls.all.some(({ client, outcome }) => client === 1 && outcome === 'done'),
      demo: ({ calls }) =>
        calls.all.some(({ client }) => client === 1) ? [] : [{ kind: 'request', server: 1, client: 1 }],
    },
    {
      text: 'Client C reads: choose server 0, then Read of client C.',
      isDone: ({ calls }) => calls.all.some(({ client, kind }) => client === 2 && kind === 'read'),
      demo: () => [{ kind: 'read', server: 0, client: 2 }],
    },
    play('Play for a second.', ({ calls, nowMs }) => {
      const asked = calls.all.find(({ client }) => client === 2);
      return asked !== undefined && nowMs > asked.atMs + 1000;
    }),
    { text: 'Save the figure.', figure: 'deposed_read.png' },
    healAll,
    play('Play until client C has an answer.', ({ calls }) =>
      calls.all.every(({ client, outcome }) => client !== 2 || outcome !== 'waiting'),
    ),
  ],
  check: {
    question: 'Why does server 0 not answer from what it has?',
    answers: [
      'Its disk is too slow',
      'It cannot know that it still leads until a majority confirms it',
      'Reads must be written to the log',
    ],
    right: 1,
  },
  task: '“Break it: A leader reads without asking” shows the other way. Why is its answer worse than none?',
};

const returning: readonly StoryStep[] = [
  waitForLeader,
  {
    text: 'Cut one follower off.',
    isDone: (world) =>
      all.some((id) => all.every((to) => id === to || (world.isCut(id, to) && world.isCut(to, id)))),
    demo: (world) => linksOf('cut', ((leaderIn(world)?.id ?? 0) + 1) % 5, all),
  },
  play('Play for five seconds, and watch its term.', ({ happenings, nowMs }) => {
    const cut = happenings.findLast(({ kind }) => kind === 'fault');
    return cut !== undefined && nowMs > cut.atMs + 5000;
  }),
  { ...healAll, text: 'Heal its links.' },
  play('Play for a second.', ({ happenings, nowMs }) => {
    const healed = happenings.findLast(({ kind }) => kind === 'fault');
    return healed !== undefined && nowMs > healed.atMs + 1000;
  }),
  play('Play until all follow one leader.', allFollow),
];

const prevoteQuestion: Pick<Story, 'question' | 'guesses'> = {
  question: 'A follower is cut off for a while and comes back. What does that cost the others?',
  guesses: ['Nothing', 'An election', 'Entries'],
};

const prevotePaper: Story = {
  id: 'prevote-paper',
  title: 'A follower comes back, as in the paper',
  setup: { seed: 35, servers: 5, mode: 'paper' },
  ...prevoteQuestion,
  steps: [...returning, { text: 'Save the figure.', figure: 'return_paper.png' }],
  check: {
    question: 'Whose term do all have in the end?',
    answers: ['The leader’s, as before', 'That of the follower, or a later one', 'Each has its own'],
    right: 1,
  },
  task: 'Which rule made the leader step down, although it was never in trouble?',
};

const prevoteShipped: Story = {
  id: 'prevote-shipped',
  title: 'A follower comes back, as shipped',
  setup: { seed: 35, servers: 5, mode: 'shipped' },
  ...prevoteQuestion,
  steps: [...returning, { text: 'Save the figure.', figure: 'return_shipped.png' }],
  check: {
    question: 'Why has the term of the follower not risen?',
    answers: [
      'It noticed that its links were cut',
      'Nobody granted it a pre-vote, and without that a term is not raised',
      'Its timer stood still',
    ],
    right: 1,
  },
  task: 'Compare with the story before: what do clients notice there, and not here?',
};

const partitionStory: Story = {
  id: 'partition',
  title: 'Clients on both sides of a partition',
  setup: { seed: 36, servers: 5, mode: 'paper' },
  about: 'Server 0 leads, and all are well.',
  open: (script) => {
    script.elect(0).settled();
  },
  question: 'Servers 0 and 1 are cut off from 2, 3 and 4. Which clients get answers?',
  guesses: ['Those of the old leader', 'Those of the larger side', 'All', 'Nobody'],
  steps: [
    {
      text: 'Cut all links between servers 0, 1 and 2, 3, 4: one by one, or “Show me this step”.',
      isDone: (world) => [0, 1].every((a) => [2, 3, 4].every((b) => world.isCut(a, b) && world.isCut(b, a))),
      demo: () => partition('cut', [0, 1], 5),
    },
    {
      text: 'Client A writes to server 0.',
      isDone: ({ calls }) => calls.all.some(({ client }) => client === 0),
      demo: () => [{ kind: 'request', server: 0, client: 0 }],
    },
    play('Play until the other side has a leader.', (world) => (leaderIn(world)?.id ?? 0) > 1),
    {
      text: 'Client B writes to the new leader. Play until it is told that it is done.',
      isDone: ({ calls }) => calls.all.some(({ client, outcome }) => client === 1 && outcome === 'done'),
      demo: (world) =>
        world.calls.all.some(({ client }) => client === 1)
          ? []
          : [{ kind: 'request', server: leaderIn(world)?.id ?? 2, client: 1 }],
    },
    { text: 'Save the figure.', figure: 'partition.png' },
    healAll,
    play(
      'Play until client A has an answer, too, and all logs are alike.',
      (world) => areAlike(world) && world.calls.all.every(({ outcome }) => outcome !== 'waiting'),
    ),
  ],
  check: {
    question: 'What was client A told?',
    answers: ['done', 'refused: it has had no effect', 'unknown: it may have had an effect'],
    right: 2,
  },
  task: 'Why can the smaller side not answer, and why is “unknown” the honest word?',
};

const snapshot: Story = {
  id: 'snapshot',
  title: 'A snapshot takes the place of the log',
  setup: { seed: 37, servers: 3, mode: 'paper', snapshotEvery: 4 },
  about: 'These servers take a snapshot after four entries. Server 0 leads, and server 2 is stopped.',
  open: (script) => {
    script.elect(0).settled().stop(2);
  },
  question: 'Server 2 will miss five writes. What will it be sent when it comes back?',
  guesses: ['The five entries', 'A snapshot', 'Everything from the first entry on'],
  steps: [
    {
      text: 'Send the leader five requests.',
      isDone: ({ calls, committedCount }) => calls.all.length >= 5 && committedCount >= 6,
      demo: ({ calls }) => (calls.all.length >= 5 ? [] : [{ kind: 'request', server: 0 }]),
    },
    play(
      'Play until the leader has a snapshot: the block in its log.',
      (world) => (world.views()[0]?.firstIndex ?? 1) > 1,
    ),
    { text: 'Save the figure.', figure: 'snapshot_1.png' },
    { text: 'Resume server 2.', isDone: areAllUp, demo: () => [{ kind: 'start', server: 2 }] },
    play('Play until server 2 has the snapshot, and the same value as the others.', (world) => {
      const [first, , last] = world.views();
      return (last?.firstIndex ?? 1) > 1 && first?.value === last?.value;
    }),
    { text: 'Save the figure.', figure: 'snapshot_2.png' },
  ],
  check: {
    question: 'Why did the leader not send the entries?',
    answers: ['A snapshot is always quicker', 'It no longer has them', 'Server 2 asked for a snapshot'],
    right: 1,
  },
  task: 'What must a snapshot hold besides the files and keys, so that a retry stays harmless?',
};

const once: Story = {
  id: 'once',
  title: 'Once, however often it is sent',
  setup: { seed: 38, servers: 5, mode: 'paper' },
  about: 'Server 0 leads. Client A will lose its answer, and try again.',
  open: (script) => {
    script.elect(0).settled();
  },
  question: 'A client that was told nothing sends its write again. How often is it carried out?',
  guesses: ['Once', 'Twice', 'It depends'],
  steps: [
    {
      text: 'Client A opens a session. Play until it has one.',
      isDone: ({ calls }) => calls.clients[0]?.session !== null,
      demo: ({ calls }) => (calls.all.length > 0 ? [] : [{ kind: 'session', server: 0, client: 0 }]),
    },
    {
      text: 'Client A writes.',
      isDone: ({ calls }) => calls.all.some(({ kind }) => kind === 'write'),
      demo: () => [{ kind: 'request', server: 0, client: 0 }],
    },
    play('Play until the entry is on the disks of two others, and no further.', (world) => {
      const length = world.views()[0]?.lastIndex ?? 0;
      return world.views().filter(({ id, durable }) => id !== 0 && durable >= length).length >= 2;
    }),
    {
      text: 'Stop server 0 before it hears of that. (Too late? Step back.)',
      isDone: (world) => isStopped(world, 0) && world.calls.all.at(-1)?.outcome === 'unknown',
      demo: () => [{ kind: 'stop', server: 0 }],
    },
    play('Play until there is a new leader.', hasLeader),
    {
      text: 'Client A tries again at the new leader: Retry. Play until it is done.',
      isDone: ({ calls }) => calls.all.length >= 3 && calls.all.at(-1)?.outcome === 'done',
      demo: (world) =>
        world.calls.all.length >= 3 ? [] : [{ kind: 'retry', server: leaderIn(world)?.id ?? 1, client: 0 }],
    },
    { text: 'Save the figure.', figure: 'exactly_once.png' },
  ],
  check: {
    question: 'The write is in the log twice. How often was it carried out?',
    answers: ['Once: the servers remember the last request of a session', 'Twice', 'Not at all'],
    right: 0,
  },
  task: 'Do the same without a session. What could client B notice if it had written in between?',
};

/** The stories beyond the assignment. */
export const tales: readonly Story[] = [
  ...logTales,
  read,
  prevotePaper,
  prevoteShipped,
  partitionStory,
  snapshot,
  once,
];
