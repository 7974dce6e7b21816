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
  Life,
  Message,
  RefusalReason,
  RequestMessage,
  ResponseMessage,
  Sender,
  Standing,
} from '../raft/types.js';
import { carriedByXml, escapeText, PrebuiltXml } from '../xmlrpc/index.js';

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
    case 'refusal':
      return { type: 'refusal', ...address(fields), reason: reasonOf(fields['reason']) };
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

const reasons: readonly RefusalReason[] = ['roster', 'cluster', 'history'];

function reasonOf(value: unknown): RefusalReason {
  const known = reasons.find((each) => each === value);
  if (known === undefined) throw new MessageError('reason is unknown');
  return known;
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

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (!isCount(value)) {
    throw new MessageError(`${name} is not a whole number from 0 to 2^53 - 1`);
  }
  return value;
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw new MessageError(`${name} is not a boolean`);
  return value;
}

interface Address {
  readonly from: number;
  readonly to: number;
  readonly term: number;
  readonly sender?: Sender;
  readonly acknowledged?: number;
  readonly met?: Life;
  readonly isFounder?: true;
}

function address(fields: Fields): Address {
  const sender = fields['sender'] === undefined ? {} : { sender: senderOf(fields['sender']) };
  const acknowledged =
    fields['acknowledged'] === undefined ? {} : { acknowledged: count(fields, 'acknowledged') };
  const [from, to, term] = [count(fields, 'from'), count(fields, 'to'), count(fields, 'term')];
  const met = fields['met'] === undefined ? {} : { met: lifeOf(fieldsOf(fields['met'], 'met')) };
  const founder = fields['isFounder'] === true ? { isFounder: true as const } : {};
  return { from, to, term, ...sender, ...acknowledged, ...met, ...founder };
}

const standings: readonly Standing[] = ['founder', 'learner', 'voter'];

function senderOf(value: unknown): Sender {
  const fields = fieldsOf(value, 'sender');
  const { roster, cluster, standing } = fields;
  const known = standings.find((each) => each === standing);
  if (known === undefined) throw new MessageError('standing of sender is unknown');
  if (cluster !== null && !isId(cluster)) throw new MessageError('cluster of sender is not an id');
  if (!isId(roster)) throw new MessageError('sender has no roster');
  return { roster, cluster, standing: known, ...lifeOf(fields) };
}

function lifeOf(fields: Fields): Life {
  const { directory, run } = fields;
  if (!isId(directory) || !isId(run)) throw new MessageError('a life names no directory or run');
  return { directory, starts: count(fields, 'starts'), run };
}

