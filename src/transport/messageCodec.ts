import { carriedByXml } from '../xmlrpc/index.js';
import type {
  AppendEntries,
  AppendEntriesResponse,
  ConflictHint,
  Entry,
  EntryId,
  Heartbeat,
  HeartbeatResponse,
  InstallSnapshot,
  InstallSnapshotResponse,
  Message,
  RequestMessage,
  ResponseMessage,
} from '../raft/types.js';

/** A text that is not a message of ours; the message says what is wrong with it. */
export class MessageError extends Error {
  override readonly name = 'MessageError';
}

/** A message as one line of JSON that XML can carry. */
export function encodeMessage(message: Message): string {
  return carriedByXml(JSON.stringify(message));
}

/** @throws MessageError for anything that a server of ours would not send as a request */
export function decodeRequest(text: string): RequestMessage {
  const fields = parseFields(text);
  switch (fields['type']) {
    case 'preVote':
    case 'requestVote':
      return {
        type: fields['type'],
        ...address(fields),
        lastLogIndex: count(fields, 'lastLogIndex'),
        lastLogTerm: count(fields, 'lastLogTerm'),
      };
    case 'appendEntries':
      return appendEntries(fields);
    case 'heartbeat':
      return heartbeat(fields);
    case 'installSnapshot':
      return installSnapshot(fields);
    default:
      throw new MessageError('type is not that of a request');
  }
}

/** @throws MessageError for anything that a server of ours would not send as a response */
export function decodeResponse(text: string): ResponseMessage {
  const fields = parseFields(text);
  switch (fields['type']) {
    case 'preVoteResponse':
    case 'requestVoteResponse':
      return { type: fields['type'], ...address(fields), granted: flag(fields, 'granted') };
    case 'appendEntriesResponse':
      return appendEntriesResponse(fields);
    case 'heartbeatResponse':
      return heartbeatResponse(fields);
    case 'installSnapshotResponse':
      return installSnapshotResponse(fields);
    default:
      throw new MessageError('type is not that of a response');
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parseFields(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new MessageError('not JSON');
  }
  return fieldsOf(value, 'message');
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new MessageError(`${what} is not an object`);
  return value as Fields;
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new MessageError(`${name} is not a whole number from 0 to 2^53 - 1`);
  }
  return value;
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw new MessageError(`${name} is not a boolean`);
  return value;
}

function address(fields: Fields): { from: number; to: number; term: number } {
  return { from: count(fields, 'from'), to: count(fields, 'to'), term: count(fields, 'term') };
}

function appendEntries(fields: Fields): AppendEntries {
  const { from, to, term } = address(fields);
  const prevLogIndex = count(fields, 'prevLogIndex');
  const prevLogTerm = count(fields, 'prevLogTerm');
  if (prevLogTerm > term) throw new MessageError('prevLogTerm is above the term');
  return {
    type: 'appendEntries',
    from,
    to,
    term,
    prevLogIndex,
    prevLogTerm,
    entries: entriesAfter(fields['entries'], prevLogIndex, prevLogTerm, term),
    leaderCommit: count(fields, 'leaderCommit'),
    hasQuorum: flag(fields, 'hasQuorum'),
    sequence: count(fields, 'sequence'),
    readRound: count(fields, 'readRound'),
  };
}

/** Entries must continue the log: indexes without a gap, terms that never fall and never pass the sender's. */
function entriesAfter(value: unknown, prevIndex: number, prevTerm: number, termMax: number): Entry[] {
  if (!Array.isArray(value)) throw new MessageError('entries is not an array');
  let lastTerm = prevTerm;
  return value.map((item: unknown, offset) => {
    const fields = fieldsOf(item, 'entry');
    const { kind, command } = fields;
    const entry = { term: count(fields, 'term'), index: count(fields, 'index') };
    if (entry.index !== prevIndex + 1 + offset) throw new MessageError('entries leave a gap in the log');
    if (entry.term < lastTerm || entry.term > termMax)
      throw new MessageError('the terms of the entries are out of order');
    if (kind !== 'noop' && kind !== 'command') throw new MessageError('kind of entry is unknown');
    if (typeof command !== 'string') throw new MessageError('command is not a string');
    lastTerm = entry.term;
    return { ...entry, kind, command };
  });
}

function installSnapshot(fields: Fields): InstallSnapshot {
  const { from, to, term } = address(fields);
  const chunk = count(fields, 'chunk');
  const chunkCount = count(fields, 'chunkCount');
  const { data } = fields;
  const last = entryId(fields, 'last');
  if (last.index === 0 || last.term > term) throw new MessageError('last names no entry of the sender');
  if (chunkCount === 0 || chunk > chunkCount) throw new MessageError('chunk is beyond the last one');
  if (typeof data !== 'string') throw new MessageError('data is not a string');
  return {
    type: 'installSnapshot',
    from,
    to,
    term,
    last,
    chunk,
    chunkCount,
    data,
    hasQuorum: flag(fields, 'hasQuorum'),
    sequence: count(fields, 'sequence'),
    readRound: count(fields, 'readRound'),
  };
}

function heartbeat(fields: Fields): Heartbeat {
  const { from, to, term } = address(fields);
  const commit = entryId(fields, 'commit');
  if (commit.term > term) throw new MessageError('commit names no entry of the sender');
  return {
    type: 'heartbeat',
    from,
    to,
    term,
    commit,
    hasQuorum: flag(fields, 'hasQuorum'),
    sequence: count(fields, 'sequence'),
    readRound: count(fields, 'readRound'),
  };
}

function heartbeatResponse(fields: Fields): HeartbeatResponse {
  return {
    type: 'heartbeatResponse',
    ...address(fields),
    commitIndex: count(fields, 'commitIndex'),
    sequence: count(fields, 'sequence'),
    readRound: count(fields, 'readRound'),
  };
}

function installSnapshotResponse(fields: Fields): InstallSnapshotResponse {
  return {
    type: 'installSnapshotResponse',
    ...address(fields),
    matchIndex: count(fields, 'matchIndex'),
    nextChunk: count(fields, 'nextChunk'),
    commitIndex: count(fields, 'commitIndex'),
    sequence: count(fields, 'sequence'),
    readRound: count(fields, 'readRound'),
  };
}

function appendEntriesResponse(fields: Fields): AppendEntriesResponse {
  return {
    type: 'appendEntriesResponse',
    ...address(fields),
    success: flag(fields, 'success'),
    matchIndex: count(fields, 'matchIndex'),
    commitIndex: count(fields, 'commitIndex'),
    sequence: count(fields, 'sequence'),
    readRound: count(fields, 'readRound'),
    conflict: conflictHint(fields['conflict']),
  };
}

function conflictHint(value: unknown): ConflictHint | null {
  return value === null ? null : termAndIndex(value, 'conflict');
}

function entryId(fields: Fields, name: string): EntryId {
  return termAndIndex(fields[name], name);
}

function termAndIndex(value: unknown, what: string): { term: number; index: number } {
  const fields = fieldsOf(value, what);
  return { term: count(fields, 'term'), index: count(fields, 'index') };
}
