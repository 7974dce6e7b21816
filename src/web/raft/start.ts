import { entryBytes } from '../../raft/log.js';
import { Progress } from '../../raft/progress.js';
import type { RaftState } from '../../raft/state.js';
import type { Entry, Identity, NodeId } from '../../raft/types.js';
import type { Safety } from '../../sim/safety.js';
import { DiskLog, type SimDisk } from '../../sim/simDisk.js';
import type { VirtualTime } from '../../sim/simHost.js';
import type { SimProcess, SimServer } from '../../sim/simServer.js';
import { ServiceState } from '../../stateMachine/serviceState.js';
import type { Wire } from './wire.js';

/** A server as a world begins with it. */
export interface StartServer {
  /** `stopped` has no process. */
  readonly condition: 'running' | 'crashed' | 'stopped';
  readonly leads: boolean;
  readonly term: number;
  readonly votedFor: NodeId | null;
  readonly commitIndex: number;
  /** Its directory is new to the cluster: it neither votes nor counts. */
  readonly isLearner: boolean;
  /** The servers whose messages do not reach it. */
  readonly deafTo: readonly NodeId[];
  /** The command of an entry is its label: what it did to the files and keys is not taken along. */
  readonly log: readonly Entry[];
}

/** A cluster in the middle of its life, taken from one that runs. */
export interface Start {
  /** In milliseconds since 1970. */
  readonly atMs: number;
  /** Entry 1 here is entry `offset` + 1 there; what is older is left out, as though all servers had it. */
  readonly offset: number;
  readonly servers: readonly StartServer[];
}

/** The longest piece of a snapshot; that of an empty state has one. */
const CHUNK_CHARS = 1000;

/** The parts of a world that have a start. */
interface StartedWorld {
  readonly time: VirtualTime;
  readonly network: Wire;
  readonly safety: Safety;
  readonly servers: readonly SimServer[];
}

/** Fills the disks, starts the servers that run, and lets leaders lead, before anything else happens. */
export function beginWith(start: Start, { time, network, safety, servers }: StartedWorld): void {
  safety.beginsWith(committedAt(start), Math.max(...start.servers.map(({ term }) => term)));
  for (const server of servers) {
    fillDisk(server.disk, server.id, start);
    if (serverIn(start, server.id).condition !== 'stopped') server.start();
  }
  // The state machines are loaded in pieces.
  const isLoading = ({ process }: SimServer): boolean => process?.node.status.lifecycle === 'starting';
  while (servers.some(isLoading)) time.step(Number.POSITIVE_INFINITY);
  for (const { id, process } of servers) {
    const { condition, leads, deafTo } = serverIn(start, id);
    for (const other of deafTo) network.change({ kind: 'cut', from: other, to: id });
    if (condition === 'crashed') process?.node.crash();
    // A server that is alone has begun to elect itself already.
    else if (leads && process !== undefined && servers.length > 1) process.host.perform(() => lead(process));
  }
}

/** The entries that are committed at the start. */
function committedAt({ servers }: Start): readonly Entry[] {
  const [most] = [...servers].sort((a, b) => b.commitIndex - a.commitIndex);
  return most?.log.slice(0, most.commitIndex) ?? [];
}

/** The disk of a server. Its commit index is that of a snapshot, beside the whole log: there its process begins. */
function fillDisk(disk: SimDisk, id: NodeId, start: Start): void {
  const { term, votedFor, commitIndex, isLearner, log } = serverIn(start, id);
  const last = log[commitIndex - 1];
  const isFounded = start.servers.some((server) => server.log.length > 0);
  disk.putBack({
    hardState: { term, votedFor },
    identity: isFounded ? identityOf(id, isLearner) : null,
    snapshot: last === undefined ? null : { last: { term: last.term, index: last.index }, chunks: noState() },
    log: DiskLog.of(log),
  });
}

/**
 * Makes a server the leader of its term again: a server begins as a follower, and would have to win a later term. Its log has the
 * entry that opened the term.
 */
function lead({ node }: SimProcess): void {
  const { state } = (node as unknown as { core: { state: RaftState } }).core;
  const { log, commitIndex } = state;
  state.role = 'leader';
  state.leader = state.id;
  for (const peer of state.peers) state.progress.set(peer, new Progress(log.lastIndex + 1));
  const own = log.slice(1, log.lastIndex).find((entry) => entry.term === state.term);
  state.termStartIndex = own?.index ?? 0;
  for (const entry of log.slice(commitIndex + 1, log.lastIndex)) state.uncommittedBytes += entryBytes(entry);
  // It contacts all others in its next tick.
  state.heartbeatElapsed = state.config.heartbeatTicks;
  state.noteRole();
  // This changes nothing in a leader, but ends a step, in which the role becomes known.
  node.campaign();
}

function serverIn({ servers }: Start, id: NodeId): StartServer {
  const server = servers[id];
  if (server === undefined) throw new Error(`the start has no server ${id}`);
  return server;
}

function identityOf(id: NodeId, isLearner: boolean): Identity {
  return {
    cluster: 'running',
    directory: `directory-${id}`,
    standing: isLearner ? 'learner' : 'voter',
    starts: 1,
    run: `run-${id}`,
    met: {},
    founders: {},
  };
}

function noState(): string[] {
  const reader = new ServiceState().snapshot(CHUNK_CHARS);
  const chunks: string[] = [];
  for (let step = reader.next(); step.done !== true; step = reader.next()) chunks.push(step.value);
  return chunks;
}
