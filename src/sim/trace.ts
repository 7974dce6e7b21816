import type { Message } from '../raft/types.js';

/** One thing that happened, in fixed columns: time in ms, server, kind, detail. */
function traceLine(atMs: number, server: number | null, kind: string, detail: string): string {
  const time = atMs.toFixed(3).padStart(12);
  const who = (server === null ? '-' : `s${server}`).padEnd(4);
  return `${time}  ${who}${kind.padEnd(12)}${detail}`;
}

interface Noted {
  readonly atMs: number;
  readonly server: number | null;
  readonly kind: string;
  readonly detail: () => string;
}

/** The events of a run: a hash over all of them, so that two runs can be compared, and the last events for a
 * report. Texts are made only when somebody reads them.
 */
export class Trace {
  private readonly ring: Noted[] = [];
  private next = 0;
  private mixed = 0x811c9dc5;
  private count = 0;

  /**
   * @param keep how many of the last events can be shown
   * @param onLine told of every event as a line; makes the run slower
   */
  constructor(
    private readonly now: () => number,
    private readonly keep: number,
    private readonly onLine?: (line: string) => void,
  ) {}

  get events(): number {
    return this.count;
  }

  /** A hash of all events so far, eight hexadecimal digits. */
  get hash(): string {
    return (this.mixed >>> 0).toString(16).padStart(8, '0');
  }

  /** Notes an event; `numbers` tell it apart from others of its kind and go into the hash. */
  note(kind: string, server: number | null, numbers: readonly number[], detail: () => string): void {
    const atMs = this.now();
    this.count += 1;
    this.mix(Math.round(atMs * 1000));
    this.mix(server ?? -1);
    for (let position = 0; position < kind.length; position += 1) this.mix(kind.charCodeAt(position));
    for (const number of numbers) this.mix(number);
    this.ring[this.next] = { atMs, server, kind, detail };
    this.next = (this.next + 1) % this.keep;
    this.onLine?.(traceLine(atMs, server, kind, detail()));
  }

  /** The last events, oldest first. */
  lastLines(): string[] {
    const noted = [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
    return noted.map(({ atMs, server, kind, detail }) => traceLine(atMs, server, kind, detail()));
  }

  private mix(value: number): void {
    const low = value >>> 0;
    const high = Math.floor(value / 2 ** 32) >>> 0;
    this.mixed = Math.imul(this.mixed ^ low, 0x01000193);
    this.mixed = Math.imul(this.mixed ^ high ^ (this.mixed >>> 15), 0x01000193);
  }
}

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
