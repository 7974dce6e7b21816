import { partition, type Action } from './actions.js';
import { leaderIn } from './script.js';
import {
  all,
  areAlike,
  elect,
  healAll,
  entryAt,
  hasLeader,
  isStopped,
  isWhole,
  play,
  start,
  type Story,
} from './storyParts.js';

const figure8: Story = {
  id: 'figure8',
  title: 'Figure 8: on a majority, and not committed',
  setup: { seed: 32, servers: 5, mode: 'paper' },
  about:
    'Server 0 leads, and its second entry has reached server 1 only. This is moment (a) of figure 8 in the paper; the stars of it are servers 0 and 4.',
  open: (script) => {
    script.elect(0).settled().divide(0, 1).request(0);
    script.until((world) => world.views()[1]?.lastIndex === 2);
  },
  question: 'Later that entry will be on three of five disks. Can another entry still take its place?',
  guesses: ['No: a majority has it', 'Yes', 'Only when a disk fails'],
  steps: [
    {
      text: '(b) Stop server 0, and heal all links.',
      isDone: (world) => isStopped(world, 0) && isWhole(world),
      demo: () => [{ kind: 'stop', server: 0 }, ...partition('heal', [0, 1], 5)],
    },
    {
      text: 'Let server 4 time out until it leads, and its first entry is on its disk.',
      isDone: (world) => leaderIn(world)?.id === 4 && world.views()[4]?.durable === 2,
      demo: elect(4),
    },
    {
      text: 'Drop the messages of server 4 that are under way, and stop it.',
      isDone: (world) => isStopped(world, 4) && entryAt(world, 2, 2) === undefined,
      demo: ({ flights }) => [
        ...flights
          .filter(({ message }) => message.from === 4)
          .map(({ number }): Action => ({ kind: 'drop', message: number })),
        { kind: 'stop', server: 4 },
      ],
    },
    {
      text: '(c) Resume server 0, and let it time out until it leads again.',
      isDone: (world) => leaderIn(world)?.id === 0,
      demo: (world) => [...(isStopped(world, 0) ? [start(0)] : []), ...elect(0)(world)],
    },
    play(
      'Play until entry 2 is on the disks of servers 0, 1 and another one.',
      (world) =>
        all.filter((id) => (world.views()[id]?.durable ?? 0) >= 2 && entryAt(world, id, 2)?.term === 1)
          .length >= 3,
    ),
    { text: 'Save the figure. A majority holds the entry.', figure: 'figure8_c.png' },
    {
      text: '(d) Drop the messages of server 0, and stop it.',
      isDone: (world) => isStopped(world, 0),
      demo: ({ flights }) => [
        ...flights
          .filter(({ message }) => message.from === 0)
          .map(({ number }): Action => ({ kind: 'drop', message: number })),
        { kind: 'stop', server: 0 },
      ],
    },
    {
      text: 'Resume server 4, and let it time out until it leads.',
      isDone: (world) => leaderIn(world)?.id === 4,
      demo: (world) => [...(isStopped(world, 4) ? [start(4)] : []), ...elect(4)(world)],
    },
    play('Play until entry 2 of server 1 is another one.', (world) => (entryAt(world, 1, 2)?.term ?? 1) > 1),
    { text: 'Save the figure.', figure: 'figure8_d.png' },
  ],
  check: {
    question: 'When may a leader call an entry of an earlier term committed?',
    answers: [
      'As soon as a majority holds it',
      'Once an entry of its own term after it is on a majority',
      'Never',
    ],
    right: 1,
  },
  task: 'Compare the two figures: which server could not be elected any more if the entry of server 0’s second term had been on a majority, too?',
};

const repair: Story = {
  id: 'repair',
  title: 'A log is repaired',
  setup: { seed: 31, servers: 5, mode: 'paper' },
  about: 'Server 0 led, was cut off, and took two requests that nobody else has. Server 1 leads the others.',
  open: (script) => {
    script.elect(0).settled().cutOff(0).request(0).request(0, 1).elect(1).leader();
    script.request(1, 2).answered();
  },
  question: 'When server 0 can be reached again, what becomes of its two entries?',
  guesses: ['The others take them over', 'They are deleted', 'They are put behind the others'],
  steps: [
    { ...healAll, text: 'Heal the links of server 0.' },
    play('Play until server 0 follows.', (world) => world.views()[0]?.role === 'follower'),
    play('Play until all logs are alike; match and next of the leader move.', areAlike),
    { text: 'Save the figure.', figure: 'log_repair.png' },
  ],
  check: {
    question: 'Which entries may a leader make a follower delete?',
    answers: ['Any', 'Only such that are not committed', 'Only those of the term before'],
    right: 1,
  },
  task: 'Which messages told the leader where the two logs agree? What were the two clients told?',
};

const split: Story = {
  id: 'split',
  title: 'A vote is split',
  setup: { seed: 33, servers: 4, mode: 'paper' },
  about:
    'Four servers, without a leader yet. Two links are slow to come up: server 0 cannot ask 3, and 1 cannot ask 2.',
  open: (script) => {
    script.act({ kind: 'cut', from: 0, to: 3 }, { kind: 'cut', from: 1, to: 2 }).wait(100);
  },
  question: 'Servers 0 and 1 time out at the same moment. Who leads?',
  guesses: ['Server 0', 'Both', 'Nobody, in this term'],
  steps: [
    {
      text: 'Let servers 0 and 1 time out at the same moment.',
      isDone: ({ happenings }) => happenings.filter(({ kind }) => kind === 'campaign').length >= 2,
      demo: () => [
        { kind: 'timeout', server: 0 },
        { kind: 'timeout', server: 1 },
      ],
    },
    play('Play until all four have voted.', (world) =>
      world.views().every(({ votedFor }) => votedFor !== null),
    ),
    { text: 'Save the figure.', figure: 'split_vote.png' },
    {
      text: 'Heal the two links.',
      isDone: isWhole,
      demo: () => partition('heal', [0, 1], 4),
    },
    play('Play until a leader is elected.', hasLeader),
  ],
  check: {
    question: 'What keeps the next round from ending alike?',
    answers: [
      'The lowest number is preferred',
      'Each server draws a new random timeout',
      'Servers agree on an order',
    ],
    right: 1,
  },
  task: 'How many votes did each candidate have, and how many terms were needed?',
};

/** Stories of elections and logs. */
export const logTales: readonly Story[] = [repair, figure8, split];
