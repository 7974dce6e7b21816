import type { Entry, NodeId } from '../../raft/types.js';
import { entryLabel } from '../../stateMachine/entryLabel.js';
import { linksOf, type Action } from './actions.js';
import { leaderIn, type Script } from './script.js';
import type { WorldSetup } from './setup.js';
import type { World } from './world.js';

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
  | {
      readonly text: string;
      readonly isDone: (world: World, memory: StoryMemory) => boolean;
      /** Does the step for its reader, at once or whenever it has not come true; without it time alone is needed. */
      readonly demo?: (world: World, memory: StoryMemory) => readonly Action[];
    }
  /** Done when the figure is saved; the name is the one that the assignment asks for. */
  | { readonly text: string; readonly figure: string };

export interface Story {
  readonly id: string;
  readonly title: string;
  readonly setup: WorldSetup;
  /** The situation in which it begins, in words, and how it comes about. @default a new cluster */
  readonly about?: string;
  readonly open?: (script: Script) => void;
  /** Asked before anything happens; nobody is told which answer is right. */
  readonly question: string;
  readonly guesses: readonly string[];
  readonly steps: readonly StoryStep[];
  /** Asked at the end, with the place of the right answer; the exercises of the assignment have none. */
  readonly check?: { readonly question: string; readonly answers: readonly string[]; readonly right: number };
  /** The question that the student is to answer. */
  readonly task: string;
}

export const hasLeader = (world: World): boolean => leaderIn(world) !== undefined;

export function isStopped(world: World, id: NodeId): boolean {
  return world.views()[id]?.condition !== 'running';
}

export function allFollow(world: World): boolean {
  const leader = leaderIn(world);
  return (
    leader !== undefined &&
    world.views().every((view) => view.leader === leader.id && view.term === leader.term)
  );
}

/** Whether the write of the last call is committed on so many servers. */
export function isLastCommittedOn(world: World, servers: number): boolean {
  const label = world.calls.all.at(-1)?.label;
  const holders = world
    .views()
    .filter(({ log, commitIndex }) =>
      log.some((entry) => entryLabel(entry) === label && entry.index <= commitIndex),
    );
  return label !== undefined && holders.length >= servers;
}

/** Whether a client has asked the leader since the last step, and its entry waits to be committed. */
export function hasNewRequest(world: World, { calls }: StoryMemory): boolean {
  const leader = leaderIn(world);
  return leader !== undefined && world.calls.all.slice(calls).some(({ server }) => server === leader.id);
}

export function isSuccessorElected(world: World, memory: StoryMemory): boolean {
  const leader = leaderIn(world);
  return leader !== undefined && leader.id !== memory.leader && leader.term > memory.term;
}

export const waitForLeader: StoryStep = { text: 'Play until there is a leader.', isDone: hasLeader };

export function areAllUp(world: World): boolean {
  return world.views().every(({ condition }) => condition === 'running');
}

/** A request to the leader, if there is one. */
export function askLeader(world: World): Action[] {
  const leader = leaderIn(world);
  return leader === undefined ? [] : [{ kind: 'request', server: leader.id }];
}

/** Starts all servers that are stopped. */
export function startAll(world: World): Action[] {
  return world
    .views()
    .filter(({ condition }) => condition === 'stopped')
    .map(({ id }) => ({ kind: 'start', server: id }));
}

/** The ids of a cluster of five. */
export const all = [0, 1, 2, 3, 4];

/** A step that only needs time. */
export function play(text: string, isDone: (world: World, memory: StoryMemory) => boolean): StoryStep {
  return { text, isDone };
}

export function isWhole(world: World): boolean {
  const ids = world.views().map(({ id }) => id);
  return ids.every((from) => ids.every((to) => !world.isCut(from, to)));
}

export function areAlike(world: World): boolean {
  const texts = world.views().map(({ log }) => log.map(({ term }) => term).join());
  return new Set(texts).size === 1;
}

export const entryAt = (world: World, server: number, index: number): Entry | undefined =>
  world.views()[server]?.log[index - 1];

/** A leader times out again and again until it leads: an election may fail. */
export const elect =
  (server: number) =>
  (world: World): Action[] =>
    leaderIn(world)?.id === server ? [] : [{ kind: 'timeout', server }];

export const start = (server: number): Action => ({ kind: 'start', server });

export const healAll: StoryStep = {
  text: 'Heal all links.',
  isDone: isWhole,
  demo: () => all.flatMap((server) => linksOf('heal', server, all)),
};
