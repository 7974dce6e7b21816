import { founderOf, readFounding } from './founding.js';
import { appendAsLeader, becomeFollower } from './roles.js';
import type { RaftState } from './state.js';
import {
  isRequest,
  type Identity,
  type Life,
  type Message,
  type NodeId,
  type RefusalReason,
  type Sender,
} from './types.js';

/**
 * Membership of data directories in a cluster. A vote and an acknowledgement are promises of a disk; a server that
 * comes back with an empty disk, or an older copy of its own, has forgotten them, and must not count towards a majority
 * until the cluster has restored them:
 *
 * servers 0 and 1 hold entry 7, acknowledged to a client; 1 loses its disk; 0 is cut off; 2 never had entry 7. If 1
 * votes for 2 now, a majority leads without entry 7.
 *
 * So a directory has an id, and so has the cluster. A directory that is new to a cluster is a learner: it gets the log,
 * but neither votes nor counts. Once it has caught up, the leader appends an `admit` entry with the id of the new
 * directory. When that is committed, by the others alone, a majority without the learner holds all that was committed
 * before, and the learner does, too, since the entry comes after all that in its log: from then on it is a voter like
 * any other.
 *
 * The entry that founds the cluster names the directories that its leader has met by then. A server that has one of
 * them and has never been restarted has lost nothing: it counts at once, also when it has missed all that happened
 * since.
 */
export function identify(state: RaftState, stored: Identity | null): void {
  if (stored !== null) state.recoverIdentity(stored);
  const known = stored ?? founderOf(state.drawId());
  state.setIdentity({ ...known, starts: known.starts + 1, run: state.drawId() });
}

/**
 * Compares the sender of a message with this server, before anything else of it is looked at, its term included: a
 * message of another cluster must not even raise the term. False: the message is ignored, and a request has been
 * refused.
 */
export function acceptsSender(state: RaftState, message: Message): boolean {
  const { sender, from } = message;
  if (isOlderCopy(state, message)) loseStanding(state);
  if (message.type === 'refusal') {
    state.progress.get(from)?.unreachable();
    // The server that refuses a founder may belong to the cluster to join, or to the one joined meanwhile.
    if (message.reason === 'cluster' && sender !== undefined) {
      join(state, sender, message);
      if (sender.cluster !== null && sender.cluster === state.identity?.cluster) return false;
    }
    estrange(state, from, message.reason);
    return false;
  }
  if (sender === undefined) return true;
  const reason = reasonToRefuse(state, sender);
  if (reason !== null) {
    if (isRequest(message)) refuse(state, message, reason);
    else {
      state.progress.get(from)?.unreachable();
      if (reason !== 'stranger') estrange(state, from, reason);
    }
    return false;
  }
  // A different history stays different until an append proves the contrary.
  if (state.estranged.get(from) !== 'history') reconcile(state, from);
  join(state, sender, message);
  if (!meets(state, message, sender)) {
    // It learns this from the life that is remembered of it.
    if (isRequest(message)) refuse(state, message, 'stranger');
    else state.progress.get(from)?.unreachable();
    return false;
  }
  if (state.role === 'leader' && !isRequest(message)) noteFollower(state, from, sender);
  return true;
}

/** A `stranger` belongs to no cluster yet, while this server does: the refusal tells it which one to join. */
function reasonToRefuse({ config, identity }: RaftState, sender: Sender): RefusalReason | 'stranger' | null {
  if (config.roster !== '' && sender.roster !== '' && sender.roster !== config.roster) return 'roster';
  if (identity === null || sender.directory === '') return null;
  if (identity.cluster === null || identity.cluster === sender.cluster) return null;
  // Founders follow a server that leads them into its cluster; they have nothing to lose.
  if (sender.standing === 'founder')
    return identity.standing === 'founder' && sender.cluster === null ? null : 'stranger';
  return 'cluster';
}

/**
 * A founder that hears of a cluster belongs to it from now on: as a voter when its log begins with the very entry that
 * founded it, or that entry names its directory and this is its first start: then it has lost nothing. Else it is a
 * learner, until a server that knows the founders says otherwise.
 */
function join(state: RaftState, sender: Sender, { met, isFounder }: Message): void {
  const { identity } = state;
  if (identity === null || sender.cluster === null || sender.standing === 'founder') return;
  const isNamed = isFounder === true && met?.directory === identity.directory && identity.starts === 1;
  if (identity.cluster !== null) {
    if (isNamed && identity.standing === 'learner' && identity.cluster === sender.cluster)
      state.setIdentity({ ...identity, standing: 'voter' });
    return;
  }
  const tookPart = identity.standing === 'founder' && state.foundingId === sender.cluster;
  const standing = isNamed || tookPart ? 'voter' : 'learner';
  state.setIdentity({ ...identity, cluster: sender.cluster, standing });
  if (standing === 'learner' && state.role !== 'follower') becomeFollower(state, state.term, null);
}

/**
 * Whether this directory holds less than its server has acknowledged, or does not know of a life that others have met.
 */
function isOlderCopy({ identity, log }: RaftState, { acknowledged = 0, met }: Message): boolean {
  if (identity === null) return false;
  if (acknowledged > log.lastIndex) return true;
  if (met?.directory !== identity.directory) return false;
  return met.starts > identity.starts || (met.starts === identity.starts && met.run !== identity.run);
}

