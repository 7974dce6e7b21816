import type { Identity, Snapshot } from './types.js';

type Lives = Identity['met'];

/** A snapshot on its way to a follower, and the chunk that it wants next; all are there when there is no such chunk. */
interface SnapshotTransfer {
  readonly snapshot: Snapshot;
  readonly nextChunk: number;
}

/**
 * How a leader replicates to one follower. Paused after a failure, until the next heartbeat.
 * - `probe`: it looks for the place where the logs agree, with small appends.
 * - `replicate`: the logs agree up to `matchIndex`; appends are as large as they may be.
 * - `snapshot`: the follower gets a snapshot, chunk by chunk, before anything else. Paused also while it installs.
 */
type Replication = { readonly isPaused: boolean } & (
  | { readonly mode: 'probe' }
  | { readonly mode: 'replicate' }
  | { readonly mode: 'snapshot'; readonly transfer: SnapshotTransfer }
);

/** An append or a chunk of a snapshot without an answer yet. A follower that accepts the append has everything up to `lastIndex`. */
interface InFlight {
  readonly sequence: number;
  /** 0 for a chunk. */
  readonly lastIndex: number;
  ticks: number;
}

/**
 * What a leader knows of one follower (figure 2, "Volatile state on leaders"), and the append that is on
 * its way there. At most one is in flight, so batches grow by themselves while it is; heartbeats leave beside it.
 */
export class Progress {
  /** Highest index known to be replicated there; always below `nextIndex`. */
  matchIndex = 0;
  /** Highest commit index the follower has reported. */
  commitIndex = 0;
  /** Highest commit index it has been sent. */
  sentCommit = 0;
  /** Highest read round it has echoed, and been sent. */
  ackedRound = 0;
  sentRound = 0;
  /** Whether it takes part in majorities, by its own word; the id of its directory once it has told it. */
  isVoter = true;
  directory: string | null = null;
  /** A learner is proposed as a voter once it holds this much. */
  catchUpIndex = 0;
  /** Ticks since its last answer, or since this leadership began. */
  silentTicks = 0;
  /** The lives that the append in flight tells of, and those that it has been told. */
  private tellingLives: Lives | null = null;
  private toldLives: Lives | null = null;

  private replication: Replication = { mode: 'probe', isPaused: false };
  private inFlight: InFlight | null = null;
  private sequence = 0;
  private hasAnswered = false;

  /** @param next index of the entry that the next append begins with */
  constructor(private next: number) {}

  get nextIndex(): number {
    return this.next;
  }

  /** Whether the logs are not known to agree. */
  get isProbing(): boolean {
    return this.replication.mode !== 'replicate';
  }

  /** Whether an append may leave now. */
  get isReady(): boolean {
    return this.inFlight === null && !this.replication.isPaused;
  }

  /** Whether it is left alone until the next heartbeat. */
  get isPaused(): boolean {
    return this.replication.isPaused;
  }

  /** The snapshot that it gets before anything else. */
  get transfer(): SnapshotTransfer | null {
    return this.replication.mode === 'snapshot' ? this.replication.transfer : null;
  }

  /** Ticks since its last answer; undefined when it never answered this leader. */
  get contactTicks(): number | undefined {
    return this.hasAnswered ? this.silentTicks : undefined;
  }

  /** Notes that an append leaves, whose last entry is `lastIndex`; returns its sequence number. */
  sent(lastIndex: number, commitIndex: number, readRound: number): number {
    this.sentCommit = commitIndex;
    return this.takeOff(lastIndex, readRound);
  }

  /** Whether the append that leaves next has to tell it of these lives, since it does not know of them yet. */
  tells(lives: Lives): boolean {
    if (this.toldLives === lives) return false;
    this.tellingLives = lives;
    return true;
  }

  /** From now on the follower gets this snapshot. */
  beginTransfer(snapshot: Snapshot): SnapshotTransfer {
    const transfer = { snapshot, nextChunk: 0 };
    this.replication = { mode: 'snapshot', isPaused: false, transfer };
    return transfer;
  }

  /** Notes that a chunk of the snapshot leaves; returns its sequence number. */
  sentChunk(readRound: number): number {
    return this.takeOff(0, readRound);
  }