/** Ids are short, so that no message makes a server keep much of them. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= ID_LENGTH_MAX;
}

const ID_LENGTH_MAX = 64;

function appendEntries(fields: Fields): AppendEntries {
  const addressed = address(fields);
  const { term } = addressed;
  const prevLogIndex = count(fields, 'prevLogIndex');
  const prevLogTerm = count(fields, 'prevLogTerm');
  if (prevLogTerm > term) throw new MessageError('prevLogTerm is above the term');
  return {
    type: 'appendEntries',
    ...addressed,
    prevLogIndex,
    prevLogTerm,
    entries: entriesAfter(fields['entries'], prevLogIndex, prevLogTerm, term),
    leaderCommit: count(fields, 'leaderCommit'),
    hasQuorum: flag(fields, 'hasQuorum'),
    ...acknowledgements(fields),
    ...lives(fields),
    sequence: count(fields, 'sequence'),
    readRound: count(fields, 'readRound'),
  };
}

function acknowledgements(fields: Fields): { readonly acknowledgements?: readonly number[] } {
  const value = fields['acknowledgements'];
  if (value === undefined) return {};
  if (!Array.isArray(value) || value.length > SERVERS_MAX || !value.every(isCount))
    throw new MessageError('acknowledgements are not a short list of whole numbers');
  return { acknowledgements: value };
}

function lives(fields: Fields): { readonly lives?: Readonly<Record<number, Life>> } {
  if (fields['lives'] === undefined) return {};
  const named = Object.entries(fieldsOf(fields['lives'], 'lives'));
  if (named.length > SERVERS_MAX || !named.every(([server]) => /^\d{1,4}$/.test(server)))
    throw new MessageError('lives are not those of a few servers');
  return {
    lives: Object.fromEntries(named.map(([server, life]) => [server, lifeOf(fieldsOf(life, 'life'))])),
  };
}

const SERVERS_MAX = 1000;

function isEntryKind(value: unknown): value is Entry['kind'] {
  return value === 'noop' || value === 'cluster' || value === 'admit' || value === 'command';
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
    if (!isEntryKind(kind)) throw new MessageError('kind of entry is unknown');
    if (typeof command !== 'string') throw new MessageError('command is not a string');
    lastTerm = entry.term;
    return { ...entry, kind, command };
  });
}

function installSnapshot(fields: Fields): InstallSnapshot {
  const addressed = address(fields);
  const { term } = addressed;
  const chunk = count(fields, 'chunk');
  const chunkCount = count(fields, 'chunkCount');
  const { data } = fields;
  const last = entryId(fields, 'last');
  if (last.index === 0 || last.term > term) throw new MessageError('last names no entry of the sender');
  if (chunkCount === 0 || chunk > chunkCount) throw new MessageError('chunk is beyond the last one');
  if (typeof data !== 'string') throw new MessageError('data is not a string');
  return {
    type: 'installSnapshot',
    ...addressed,
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
  const addressed = address(fields);
  const { term } = addressed;
  const commit = entryId(fields, 'commit');
  if (commit.term > term) throw new MessageError('commit names no entry of the sender');
  return {
    type: 'heartbeat',
    ...addressed,
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

/** From this length on an entry's bytes are made once, too; in UTF-16 code units. */
const LONG = 64 * 1024;
/** The texts of so many entries are kept for the other peers, and for so long. */
const KEPT_CHARS_MAX = 4 * 1024 * 1024;
const KEPT_MS = 2_000;

/** The entries that were sent last, as they stand in a message. */
const kept = new Map<Entry, string | Buffer>();
let keptChars = 0;
let forgetting: NodeJS.Timeout | undefined;

/**
 * A message as the parameter of a call. An entry is encoded once for all peers: to quote and to escape it takes most of the
 * time that a leader spends on a message.
 */
export function messageXml(message: Message): string | PrebuiltXml {
  if (message.type !== 'appendEntries' || message.entries.length === 0) return encodeMessage(message);
  const { entries, ...rest } = message;
  const pieces: (string | Uint8Array)[] = [];
  let text = `<value><string>${escapeText(carriedByXml(JSON.stringify(rest).slice(0, -1)))},"entries":[`;
  let length = 0;
  entries.forEach((entry, position) => {
    if (position > 0) text += ',';
    const encoded = encodedOf(entry);
    if (typeof encoded === 'string') text += encoded;
    else {
      pieces.push(text, encoded);
      length += text.length + encoded.length;
      text = '';
    }
  });
  text += ']}</string></value>';
  pieces.push(text);
  return new PrebuiltXml(() => pieces, length + text.length);
}

function encodedOf(entry: Entry): string | Buffer {
  let encoded = kept.get(entry);
  if (encoded !== undefined) return encoded;
  const text = escapeText(carriedByXml(JSON.stringify(entry)));
  encoded = text.length < LONG ? text : Buffer.from(text);
  if (keptChars > KEPT_CHARS_MAX) forget();
  kept.set(entry, encoded);
  keptChars += text.length;
  forgetting ??= setTimeout(forget, KEPT_MS).unref();
  return encoded;
}

function forget(): void {
  kept.clear();
  keptChars = 0;
  clearTimeout(forgetting);
  forgetting = undefined;
}