/**
 * Remembers the newest life of a peer; false when the peer comes from an older copy of its directory, or its message is
 * old.
 *
 * Nothing is remembered of a pre-vote, which promises nothing: the write would come before that of the vote that
 * follows, and on slow disks an election would take twice as long.
 */
function meets(state: RaftState, { from, type }: Message, { directory, starts, run }: Sender): boolean {
  const { identity } = state;
  if (identity === null || directory === '') return true;
  const known = identity.met[from];
  if (known?.directory === directory) {
    if (starts === known.starts && run === known.run) return true;
    if (starts <= known.starts) return false;
  }
  if (type === 'preVote' || type === 'preVoteResponse') return true;
  state.setIdentity({ ...identity, met: { ...identity.met, [from]: { directory, starts, run } } });
  return true;
}

/** Stores the lives that a leader has met: a follower may need them after the leader is gone. */
export function meetAll(state: RaftState, lives: Readonly<Record<NodeId, Life>>): void {
  const { identity } = state;
  if (identity === null) return;
  const newer = state.peers.flatMap((peer) => {
    const [life, known] = [lives[peer], identity.met[peer]];
    if (life === undefined) return [];
    const isNewer = known?.directory !== life.directory || life.starts > known.starts;
    return isNewer ? [[peer, life] as const] : [];
  });
  if (newer.length > 0)
    state.setIdentity({ ...identity, met: { ...identity.met, ...Object.fromEntries(newer) } });
}

/**
 * This directory holds less than its server has acknowledged: it is an older copy, and is treated as a new directory.
 */
function loseStanding(state: RaftState): void {
  const { identity } = state;
  if (identity === null || identity.standing === 'learner') return;
  state.setIdentity({ ...identity, directory: state.drawId(), standing: 'learner' });
  if (state.role !== 'follower') becomeFollower(state, state.term, null);
}

/** Notes, on a leader, the directory from which a response came, and whether it is a voter's. */
function noteFollower(state: RaftState, from: NodeId, sender: Sender): void {
  const progress = state.progress.get(from);
  if (progress === undefined || sender.directory === '') return;
  if (progress.directory !== null && progress.directory !== sender.directory)
    progress.startOver(sender.directory);
  progress.directory = sender.directory;
  const isVoter = sender.standing !== 'learner';
  // Under load it never holds all that is committed at a moment: what was committed when it came is enough.
  if (!isVoter && progress.isVoter) progress.catchUpIndex = state.commitIndex;
  progress.isVoter = isVoter;
}

/**
 * A learner that has caught up is proposed to the voters; again when it has the entry and did not recognise itself in
 * it.
 */
export function admitLearners(state: RaftState): void {
  if (state.identity === null || state.commitIndex < state.termStartIndex) return;
  for (const [peer, progress] of state.progress) {
    const { directory, isVoter, matchIndex } = progress;
    if (isVoter || directory === null || matchIndex < progress.catchUpIndex) continue;
    const proposed = state.admissions.get(peer);
    const isPending = proposed?.directory === directory && progress.commitIndex < proposed.index;
    if (isPending) continue;
    const { index } = appendAsLeader(state, 'admit', `${peer} ${directory}`);
    state.admissions.set(peer, { directory, index });
  }
}

/** Applies newly committed `cluster` and `admit` entries to the identity of this server's directory. */
export function followCommitted(state: RaftState): void {
  const { log, commitIndex } = state;
  for (let index = state.identityIndex + 1; index <= commitIndex; index += 1) {
    const entry = log.entryAt(index);
    if (entry?.kind === 'cluster') found(state, entry.command);
    else if (entry?.kind === 'admit') admit(state, entry.command);
  }
  state.identityIndex = Math.max(state.identityIndex, commitIndex);
}

/** The first one counts; it makes a voter of everybody who took part. */
function found(state: RaftState, command: string): void {
  const { identity } = state;
  // After a restart the log is read once more.
  if (identity === null || Object.keys(identity.founders).length > 0) return;
  const { cluster, founders } = readFounding(command);
  if (identity.cluster === null ? identity.standing !== 'founder' : identity.cluster !== cluster) return;
  const standing = identity.standing === 'founder' ? 'voter' : identity.standing;
  state.setIdentity({ ...identity, cluster, founders, standing });
}

function admit(state: RaftState, command: string): void {
  const { identity } = state;
  if (identity?.standing === 'learner' && command === `${state.id} ${identity.directory}`)
    state.setIdentity({ ...identity, standing: 'voter' });
}

/** Refuses a request of a server that does not belong to this cluster, and records it as estranged. */
export function refuse(state: RaftState, { from }: Message, reason: RefusalReason | 'stranger'): void {
  if (reason !== 'stranger') estrange(state, from, reason);
  state.send({
    type: 'refusal',
    from: state.id,
    to: from,
    term: state.term,
    reason: reason === 'stranger' ? 'cluster' : reason,
  });
}

function estrange(state: RaftState, peer: NodeId, reason: RefusalReason): void {
  if (state.estranged.get(peer) === reason) return;
  state.estranged.set(peer, reason);
  state.draft.estranged.push({ peer, reason });
}

/** Ends the estrangement from `peer`. */
export function reconcile(state: RaftState, peer: NodeId): void {
  if (state.estranged.delete(peer)) state.draft.estranged.push({ peer, reason: null });
}
