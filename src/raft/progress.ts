import type { Identity, Snapshot } from './types.js';

type Lives = Identity['met'];

/** A snapshot on its way to a follower, and the chunk that it wants next; all are there when there is no such chunk. */
export interface SnapshotTransfer {
  readonly snapshot: Snapshot;
  readonly nextChunk: number;
}

/**
 * What a leader knows of one follower (figure 2, "Volatile state on leaders"), and the append that is on
 * its way there. At most one is in flight, so batches grow by themselves while it is; heartbeats leave beside it.
 */
export class Progress {
  /** Highest index known to be replicated there. */
  matchIndex = 0;
  /** Highest commit index the follower has reported. */
  commitIndex = 0;
  /** Highest commit index it has been sent. */
  sentCommit = 0;
  /** Where the append in flight ends; a follower that accepts it has that much. */
  sentIndex = 0;
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
  /** The snapshot that it gets before anything else. */
  transfer: SnapshotTransfer | null = null;

  private next: number;
  /** Until an append has matched, appends only look for the point where the logs agree. */
  private probing = true;
  private sequence = 0;
  private inFlight: { readonly sequence: number; ticks: number } | null = null;
  private hasAnswered = false;
  /** After a failure the follower is left alone until the next heartbeat. */
  private paused = false;

  constructor(nextIndex: number) {
    this.next = nextIndex;
  }

  get nextIndex(): number {
    return this.next;
  }

  get isProbing(): boolean {
    return this.probing;
  }

  /** Whether an append may leave now. */
  get isReady(): boolean {
    return this.inFlight === null && !this.paused;
  }

  /** Whether it is left alone until the next heartbeat. */
  get isPaused(): boolean {
    return this.paused;
  }

  /** Ticks since its last answer; undefined when it never answered this leader. */
  get contactTicks(): number | undefined {
    return this.hasAnswered ? this.silentTicks : undefined;
  }

  /** Notes that an append leaves, whose last entry is `lastIndex`; returns its sequence number. */
  sent(lastIndex: number, commitIndex: number, readRound: number): number {
    this.sentIndex = lastIndex;
    this.sentCommit = commitIndex;
    return this.takeOff(readRound);
  }

  /** Whether the append that leaves next has to tell it of these lives, since it does not know of them yet. */
  tells(lives: Lives): boolean {
    if (this.toldLives === lives) return false;
    this.tellingLives = lives;
    return true;
  }

  /** Notes that a chunk of the snapshot leaves; returns its sequence number. */
  sentChunk(readRound: number): number {
    return this.takeOff(readRound);
  }

  /** Notes that a heartbeat leaves beside what is in flight; returns its sequence number. */
  sentHeartbeat(): number {
    this.sequence += 1;
    return this.sequence;
  }

  /** Notes an answer; true when it belongs to the append in flight. */
  answered(sequence: number): boolean {
    this.silentTicks = 0;
    this.hasAnswered = true;
    if (sequence !== this.inFlight?.sequence) return false;
    this.inFlight = null;
    this.toldLives = this.tellingLives ?? this.toldLives;
    this.paused = false;
    return true;
  }

  /** The append in flight did not arrive, or its answer did not. Until one does, appends stay small. */
  unreachable(): void {
    this.inFlight = null;
    this.tellingLives = null;
    this.paused = true;
    this.probing = true;
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
    this.paused = false;
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
    this.probing = false;
    if (this.transfer !== null && this.matchIndex >= this.transfer.snapshot.last.index) this.transfer = null;
  }

  /**
   * The chunk in flight was answered: the follower wants `chunk` next. It is left alone until the next heartbeat while it
   * installs, and when it asks for anything but the chunk that follows.
   */
  wantsChunk(chunk: number): void {
    if (this.transfer === null) return;
    const { snapshot, nextChunk } = this.transfer;
    const count = snapshot.chunks.length;
    this.paused = chunk !== nextChunk + 1 || chunk >= count;
    // Who begins anew gets the newest snapshot: holding on to an old one would hold on to the log behind it.
    this.transfer = chunk === 0 ? null : { snapshot, nextChunk: Math.min(chunk, count) };
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
    this.probing = true;
  }

  /** Another directory answers for this server: nothing of what the one before acknowledged is known to be there. */
  startOver(directory: string): void {
    this.directory = directory;
    this.toldLives = null;
    this.matchIndex = 0;
    this.commitIndex = 0;
    this.ackedRound = 0;
    this.transfer = null;
    this.unreachable();
  }

  private takeOff(readRound: number): number {
    this.sequence += 1;
    this.sentRound = readRound;
    this.inFlight = { sequence: this.sequence, ticks: 0 };
    return this.sequence;
  }
}
