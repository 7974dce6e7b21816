import type { RequestMessage, ResponseMessage, Entry, Message } from '../raft/types.js';
import { bytesOnTheWire } from '../xmlrpc/text.js';
import { LinkSpeed, type SendOutcome } from '../transport/transport.js';
import type { SimHost } from './simHost.js';

/** How long after its failure was reported an answer is still handed over, as by the transport that ships. */
const LATE_MS = 10_000;

/**
 * One request from its sender's side: ends exactly once, in an answer, a failure, or by being given up; an answer may
 * come late.
 */
export class Exchange {
  private state: 'open' | 'late' | 'ended' = 'open';
  private cancelTimeout: () => void = () => undefined;
  private breakOff: () => void = () => undefined;

  constructor(
    private readonly host: SimHost,
    private readonly done: (outcome: SendOutcome) => void,
    private readonly late: (response: ResponseMessage) => void,
    private readonly limits: { readonly timeoutMs: number; readonly mayBeLate: boolean },
  ) {}

  start(carry: (answer: (outcome: SendOutcome) => void) => () => void): () => void {
    this.cancelTimeout = this.host.after(this.limits.timeoutMs, () => this.giveUpWaiting());
    this.breakOff = carry((outcome) => this.host.perform(() => this.end(outcome)));
    return () => {
      this.state = 'ended';
      this.cancelTimeout();
      this.breakOff();
    };
  }

  private giveUpWaiting(): void {
    if (this.limits.mayBeLate) {
      this.state = 'late';
      this.cancelTimeout = this.host.after(LATE_MS, () => (this.state = 'ended'));
    } else {
      this.state = 'ended';
      this.breakOff();
    }
    this.done({ failure: 'no answer in time' });
  }

  private end(outcome: SendOutcome): void {
    const { state } = this;
    if (state === 'ended') return;
    this.state = 'ended';
    this.cancelTimeout();
    if (state === 'open') this.done(outcome);
    else if ('response' in outcome) this.late(outcome.response);
  }
}

/** As in the transport that ships: what is still being uploaded is broken off, and no heartbeat is waited for. */
export function mayBeLate({ type }: RequestMessage, bytes: number): boolean {
  return type !== 'heartbeat' && type !== 'preVote' && !LinkSpeed.isLarge(bytes);
}

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
