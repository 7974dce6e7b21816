import type { CommitHistory } from './commitHistory.js';
import { latencyBetween, ratesBetween, type TimedReadings } from './rates.js';
import type { Election, Lag, Latency, ServerRates, ServerSample, ServerView } from './sample.js';

/** A busy machine misses a question now and then. */
const SILENCES_MAX = 2;
/** A leader hears from its followers more often. */
const LOST_MS = 1_500;
/** Rates are taken over at least so long. */
const RATE_MS = 900;

/** All that the collector knows of one server. */
export class KnownServer {
  /** When it was last asked, or looked at, with whatever outcome; null: never. */
  triedAt: number | null = null;
  rates: ServerRates | null = null;
  latency: Latency | null = null;
  elections: readonly Election[] = [];
  private sample: ServerView['sample'] = null;
  private sampledAt = 0;
  private failure: string | null = null;
  private lag: Lag | null = null;
  /** Questions in a row that got no answer. */
  private silences = 0;
  private base: TimedReadings | null = null;

  constructor(
    readonly id: number,
    private readonly commits: CommitHistory,
  ) {}

  /** Whether it leads, as far as it has told. */
  get isLeading(): boolean {
    const { sample, failure } = this;
    return (
      failure === null && sample?.lifecycle === 'running' && sample.role === 'leader' && sample.hasQuorum
    );
  }

  /** Whether it leads, and has not heard from this other one lately. */
  hasLost(other: number): boolean {
    const peer = this.isLeading ? this.sample?.peers.find(({ id }) => id === other) : undefined;
    return peer !== undefined && (peer.contactMs === null || peer.contactMs >= LOST_MS);
  }

  get isGone(): boolean {
    return this.failure !== null;
  }

  get waitingCalls(): number | null {
    return this.failure === null ? (this.sample?.waiting.calls ?? null) : null;
  }

  get eventLoopMs(): number | null {
    return this.failure === null ? (this.sample?.eventLoopMs ?? null) : null;
  }

  /** @param nowMs by a clock that only goes forward */
  answered({ readings, elections, ...sample }: ServerSample, nowMs: number): void {
    this.elections = elections;
    this.triedAt = nowMs;
    this.sampledAt = nowMs;
    this.sample = sample;
    this.failure = null;
    this.silences = 0;
    this.commits.note(nowMs, sample.commitIndex);
    this.lag = this.commits.lagOf(sample.lastApplied, nowMs);
    if (this.base !== null && sample.atMs - this.base.atMs < RATE_MS) return;
    const { atMs, uptimeSeconds } = sample;
    const taken = { atMs, uptimeSeconds, readings };
    this.rates = ratesBetween(this.base, taken);
    this.latency = latencyBetween(this.base, taken);
    this.base = taken;
  }

  /** @param isSilent it may only be slow: it is taken for gone when it is silent again, and asked before that */
  failed(reason: string, isSilent: boolean, nowMs: number): void {
    this.triedAt = nowMs;
    this.silences += 1;
    if (isSilent && this.silences < SILENCES_MAX) return;
    this.failure = reason;
    this.rates = null;
    this.latency = null;
    this.base = null;
  }

  forget(): void {
    this.triedAt = null;
    this.sample = null;
    this.elections = [];
    this.failure = null;
    this.silences = 0;
    this.lag = null;
    this.rates = null;
    this.latency = null;
    this.base = null;
  }

  view(address: string, leader: KnownServer | undefined, nowMs: number): ServerView {
    const { id, sample, failure, rates, lag } = this;
    const contact = leader?.sample?.peers.find((peer) => peer.id === id)?.contactMs ?? null;
    return {
      id,
      address,
      sample,
      ageMs: sample === null ? null : Math.round(nowMs - this.sampledAt),
      failure,
      rates,
      lag,
      contactMs: leader === this ? null : contact,
    };
  }
}
