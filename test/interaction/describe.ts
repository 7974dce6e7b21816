import { ServiceError } from '../../src/node/errors.js';
import type { Entry, RequestMessage, ResponseMessage } from '../../src/raft/types.js';
import type { HeldMessage } from '../../src/sim/simNetwork.js';
import type { Call } from '../support/calls.js';
import type { ManualServer } from '../support/manualServer.js';

/** `a1@2`: the update of file a to version 1, of term 2; `noop@2`. */
function describeEntry(entry: Entry): string {
  if (entry.kind === 'noop') return `noop@${entry.term}`;
  const { name, version } = JSON.parse(entry.command) as { name: string; version: number };
  return `${name}${version}@${entry.term}`;
}

/** The log, with `|` after the last committed entry; of a long one only the ends. `[7@2]`: it begins after entry 7 of term 2. */
export function describeLog(server: ManualServer): string {
  const { firstIndex, commitIndex } = server.status;
  const committed = commitIndex - firstIndex + 1;
  const entries = server.entries.slice(firstIndex - 1).map(describeEntry);
  const parts = [...entries.slice(0, committed), '|', ...entries.slice(committed)];
  if (firstIndex > 1) parts.unshift(`[${firstIndex - 1}@${server.entries[firstIndex - 2]?.term ?? 0}]`);
  const shown =
    parts.length <= 16 ? parts : [...parts.slice(0, 4), `.. ${parts.length - 9} more ..`, ...parts.slice(-5)];
  return `${server.id}: ${shown.join(' ')}`;
}

export function describeServer(server: ManualServer): string {
  const { id, status, node } = server;
  const { role, term, lastIndex, commitIndex, leader } = status;
  const { lastApplied, waitingCalls, lifecycle } = node.status;
  const what = !server.isProcessUp ? 'killed' : lifecycle === 'running' ? role : lifecycle;
  const facts = [`term=${term}`, `last=${lastIndex}`, `commit=${commitIndex}`, `applied=${lastApplied}`];
  if (what === 'follower') facts.push(`leader=${leader ?? 'unknown'}`);
  if (waitingCalls > 0) facts.push(`waiting=${waitingCalls}`);
  return `${id} ${what} ${facts.join(' ')}`;
}

export function describeCall({ number, text, server, outcome, startedMs, endedMs }: Call): string {
  const after = endedMs === undefined || endedMs === startedMs ? '' : ` after ${endedMs - startedMs}ms`;
  return `#${number} ${text} at ${server}: ${describeOutcome(outcome)}${after}`;
}

export function describeOutcome(outcome: unknown): string {
  if (outcome === undefined) return 'waits';
  if (outcome instanceof ServiceError) {
    const hint = outcome.leader === null ? '' : `, leader ${outcome.leader}`;
    return `${outcome.kind} (${outcome.outcome === 'notDone' ? 'not done' : 'unknown'}${hint})`;
  }
  return JSON.stringify(outcome);
}

export function describeMessage({ request, response }: HeldMessage): string {
  return response === null ? describeRequest(request) : describeResponse(response);
}

export function describeRequest(request: RequestMessage): string {
  const head = `${request.from}->${request.to} ${request.type} term=${request.term}`;
  if (request.type === 'installSnapshot') {
    const { last, chunk, chunkCount } = request;
    return `${head} last=${last.index}@${last.term} chunk=${chunk}/${chunkCount}`;
  }
  if (request.type === 'heartbeat') {
    const { commit, readRound } = request;
    return `${head} commit=${commit.index}@${commit.term}${readRound > 0 ? ` round=${readRound}` : ''}`;
  }
  if (request.type !== 'appendEntries') return `${head} last=${request.lastLogIndex}@${request.lastLogTerm}`;
  const { prevLogIndex, prevLogTerm, entries, leaderCommit, readRound } = request;
  const carried = entries.length > 4 ? `${entries.length} entries` : entries.map(describeEntry).join(' ');
  const round = readRound > 0 ? ` round=${readRound}` : '';
  return `${head} prev=${prevLogIndex}@${prevLogTerm} [${carried}] commit=${leaderCommit}${round}`;
}

function describeResponse(response: ResponseMessage): string {
  const head = `${response.from}->${response.to} ${response.type} term=${response.term}`;
  if (response.type === 'installSnapshotResponse')
    return `${head} match=${response.matchIndex} next=${response.nextChunk} commit=${response.commitIndex}`;
  if (response.type === 'refusal') return `${head} ${response.reason}`;
  if (response.type === 'heartbeatResponse') return `${head} commit=${response.commitIndex}`;
  if (response.type !== 'appendEntriesResponse') return `${head} ${response.granted ? 'granted' : 'refused'}`;
  const { success, matchIndex, commitIndex, conflict } = response;
  if (success) return `${head} match=${matchIndex} commit=${commitIndex}`;
  return `${head} ${conflict === null ? 'outdated' : `rejected hint=${conflict.index}@${conflict.term}`}`;
}
