import type { NodeId } from '../../raft/types.js';
import { leaderIn } from './script.js';
import { entryLabel } from './view.js';
import type { World } from './world.js';
import type { WorldSetup } from './setup.js';

/** The memory of a story: what later steps need of earlier ones. */
export interface StoryMemory {
  /** The leader that the story is about. */
  leader: NodeId;
  term: number;
  /** How many calls there were when the last step was done. */
  calls: number;
}

/** One thing to do or to wait for; the page sees by itself when it is done. */
export type StoryStep =
  | { readonly text: string; readonly isDone: (world: World, memory: StoryMemory) => boolean }
  /** Done when the figure is saved; the name is the one that the assignment asks for. */
  | { readonly text: string; readonly figure: string };

export interface Story {
  readonly id: string;
  readonly title: string;
  readonly setup: WorldSetup;
  /** Asked before anything happens; nobody is told which answer is right. */
  readonly question: string;
  readonly guesses: readonly string[];
  readonly steps: readonly StoryStep[];
  /** The question that the student is to answer. */
  readonly task: string;
}

const hasLeader = (world: World): boolean => leaderIn(world) !== undefined;

function isStopped(world: World, id: NodeId): boolean {
  return world.views()[id]?.condition !== 'running';
}

function allFollow(world: World): boolean {
  const leader = leaderIn(world);
  return (
    leader !== undefined &&
    world.views().every((view) => view.leader === leader.id && view.term === leader.term)
  );
}

/** Whether the write of the last call is committed on so many servers. */
function isLastCommittedOn(world: World, servers: number): boolean {
  const label = world.calls.all.at(-1)?.label;
  const holders = world
    .views()
    .filter(({ log, commitIndex }) =>
      log.some((entry) => entryLabel(entry) === label && entry.index <= commitIndex),
    );
  return label !== undefined && holders.length >= servers;
}

/** Whether a client has asked the leader since the last step, and its entry waits to be committed. */
function hasNewRequest(world: World, { calls }: StoryMemory): boolean {
  const leader = leaderIn(world);
  return leader !== undefined && world.calls.all.slice(calls).some(({ server }) => server === leader.id);
}

function isSuccessorElected(world: World, memory: StoryMemory): boolean {
  const leader = leaderIn(world);
  return leader !== undefined && leader.id !== memory.leader && leader.term > memory.term;
}

const waitForLeader: StoryStep = { text: 'Play until there is a leader.', isDone: hasLeader };

/** Stops three of five; shared by the two stories that differ in their rules only. */
const minority: readonly StoryStep[] = [
  waitForLeader,
  {
    text: 'Stop the leader and two more servers, so that only two run.',
    isDone: (world) => world.views().filter(({ condition }) => condition === 'running').length === 2,
  },
];

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
      { text: 'Send a request to the leader: choose it, then Request.', isDone: hasNewRequest },
      {
        text: 'Play until the operation is committed on all five servers: solid borders everywhere.',
        isDone: (world) => isLastCommittedOn(world, 5),
      },
      { text: 'Pause, and send the leader a new request.', isDone: hasNewRequest },
      { text: 'Save the figure.', figure: 'task1_q2_1.PNG' },
      {
        text: 'Stop the leader before its entry has reached anybody, then play on.',
        isDone: (world, { leader }) => isStopped(world, leader),
      },
      { text: 'Play until there is a new leader.', isDone: isSuccessorElected },
      { text: 'Send the new leader a request.', isDone: hasNewRequest },
      {
        text: 'Resume the leader of the earlier term.',
        isDone: (world) => world.views().every(({ condition }) => condition === 'running'),
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
        isDone: (world) => world.views().every(({ condition }) => condition === 'running'),
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
      },
      {
        text: 'Send the cut-off leader a request: it takes it, and its client waits.',
        isDone: ({ calls }, memory) =>
          calls.all.slice(memory.calls).some(({ server }) => server === memory.leader),
      },
      { text: 'Play until the other four have a leader of their own.', isDone: isSuccessorElected },
      { text: 'Send the new leader a request, too.', isDone: hasNewRequest },
      { text: 'Play until it is committed on four servers.', isDone: (world) => isLastCommittedOn(world, 4) },
      {
        text: 'Heal the links of the old leader.',
        isDone: (world, { leader }) =>
          world.views().every(({ id }) => !world.isCut(leader, id) && !world.isCut(id, leader)),
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
        isDone: (world) => world.views().every(({ condition }) => condition === 'running'),
      },
      { text: 'Play until all follow a leader.', isDone: allFollow },
    ],
    task: 'Compare with story 3: what does a server that comes back disturb there, and not here?',
  },
];
