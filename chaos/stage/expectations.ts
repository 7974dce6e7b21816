import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../clients/client.js';
import type { ExpectationResult } from '../notes.js';
import type { RunMs, ServerId } from '../runRecord.js';
import type { Expectation } from '../scenarios/scenario.js';
import type { Leadership } from './leadership.js';

const ELECTION_MS = 5_000;
/** Time that looking at the servers itself may take. */
const SLACK_MS = 300;
const NO_LEADER_MS = 3_000;
const BLOCKED_MS = 2_000;
const ANSWER_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Looks whether what the story expects comes true. */
export class Expectations {
  readonly results: ExpectationResult[] = [];
  /** Who led when the story last spoke of the leader: a new leader is another one. */
  private lastLeader: ServerId | undefined;
  /** Updates that were sent to see them wait. */
  private readonly waiting = new Set<Promise<unknown>>();
  private readonly probes: Client[] = [];

  constructor(
    private readonly leadership: Leadership,
    /** A client that waits as long as it takes. */
    private readonly newProbe: () => Client,
    private readonly file: string,
    private readonly now: () => RunMs,
  ) {}

  leaderIs(leader: ServerId): void {
    this.lastLeader = leader;
  }

  async look(expectation: Expectation, signal: AbortSignal): Promise<void> {
    switch (expectation) {
      case 'leader':
        return this.lookForLeader('a leader', () => true, signal);
      case 'newLeader': {
        const { lastLeader } = this;
        return this.lookForLeader('a new leader', (leader) => leader !== lastLeader, signal);
      }
      case 'sameLeader': {
        const { lastLeader } = this;
        const leader = this.leadership.leaderOrLeft;
        const text = `server ${lastLeader ?? '?'} still leads`;
        this.note(leader === lastLeader, leader === lastLeader ? text : `${text} (now: ${named(leader)})`);
        return;
      }
      case 'noLeader':
        return this.lookForNobody(signal);
      case 'blocked':
        return this.lookForWaiting(signal);
      case 'answered':
        return this.lookForAnswers(signal);
    }
  }

  /** Something that the story takes for granted did not come true. */
  isDisappointed(text: string): void {
    this.note(false, text);
  }

  /** Gives up the updates that wait still. */
  close(): void {
    for (const probe of this.probes) probe.hangUp();
  }

  private async lookForLeader(
    what: string,
    willDo: (leader: ServerId) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const since = this.now();
    const leader = await this.leadership.wait(ELECTION_MS + SLACK_MS, signal, willDo);
    const afterMs = Math.round(this.now() - since);
    if (leader !== undefined) this.lastLeader = leader;
    const found = leader === undefined ? 'there is none' : `server ${leader} after ${afterMs} ms`;
    this.note(leader !== undefined, `${what} within 5 s: ${found}`);
  }

  private async lookForNobody(signal: AbortSignal): Promise<void> {
    const until = performance.now() + NO_LEADER_MS;
    while (performance.now() < until) {
      const [leader] = this.leadership.leading;
      if (leader !== undefined) {
        this.note(false, `nobody leads for 3 s: server ${leader} leads`);
        return;
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
    this.note(true, 'nobody leads for 3 s');
  }

  private async lookForWaiting(signal: AbortSignal): Promise<void> {
    const leader = this.leadership.leaderOrLeft;
    if (leader === undefined) {
      this.note(false, 'an update waits at the leader: nobody leads');
      return;
    }
    const probe = this.newProbe();
    this.probes.push(probe);
    probe.turnTo(leader);
    const answer = probe.update(this.file).finally(() => this.waiting.delete(answer));
    this.waiting.add(answer);
    await Promise.race([answer, sleep(BLOCKED_MS, undefined, { signal })]);
    const isWaiting = this.waiting.has(answer) && probe.refusals === 0;
    // Nobody waits for an update that is refused over and over: it is no answer that was held back.
    if (!isWaiting) {
      probe.hangUp();
      this.waiting.delete(answer);
    }
    const refused = probe.refusals > 0 ? `it was refused (${probe.lastRefusal})` : 'it was answered';
    const found = isWaiting ? 'no answer after 2 s' : refused;
    this.note(isWaiting, `an update waits at server ${leader}: ${found}`);
  }

  private async lookForAnswers(signal: AbortSignal): Promise<void> {
    const since = this.now();
    const until = performance.now() + ANSWER_MS + SLACK_MS;
    if (this.waiting.size === 0) {
      this.note(
        false,
        'the waiting update is answered within 5 s: none was waiting when the majority came back',
      );
      return;
    }
    while (this.waiting.size > 0 && performance.now() < until) {
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
    const left = this.waiting.size;
    const found = left === 0 ? `after ${Math.round(this.now() - since)} ms` : `${left} still wait`;
    this.note(left === 0, `the waiting update is answered within 5 s: ${found}`);
  }

  private note(isMet: boolean, text: string): void {
    this.results.push({ at: this.now(), isMet, text });
  }
}

function named(server: ServerId | undefined): string {
  return server === undefined ? 'nobody' : `server ${server}`;
}
