import { majorityOf } from '../raft/config.js';
import type { Entry, NodeId } from '../raft/types.js';
import { SafetyViolation } from './safety.js';
import type { SimNetwork } from './simNetwork.js';
import type { SimServer } from './simServer.js';
import type { VirtualTime } from './simHost.js';

/** Conditions between servers, and what is promised to a majority that has them all the time. */
interface Grade {
  readonly name: string;
  /** Most that a message takes in one direction. */
  readonly latencyMaxMs: number;
  /** Share of messages that are lost, or late by more than that. */
  readonly lossMax: number;
  /** Most that a write takes to become durable. */
  readonly syncMaxMs: number;
  /** There is a leader that a majority can hear and answer after so long without one. */
  readonly leaderWithinMs: number;
  /** A command is committed after so long without one. */
  readonly commitWithinMs: number;
}

/** The better come first. */
const grades: readonly Grade[] = [
  {
    name: 'good',
    latencyMaxMs: 25,
    lossMax: 0,
    syncMaxMs: 150,
    leaderWithinMs: 5_000,
    commitWithinMs: 10_000,
  },
  {
    name: 'good with slow disks',
    latencyMaxMs: 25,
    lossMax: 0,
    syncMaxMs: 1_000,
    leaderWithinMs: 5_000,
    commitWithinMs: 15_000,
  },
  {
    name: 'fair',
    latencyMaxMs: 120,
    lossMax: 0.05,
    syncMaxMs: 1_000,
    leaderWithinMs: 20_000,
    commitWithinMs: 30_000,
  },
];

const LOOK_EVERY_MS = 100;
/** So often a write is tried where nobody else writes. */
const PROBE_EVERY_MS = 2_000;
const NEVER = Number.POSITIVE_INFINITY;

/** How much was judged, for the summary. */
export interface LivenessCounts {
  /** Time in which a majority was connected for long enough to be held to the rule. */
  connectedMs: number;
  /** Writes that were tried where nobody else wrote. */
  probes: number;
}

/** The cluster under watch. */
interface LivenessScene {
  readonly servers: readonly SimServer[];
  readonly network: SimNetwork;
  readonly safety: { readonly committedEntries: readonly Entry[] };
}

/**
 * Watches, while faults last, that a majority which could work does work. Let S be a majority of the cluster. All of S
 * have been up (not crashed, killed or paused) and have reached each other in both directions within the bounds of a
 * grade for as long as the grade says, without a break. Then within that time somebody led who is up and reaches a
 * majority in both directions: one of S, or one who leads another connected majority; and within the longer time of the
 * grade a command was committed. Nothing is said about servers elsewhere that believe to lead.
 */
export class Liveness {
  /**
   * Since when, by grade, and by pair of servers as `a * count + b`; the pair of a server with itself is its being up.
   */
  private readonly since: number[][];
  /** The pairs within each smallest majority. */
  private readonly majorities: readonly (readonly number[])[];
  private readonly connectedSince: number[];
  private ledMs = 0;
  private committedMs = 0;
  private committed = 0;
  private probedMs = Number.NEGATIVE_INFINITY;
  private isJudging = false;
  private awaitsMembers = false;
  readonly counts: LivenessCounts = { connectedMs: 0, probes: 0 };

  /**
   * @param probe has a fresh entry proposed at this server
   * @param extraMs added to the time for a write, where what is written takes long to carry
   */
  constructor(
    private readonly scene: LivenessScene,
    private readonly time: VirtualTime,
    private readonly probe: ((server: SimServer) => void) | null,
    private readonly extraMs: number,
  ) {
    const count = scene.servers.length;
    this.since = grades.map(() => Array.from({ length: count * count }, () => NEVER));
    this.connectedSince = grades.map(() => NEVER);
    this.majorities = smallestMajorities(count).map((members) => pairsWithin(members, count));
  }

  /** Begins to judge, from now on. */
  start(): void {
    this.ledMs = this.committedMs = this.time.nowMs;
    this.isJudging = true;
    this.changed();
    this.lookAgain();
  }

  stop(): void {
    this.isJudging = false;
  }

  /** A link, a disk or a server has changed. */
  changed(): void {
    if (!this.isJudging) return;
    const { servers } = this.scene;
    this.awaitsMembers = servers.some(({ isLost, isNewcomer }) => isLost || isNewcomer);
    grades.forEach((grade, g) => {
      const since = this.since[g] ?? [];
      for (const a of servers) {
        for (const b of servers.slice(a.id)) {
          const pair = a.id * servers.length + b.id;
          if (!this.isPair(a, b, grade)) since[pair] = NEVER;
          else if (since[pair] === NEVER) since[pair] = this.time.nowMs;
        }
      }
      this.connectedSince[g] = this.majorities.reduce(
        (best, pairs) =>
          Math.min(
            best,
            pairs.reduce((latest, pair) => Math.max(latest, since[pair] ?? NEVER), 0),
          ),
        NEVER,
      );
    });
  }

