import type { Entry, Message } from '../raft/types.js';
import { bytesOnTheWire } from '../xmlrpc/text.js';

/** Head of the HTTP request, the XML around the message, and the fields that every message has. */
const FRAME_BYTES = 600;
/** The fields of an entry beside its command. */
const ENTRY_BYTES = 60;

/** Entries are shared by all messages that carry them, and never change. */
const sizes = new WeakMap<Entry, number>();

/** Bytes that a message takes on the wire: exact for what it carries, a round figure for what is around it. */
export function messageBytes(message: Message): number {
  switch (message.type) {
    case 'appendEntries':
      return message.entries.reduce((sum, entry) => sum + entryBytes(entry), FRAME_BYTES);
    case 'installSnapshot':
      return FRAME_BYTES + bytesOnTheWire(message.data);
    case 'heartbeat':
    case 'heartbeatResponse':
    case 'appendEntriesResponse':
    case 'installSnapshotResponse':
    case 'refusal':
    case 'preVote':
    case 'preVoteResponse':
    case 'requestVote':
    case 'requestVoteResponse':
      return FRAME_BYTES;
  }
}

/** Bytes that a call of one server on another takes when it carries a command. */
export function callBytes(command: string): number {
  return FRAME_BYTES + bytesOnTheWire(command);
}

function entryBytes(entry: Entry): number {
  const known = sizes.get(entry);
  if (known !== undefined) return known;
  const bytes = ENTRY_BYTES + bytesOnTheWire(entry.command);
  sizes.set(entry, bytes);
  return bytes;
}
