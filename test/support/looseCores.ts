import type { RaftCore } from '../../src/raft/core.js';
import type { Input } from '../../src/raft/output.js';
import type { Entry, Message, NodeId } from '../../src/raft/types.js';
import { newCore } from './coreHarness.js';
import { overTheWire } from './overTheWire.js';
import type { Prng } from '../../src/sim/prng.js';
import { Safety, SafetyViolation } from './safety.js';
import { VirtualStorage } from './virtualStorage.js';

interface Site {
  readonly id: NodeId;
  readonly storage: VirtualStorage;
  core: RaftCore;
  applied: Entry[];
  /** Rises with every restart, so that what an earlier core awaited is forgotten. */
  life: number;
}

const MESSAGES_KEPT = 300;

/**
 * Cores without a driver, on a network that may deliver any message ever sent, at any time, any number of
 * times: answers out of order, answers to requests long given up, everything. Raft must stay safe even so.
 */
export class LooseCores {
  readonly safety = new Safety();
  private readonly sites: Site[] = [];
  private messages: Message[] = [];
  private requests = 0;

  constructor(
    size: number,
    private readonly prng: Prng,
  ) {
    for (let id = 0; id < size; id += 1) {
      const storage = new VirtualStorage();
      storage.onPersist = (batch) => this.safety.checkWrite(id, batch, storage.entries);
      this.sites.push({ id, storage, core: this.coreOf(id, size, storage), applied: [], life: 0 });
    }
  }

  /** One thing happens somewhere. */
  act(): void {
    const { prng } = this;
    const site = prng.pick(this.sites);
    const chance = prng.next();
    if (chance < 0.6) this.deliver(prng.chance(0.7));
    else if (chance < 0.75) this.step(site, { type: 'tick' });
    else if (chance < 0.84)
      this.step(site, { type: 'propose', request: this.nextRequest(), command: `c${this.requests}` });
    else if (chance < 0.86) this.step(site, { type: 'read', request: this.nextRequest() });
    else if (chance < 0.92) site.storage.complete();
    else if (chance < 0.95) this.step(site, { type: 'unreachable', peer: prng.pick(this.sites).id });
    else if (chance < 0.96) this.step(site, { type: 'campaign' });
    else if (chance < 0.963) this.restart(site);
    else if (chance < 0.98) site.storage.isSlow = !site.storage.isSlow;
    else for (let tick = 0; tick < 30; tick += 1) this.step(site, { type: 'tick' });
  }

  /** Time passes, and everything that is sent arrives once and in order. */
  calm(ticks: number): void {
    for (const { storage } of this.sites) {
      storage.isSlow = false;
      storage.completeAll();
    }
    this.messages = [];
    for (let tick = 0; tick < ticks; tick += 1) {
      for (const site of this.sites) this.step(site, { type: 'tick' });
      for (let delivered = 0; this.messages.length > 0; delivered += 1) {
        this.require(delivered < 20_000, 'the servers never stop talking');
        this.deliverAt(0, true);
      }
    }
  }

  get leaders(): readonly NodeId[] {
    return this.sites.filter(({ core }) => core.status.role === 'leader').map(({ id }) => id);
  }

  get logs(): readonly (readonly Entry[])[] {
    return this.sites.map(({ storage }) => storage.entries);
  }

  get commitIndexes(): readonly number[] {
    return this.sites.map(({ core }) => core.status.commitIndex);
  }

  propose(id: NodeId): void {
    const site = this.sites[id];
    if (site !== undefined)
      this.step(site, { type: 'propose', request: this.nextRequest(), command: `c${this.requests}` });
  }

  private nextRequest(): number {
    this.requests += 1;
    return this.requests;
  }

  private deliver(once: boolean): void {
    if (this.messages.length > 0) this.deliverAt(this.prng.between(0, this.messages.length - 1), once);
  }

  private deliverAt(position: number, once: boolean): void {
    const message = this.messages[position];
    if (once) this.messages.splice(position, 1);
    const receiver = message === undefined ? undefined : this.sites[message.to];
    if (message !== undefined && receiver !== undefined) this.step(receiver, { type: 'receive', message });
  }

  private step(site: Site, input: Input): void {
    const { storage, life, id } = site;
    const output = site.core.step(input);
    if (site.core.status.role === 'leader') this.checkCommit(site);
    for (const entry of output.committed) {
      this.require(isDurable(site, entry), `server ${id} applies ${entry.index}, which is not durable there`);
      this.safety.checkApplied(id, site.core.status.term, entry, site.applied.length);
      site.applied.push(entry);
    }
    this.send(output.messages);
    if (output.batch === null) this.sendWhenWritten(site, output.messagesAfterPersist);
    else {
      const { number, last } = output.batch;
      storage.persist(output.batch, () => {
        if (site.life !== life) return;
        this.step(site, { type: 'persisted', batch: number, last });
        this.send(output.messagesAfterPersist);
      });
    }
    this.safety.checkServer(site.core.status, storage.entries);
  }

  /** Entries that a leader calls committed are durable on a majority, its own disk counted like any other. */
  private checkCommit({ core }: Site): void {
    const entry = core.entryAt(core.status.commitIndex);
    if (entry === undefined || entry.index <= this.safety.committedEntries.length) return;
    const holders = this.sites.filter((site) => isDurable(site, entry));
    this.require(
      holders.length * 2 > this.sites.length,
      `entry ${entry.index} is committed on ${holders.length} disks`,
    );
  }

  private require(holds: boolean, rule: string): void {
    if (!holds) throw new SafetyViolation(rule);
  }

  /** A driver keeps such messages for the newest write; here they are simply lost while one is under way. */
  private sendWhenWritten(site: Site, messages: readonly Message[]): void {
    if (site.storage.writesUnderWay === 0) this.send(messages);
  }

  private send(messages: readonly Message[]): void {
    this.messages.push(...messages.map(overTheWire));
    if (this.messages.length > MESSAGES_KEPT) this.messages.splice(0, this.messages.length - MESSAGES_KEPT);
  }

  /** The process ends, what is not durable is lost, and a new one begins. */
  private restart(site: Site): void {
    site.life += 1;
    site.storage.losePower();
    site.applied = [];
    this.safety.forgetUndurable(site.id, site.storage.durable.hardState);
    site.core = this.coreOf(site.id, this.sites.length, site.storage);
  }

  private coreOf(id: NodeId, size: number, storage: VirtualStorage): RaftCore {
    const { hardState, entries } = storage.durable;
    const config = { appendEntriesMax: 4, inFlightTicksMax: 30 };
    return newCore({
      id,
      size,
      ...hardState,
      entries: [...entries],
      config,
      drawElectionTicks: () => this.prng.between(60, 120),
    });
  }
}

function isDurable({ storage }: Site, { index, term }: Entry): boolean {
  return storage.durable.entries[index - 1]?.term === term;
}