  private lookAgain(): void {
    this.time.after(LOOK_EVERY_MS, () => {
      if (!this.isJudging) return;
      this.look();
      this.lookAgain();
    });
  }

  private look(): void {
    const { nowMs } = this.time;
    // A server that catches up does so quietly.
    if (this.awaitsMembers) this.changed();
    const leader = this.servingLeader();
    if (leader !== undefined) this.ledMs = nowMs;
    if (this.hasCommitted()) this.committedMs = nowMs;
    if (grades.some(({ leaderWithinMs }, g) => nowMs - (this.connectedSince[g] ?? NEVER) > leaderWithinMs))
      this.counts.connectedMs += LOOK_EVERY_MS;
    grades.forEach((grade, g) => {
      const since = this.connectedSince[g] ?? NEVER;
      this.require(nowMs - Math.max(since, this.ledMs) <= grade.leaderWithinMs, LEADS, grade, since);
      if (this.probe === null) return;
      const commitWithinMs = grade.commitWithinMs + this.extraMs;
      this.require(nowMs - Math.max(since, this.committedMs) <= commitWithinMs, COMMITS, grade, since);
    });
    if (leader === undefined || nowMs - Math.max(this.committedMs, this.probedMs) < PROBE_EVERY_MS) return;
    this.probedMs = nowMs;
    this.counts.probes += 1;
    this.probe?.(leader);
  }

  /** Whether a command was committed since this was last asked; the no-op of a new leader does not count. */
  private hasCommitted(): boolean {
    const { committedEntries } = this.scene.safety;
    const fresh = committedEntries.slice(this.committed);
    this.committed = committedEntries.length;
    return fresh.some(({ kind }) => kind === 'command');
  }

  /** Of those that lead, are up and reach a majority in both directions, the one with the highest term. */
  private servingLeader(): SimServer | undefined {
    const { servers, network } = this.scene;
    const needed = majorityOf(servers.length);
    const areConnected = (a: NodeId, b: NodeId): boolean => !network.isCut(a, b) && !network.isCut(b, a);
    let best: { readonly server: SimServer; readonly term: number } | undefined;
    for (const server of servers) {
      if (!server.isAlive || server.process?.node.isLeader !== true) continue;
      const reached = servers.filter(
        (other) => other === server || (other.isAlive && areConnected(server.id, other.id)),
      );
      if (reached.length < needed) continue;
      const { term } = server.process.node.status.core;
      if (best === undefined || term > best.term) best = { server, term };
    }
    return best?.server;
  }

  private isPair(a: SimServer, b: SimServer, grade: Grade): boolean {
    if (a === b) return a.isMember && a.disk.syncMaxMs <= grade.syncMaxMs;
    return this.isLink(a.id, b.id, grade) && this.isLink(b.id, a.id, grade);
  }

  private isLink(from: NodeId, to: NodeId, { latencyMaxMs, lossMax }: Grade): boolean {
    const { network } = this.scene;
    const { present } = network;
    return (
      !network.isCut(from, to) &&
      present.latencyMaxMs + network.extraMs(from, to) <= latencyMaxMs &&
      present.loss + present.tail <= lossMax
    );
  }

  private require(holds: boolean, rule: string, { name }: Grade, since: number): void {
    if (holds) return;
    const last = `last led ${this.ledMs.toFixed(0)} ms, last write committed ${this.committedMs.toFixed(0)} ms`;
    throw new SafetyViolation(
      rule,
      `a majority has had ${name} connections since ${since.toFixed(0)} ms; ${last}; now ${this.time.nowMs.toFixed(0)} ms`,
    );
  }
}

const LEADS = 'a connected majority has a leader';
const COMMITS = 'a connected majority commits';

/** A set of servers that is a majority contains one of these, and is connected only when that one is. */
function smallestMajorities(count: number): NodeId[][] {
  const needed = majorityOf(count);
  const sets: NodeId[][] = [];
  const extend = (members: readonly NodeId[], next: NodeId): void => {
    if (members.length === needed) {
      sets.push([...members]);
      return;
    }
    for (let id = next; id < count; id += 1) extend([...members, id], id + 1);
  };
  extend([], 0);
  return sets;
}

function pairsWithin(members: readonly NodeId[], count: number): number[] {
  return members.flatMap((a, position) => members.slice(position).map((b) => a * count + b));
}