  /** Notes that a heartbeat leaves beside what is in flight; returns its sequence number. */
  sentHeartbeat(): number {
    this.sequence += 1;
    return this.sequence;
  }

  /** Notes an answer; returns what was in flight when it is the answer to that, else null. */
  answered(sequence: number): Pick<InFlight, 'lastIndex'> | null {
    this.silentTicks = 0;
    this.hasAnswered = true;
    const { inFlight } = this;
    if (sequence !== inFlight?.sequence) return null;
    this.inFlight = null;
    this.toldLives = this.tellingLives ?? this.toldLives;
    this.resume();
    return inFlight;
  }

  /** The append in flight did not arrive, or its answer did not. Until one does, appends stay small. */
  unreachable(): void {
    this.inFlight = null;
    this.tellingLives = null;
    if (this.replication.mode === 'snapshot') this.replication = { ...this.replication, isPaused: true };
    else this.replication = { mode: 'probe', isPaused: true };
    this.sentCommit = this.commitIndex;
    this.sentRound = this.ackedRound;
  }

  /** A tick passes. `inFlightTicksMax`: an append without answer after so many is taken for lost. */
  tick(inFlightTicksMax: number): void {
    this.silentTicks += 1;
    if (this.inFlight === null) return;
    this.inFlight.ticks += 1;
    if (this.inFlight.ticks >= inFlightTicksMax) this.unreachable();
  }

  /** At a heartbeat a follower that could not be reached is tried again. */
  resume(): void {
    if (this.replication.isPaused) this.replication = { ...this.replication, isPaused: false };
  }

  /** Notes the read round that an answer echoes; one that was never sent is nonsense. */
  echoed(readRound: number, newestRound: number): void {
    if (readRound <= newestRound) this.ackedRound = Math.max(this.ackedRound, readRound);
  }

  /** Notes what the follower knows to be committed. */
  knowsCommit(index: number): void {
    this.commitIndex = Math.max(this.commitIndex, index);
  }

  /** An append or a snapshot up to `index` matched. Late answers never lower what is known. */
  matched(index: number): void {
    this.matchIndex = Math.max(this.matchIndex, index);
    this.next = Math.max(this.next, this.matchIndex + 1);
    // A late answer does not end the transfer of a snapshot that reaches further.
    const { transfer, isPaused, isProbing } = this;
    if (isProbing && this.matchIndex >= (transfer?.snapshot.last.index ?? 0))
      this.replication = { mode: 'replicate', isPaused };
  }

  /**
   * The chunk in flight was answered: the follower wants `chunk` next. It is left alone until the next heartbeat while it
   * installs, and when it asks for anything but the chunk that follows.
   */
  wantsChunk(chunk: number): void {
    if (this.transfer === null) return;
    const { snapshot, nextChunk } = this.transfer;
    const count = snapshot.chunks.length;
    const isPaused = chunk !== nextChunk + 1 || chunk >= count;
    // Who begins anew gets the newest snapshot: holding on to an old one would hold on to the log behind it.
    this.replication =
      chunk === 0
        ? { mode: 'probe', isPaused }
        : { mode: 'snapshot', isPaused, transfer: { snapshot, nextChunk: Math.min(chunk, count) } };
  }

  /**
   * The append in flight failed the consistency check. At or below `matchIndex` this means that the follower
   * has lost entries it had acknowledged (a server restarted without its storage): start over from `nextIndex`.
   */
  rejected(nextIndex: number): void {
    if (nextIndex <= this.matchIndex) {
      this.matchIndex = 0;
      this.commitIndex = 0;
    }
    this.next = Math.max(nextIndex, 1);
    this.replication = { mode: 'probe', isPaused: false };
  }

  /** Another directory answers for this server: nothing of what the one before acknowledged is known to be there. */
  startOver(directory: string): void {
    this.directory = directory;
    this.toldLives = null;
    this.matchIndex = 0;
    this.commitIndex = 0;
    this.ackedRound = 0;
    this.replication = { mode: 'probe', isPaused: false };
    this.unreachable();
  }

  private takeOff(lastIndex: number, readRound: number): number {
    this.sequence += 1;
    this.sentRound = readRound;
    this.inFlight = { sequence: this.sequence, lastIndex, ticks: 0 };
    return this.sequence;
  }
}
