import type { EntryId, NodeId, Role } from './types.js';

/** Why a server did not vote for a candidate, or a pre-candidate. */
export type VoteRefusal =
  | 'olderTerm'
  | 'leaderAlive'
  | 'learner'
  | 'votedForOther'
  | 'voteBeingWritten'
  | 'startedRecently'
  | 'olderLog';

/** Why a server began to ask for pre-votes. */
export type CampaignCause = 'electionTimeout' | 'leaderLost' | 'requested';

/**
 * The reason for a decision of the core, for people who ask, for example, why there was an election. Only unusual
 * events leave a record, not every message. No rule of Raft reads it.
 */
export type TraceRecord =
  /** `silentTicks`: since the last message of a leader with a majority; null when there was none since the start. */
  | {
      readonly kind: 'campaign';
      readonly term: number;
      readonly cause: CampaignCause;
      readonly silentTicks: number | null;
    }
  | { readonly kind: 'leaderLost'; readonly term: number; readonly leader: NodeId }
  | {
      readonly kind: 'ballot';
      readonly term: number;
      readonly ballot: 'preVote' | 'vote';
      readonly candidate: NodeId;
      /** Null: granted. */
      readonly refusal: VoteRefusal | null;
    }
  | { readonly kind: 'role'; readonly term: number; readonly role: Role; readonly leader: NodeId | null }
  /** `votes`: of these servers, this one included. */
  | { readonly kind: 'elected'; readonly term: number; readonly votes: readonly NodeId[] }
  /** A message of a higher term came. */
  | {
      readonly kind: 'newerTerm';
      readonly term: number;
      readonly from: NodeId;
      readonly message: string;
      readonly oldTerm: number;
    }
  /** A candidate asks again, since the request or its answer was lost. */
  | { readonly kind: 'votesAskedAgain'; readonly term: number; readonly peers: readonly NodeId[] }
  /** A leader has not heard from a majority for an election timeout, or has again. */
  | { readonly kind: 'quorum'; readonly term: number; readonly hasQuorum: boolean }
  /** This follower's log does not hold the entry that precedes the append. */
  | {
      readonly kind: 'appendRejected';
      readonly term: number;
      readonly leader: NodeId;
      readonly previous: EntryId;
      readonly lastIndex: number;
    }
  /** Entries that contradict the leader's are dropped, from this index on. */
  | { readonly kind: 'truncated'; readonly term: number; readonly from: number; readonly lastIndex: number }
  /** The leader looks for the place where the follower's log agrees with its own. */
  | { readonly kind: 'probe'; readonly term: number; readonly peer: NodeId; readonly nextIndex: number }
  | { readonly kind: 'snapshotSent'; readonly term: number; readonly peer: NodeId; readonly last: EntryId }
  | { readonly kind: 'snapshotInstalled'; readonly term: number; readonly last: EntryId };

const refusals: Readonly<Record<VoteRefusal, string>> = {
  olderTerm: 'its term is not new',
  leaderAlive: 'a leader was heard a short while ago',
  learner: 'this server does not count yet',
  votedForOther: 'this server has voted for another one in this term',
  voteBeingWritten: 'this server is writing a vote to its disk',
  startedRecently: 'this server has started a short while ago and may have forgotten a vote',
  olderLog: 'its log is older',
};

const causes: Readonly<Record<CampaignCause, string>> = {
  electionTimeout: 'the election timeout has passed',
  leaderLost: 'the leader is lost',
  requested: 'it was asked to',
};

/** A record in one sentence. @param tickMs how long a tick is, in milliseconds */
export function traceText(record: TraceRecord, tickMs: number): string {
  switch (record.kind) {
    case 'campaign':
      return `asks whether it would win term ${record.term + 1}: ${causes[record.cause]}, ${silence(record.silentTicks, tickMs)}`;
    case 'leaderLost':
      return `the connections of server ${record.leader}, which leads, have closed, and it does not answer`;
    case 'ballot':
      return ballotText(record);
    case 'role':
      return `${roleNames[record.role]} in term ${record.term}${leaderText(record.leader)}`;
    case 'elected':
      return `elected in term ${record.term} by the votes of ${record.votes.join(', ')}`;
    case 'newerTerm':
      return `term ${record.term} comes with a message (${record.message}) of server ${record.from}; the term before was ${record.oldTerm}`;
    case 'votesAskedAgain':
      return `asks ${record.peers.join(', ')} for their votes again: there was no answer`;
    case 'quorum':
      return record.hasQuorum
        ? 'hears from a majority again'
        : 'has not heard from a majority for an election timeout';
    case 'appendRejected':
      return `its log, which ends at ${record.lastIndex}, does not hold entry ${nameOf(record.previous)} of leader ${record.leader}`;
    case 'truncated':
      return `drops entries ${record.from} to ${record.lastIndex}: the leader has others there`;
    case 'probe':
      return `looks for the place where the log of server ${record.peer} agrees: from ${record.nextIndex} on?`;
    case 'snapshotSent':
      return `begins to send server ${record.peer} the snapshot up to ${nameOf(record.last)}`;
    case 'snapshotInstalled':
      return `takes over the leader's snapshot up to ${nameOf(record.last)}`;
  }
}

function ballotText({ ballot, candidate, term, refusal }: Extract<TraceRecord, { kind: 'ballot' }>): string {
  const what = `${ballot === 'vote' ? 'vote' : 'pre-vote'} in term ${term} for server ${candidate}`;
  return refusal === null ? `${what}: granted` : `${what}: refused, ${refusals[refusal]}`;
}

/** The roles in words for people. */
export const roleNames: Readonly<Record<Role, string>> = {
  follower: 'follower',
  preCandidate: 'pre-candidate',
  candidate: 'candidate',
  leader: 'leader',
};

function leaderText(leader: NodeId | null): string {
  return leader === null ? '' : `, server ${leader} leads`;
}

function silence(ticks: number | null, tickMs: number): string {
  return ticks === null
    ? 'no leader was heard since it started'
    : `a leader was heard ${Math.round(ticks * tickMs)} ms ago`;
}

function nameOf({ term, index }: EntryId): string {
  return `${index} of term ${term}`;
}
