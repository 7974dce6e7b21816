import type { Message } from '../raft/types.js';

/** A message as one line for a trace. */
export function describeMessage(message: Message): string {
  return `${message.type} ${message.from}->${message.to} term ${message.term}${detailsOf(message)}`;
}

/** The numbers that tell a message apart from others, for the hash of a trace. */
export function messageNumbers(message: Message): number[] {
  const { from, to, term, type } = message;
  switch (type) {
    case 'refusal':
      return [10, from, to, term];
    case 'appendEntries':
      return [
        0,
        from,
        to,
        term,
        message.prevLogIndex,
        message.entries.length,
        message.leaderCommit,
        message.sequence,
        message.readRound,
      ];
    case 'appendEntriesResponse':
      return [
        1,
        from,
        to,
        term,
        message.matchIndex,
        message.commitIndex,
        message.sequence,
        message.readRound,
      ];
    case 'heartbeat':
      return [8, from, to, term, message.commit.index, message.sequence, message.readRound];
    case 'heartbeatResponse':
      return [9, from, to, term, message.commitIndex, message.sequence, message.readRound];
    case 'installSnapshot':
      return [6, from, to, term, message.last.index, message.chunk, message.sequence, message.readRound];
    case 'installSnapshotResponse':
      return [7, from, to, term, message.matchIndex, message.nextChunk, message.sequence, message.readRound];
    case 'preVote':
    case 'requestVote':
      return [type === 'preVote' ? 2 : 3, from, to, term, message.lastLogIndex, message.lastLogTerm];
    case 'preVoteResponse':
    case 'requestVoteResponse':
      return [type === 'preVoteResponse' ? 4 : 5, from, to, term, message.granted ? 1 : 0];
  }
}

function detailsOf(message: Message): string {
  switch (message.type) {
    case 'refusal':
      return ` ${message.reason}`;
    case 'appendEntries': {
      const { prevLogIndex, prevLogTerm, entries, leaderCommit, readRound } = message;
      return ` after ${prevLogIndex}/${prevLogTerm} +${entries.length} commit ${leaderCommit} round ${readRound}`;
    }
    case 'appendEntriesResponse': {
      const { success, matchIndex, commitIndex, conflict, readRound } = message;
      const verdict = success
        ? `match ${matchIndex}`
        : conflict === null
          ? 'outdated'
          : `conflict ${conflict.index}/${conflict.term}`;
      return ` ${verdict} commit ${commitIndex} round ${readRound}`;
    }
    case 'heartbeat':
      return ` commit ${message.commit.index}/${message.commit.term} round ${message.readRound}`;
    case 'heartbeatResponse':
      return ` commit ${message.commitIndex} round ${message.readRound}`;
    case 'installSnapshot': {
      const { last, chunk, chunkCount, readRound } = message;
      return ` up to ${last.index}/${last.term} chunk ${chunk} of ${chunkCount} round ${readRound}`;
    }
    case 'installSnapshotResponse':
      return ` match ${message.matchIndex} next chunk ${message.nextChunk} commit ${message.commitIndex}`;
    case 'preVote':
    case 'requestVote':
      return ` log ${message.lastLogIndex}/${message.lastLogTerm}`;
    case 'preVoteResponse':
    case 'requestVoteResponse':
      return message.granted ? ' granted' : ' refused';
  }
}
