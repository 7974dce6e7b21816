import { linksOf } from './actions.js';
import {
  allFollow,
  areAllUp,
  askLeader,
  hasNewRequest,
  isLastCommittedOn,
  isStopped,
  isSuccessorElected,
  startAll,
  waitForLeader,
  type Story,
  type StoryStep,
} from './storyParts.js';
import { tales } from './tales.js';

/** Stops three of five; shared by the two stories that differ in their rules only. */
const minority: readonly StoryStep[] = [
  waitForLeader,
  {
    text: 'Stop the leader and two more servers, so that only two run.',
    isDone: (world) => world.views().filter(({ condition }) => condition === 'running').length === 2,
    demo: (_world, { leader }) => [0, 1, 2].map((step) => ({ kind: 'stop', server: (leader + step) % 5 })),
  },
];

/** The exercises of the assignment's task 1 and two more about the same, then the others. */
export const stories: readonly Story[] = [
  {
    id: 'q1',
    title: '1 · The first leader',
    setup: { seed: 11, servers: 5, mode: 'paper' },
    question: 'All five servers start as followers in term 0. How will the first leader be found?',
    guesses: [
      'The server with the lowest number leads',
      'One is first to lose patience, and asks',
      'All ask at once',
    ],
    steps: [
      {
        text: 'Play, and watch the rings run down, until the election timeout of one server has passed.',
        isDone: ({ happenings }) => happenings.some(({ kind }) => kind === 'campaign'),
      },
      {
        text: 'Step or play until a majority has voted and a leader is elected.',
        isDone: ({ happenings }) => happenings.some(({ kind }) => kind === 'elected'),
      },
      { text: 'Go on until all servers follow it. What makes their rings fill up again?', isDone: allFollow },
    ],
    task: 'Explain how the leader of the first term is elected. “Why?” beside each event names the rule.',
  },
  {
    id: 'q2',
    title: '2 · The leader stops',
    setup: { seed: 12, servers: 5, mode: 'paper' },
    question:
      'A leader has just got a request, and stops before anybody else has it. What becomes of that entry?',
    guesses: [
      'It is committed later',
      'It vanishes, and another entry takes its place',
      'The cluster waits for it',
    ],
    steps: [
      waitForLeader,
      {
        text: 'Send a request to the leader: choose it, then Request.',
        isDone: hasNewRequest,
        demo: askLeader,
      },
      {
        text: 'Play until the operation is committed on all five servers: solid borders everywhere.',
        isDone: (world) => isLastCommittedOn(world, 5),
      },
      { text: 'Pause, and send the leader a new request.', isDone: hasNewRequest, demo: askLeader },
      { text: 'Save the figure.', figure: 'task1_q2_1.PNG' },
      {
        text: 'Stop the leader before its entry has reached anybody, then play on.',
        isDone: (world, { leader }) => isStopped(world, leader),
        demo: (_world, { leader }) => [{ kind: 'stop', server: leader }],
      },
      { text: 'Play until there is a new leader.', isDone: isSuccessorElected },
      { text: 'Send the new leader a request.', isDone: hasNewRequest, demo: askLeader },
      {
        text: 'Resume the leader of the earlier term.',
        isDone: areAllUp,
        demo: startAll,
      },
      {
        text: 'Play until the new request is committed on all five servers, then pause.',
        isDone: (world) => isLastCommittedOn(world, 5),
      },
      { text: 'Save the figure.', figure: 'task1_q2_2.PNG' },
    ],
    task: 'How did the logs evolve? Explain what became of each entry, and what each client was told.',
  },
  {
    id: 'q3',
    title: '3 · Two of five',
    setup: { seed: 13, servers: 5, mode: 'paper' },
    question: 'Three of five servers stop, the leader among them. What will the other two do?',
    guesses: ['One of them leads', 'They try again and again, in vain', 'They do nothing'],
    steps: [
      ...minority,
      {
        text: 'Play until the terms of both have risen by three or more, then pause.',
        isDone: (world, { term }) =>
          world.views().every((view) => view.condition !== 'running' || view.term >= term + 3),
      },
      { text: 'Save the figure.', figure: 'task1_q3_1.PNG' },
      {
        text: 'Resume all servers.',
        isDone: areAllUp,
        demo: startAll,
      },
      { text: 'Play until a leader is elected and all follow it, then pause.', isDone: allFollow },
      { text: 'Save the figure.', figure: 'task1_q3_2.PNG' },
    ],
    task: 'Explain why nobody could lead, what the terms tell, and who could be elected in the end.',
  },
  {
    id: 'q4',
    title: '4 · Cut off, not stopped',
    setup: { seed: 14, servers: 5, mode: 'shipped' },
    question: 'The leader runs on, but none of its messages arrives anywhere. Can there be two leaders?',
    guesses: ['Never', 'Yes, in different terms', 'Yes, in one term'],
    steps: [
      waitForLeader,
      {
        text: 'Cut the leader off: choose it, then Cut off.',
        isDone: (world, { leader }) =>
          world
            .views()
            .every(({ id }) => id === leader || (world.isCut(leader, id) && world.isCut(id, leader))),
        demo: (_world, { leader }) => linksOf('cut', leader, [0, 1, 2, 3, 4]),
      },
      {
        text: 'Send the cut-off leader a request: it takes it, and its client waits.',
        isDone: ({ calls }, memory) =>
          calls.all.slice(memory.calls).some(({ server }) => server === memory.leader),
        demo: (_world, { leader }) => [{ kind: 'request', server: leader }],
      },
      { text: 'Play until the other four have a leader of their own.', isDone: isSuccessorElected },
      { text: 'Send the new leader a request, too.', isDone: hasNewRequest, demo: askLeader },
      { text: 'Play until it is committed on four servers.', isDone: (world) => isLastCommittedOn(world, 4) },
      {
        text: 'Heal the links of the old leader.',
        isDone: (world, { leader }) =>
          world.views().every(({ id }) => !world.isCut(leader, id) && !world.isCut(id, leader)),
        demo: (_world, { leader }) => linksOf('heal', leader, [0, 1, 2, 3, 4]),
      },
      {
        text: 'Play until all five hold the same.',
        isDone: (world) => isLastCommittedOn(world, 5) && allFollow(world),
      },
    ],
    task: 'What was each of the two clients told, and why is neither a lie?',
  },
  {
    id: 'q5',
    title: '5 · Two of five, as shipped',
    setup: { seed: 13, servers: 5, mode: 'shipped' },
    question:
      'Once more three of five stop. The servers now ask for pre-votes before they raise their term. What changes?',
    guesses: ['Nothing', 'The terms stay where they are', 'One of them leads'],
    steps: [
      ...minority,
      {
        text: 'Play for six seconds or more, and watch the terms.',
        isDone: ({ happenings, nowMs }) => {
          const stopped = happenings.findLast(({ kind }) => kind === 'fault');
          return stopped !== undefined && nowMs > stopped.atMs + 6000;
        },
      },
      {
        text: 'Resume all servers.',
        isDone: areAllUp,
        demo: startAll,
      },
      { text: 'Play until all follow a leader.', isDone: allFollow },
    ],
    task: 'Compare with story 3: what does a server that comes back disturb there, and not here?',
  },
  ...tales,
];
