import type { RaftCore } from '../../src/raft/core.js';
import type { Input } from '../../src/raft/output.js';
import type { Entry, Message, NodeId } from '../../src/raft/types.js';
import { newCore } from './coreHarness.js';
import { overTheWire } from './overTheWire.js';
import type { Prng } from '../../src/sim/prng.js';
import type { SimDisk } from '../../src/sim/simDisk.js';
import { SafetyViolation, Safety, type WatchedServer } from '../../src/sim/safety.js';
import { nothingStored, type StoredState } from '../../src/storage/storage.js';
import { ManualStorage } from './manualStorage.js';

/** A core and its disk, which outlives it. */
class Site implements WatchedServer {
  readonly storage = new ManualStorage();
  readonly isDown = false;
  readonly isLost = false;
  /** Rises with every restart, so that what an earlier core awaited is forgotten. */
  life = 0;

  constructor(
    readonly id: NodeId,
    public core: RaftCore,
  ) {}

  get log(): readonly Entry[] {
    return this.storage.disk.log;
  }

  get durableLog(): readonly Entry[] {
    return this.storage.disk.durableLog;
  }

  get durableTerm(): number {
    return this.storage.disk.durableHardState.term;
  }

  get durableVote(): NodeId | null {
    return this.storage.disk.durableHardState.votedFor;
  }
}

const MESSAGES_KEPT = 300;

/**
 * Cores without a driver, on a network that may deliver any message ever sent, at any time, any number of
 * times: answers out of order, answers to requests long given up, everything. Raft must stay safe even so.
 */
export class LooseCores {
  readonly safety: Safety;
  private readonly sites: readonly Site[];
  private messages: Message[] = [];
  private requests = 0;

  constructor(
    size: number,
    private readonly prng: Prng,
  ) {
    this.sites = Array.from({ length: size }, (_, id) => new Site(id, this.coreOf(id, size, nothingStored)));
    this.safety = new Safety(this.sites);
    for (const { id, storage } of this.sites)
      storage.disk.onHandedOver = (batch) => this.safety.handedOver(id, batch);
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
    else if (chance < 0.92) site.storage.disk.complete();
    else if (chance < 0.95) this.step(site, { type: 'unreachable', peer: prng.pick(this.sites).id });
    else if (chance < 0.96) this.step(site, { type: 'campaign' });
    else if (chance < 0.963) this.restart(site);
    else if (chance < 0.98) toggle(site.storage.disk);
    else for (let tick = 0; tick < 30; tick += 1) this.step(site, { type: 'tick' });
  }

  /** Time passes, and everything that is sent arrives once and in order. */
  calm(ticks: number): void {
    for (const { storage } of this.sites) storage.disk.free();
    this.messages = [];
    for (let tick = 0; tick < ticks; tick += 1) {
      for (const site of this.sites) this.step(site, { type: 'tick' });
      for (let delivered = 0; this.messages.length > 0; delivered += 1) {
        if (delivered >= 20_000) throw new Error('the servers never stop talking');
        this.deliverAt(0, true);
      }
    }
  }

  get leaders(): readonly NodeId[] {
    return this.sites.filter(({ core }) => core.status.role === 'leader').map(({ id }) => id);
  }

  get logs(): readonly (readonly Entry[])[] {
    return this.sites.map(({ log }) => log);
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
    const wasLeader = site.core.status.role === 'leader';
    const output = site.core.step(input);
    const { role, term } = site.core.status;
    if (role === 'leader' && !wasLeader) this.safety.becameLeader(id, term);
    for (const entry of output.committed) {
      const isDurable = site.durableLog[entry.index - 1]?.term === entry.term;
      if (!isDurable)
        throw new SafetyViolation('applied entries are durable', `server ${id} applies ${entry.index}`);
      this.safety.appliedEntry(id, entry, term);
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
  }

  /** A driver keeps such messages for the newest write; here they are simply lost while one is under way. */
  private sendWhenWritten(site: Site, messages: readonly Message[]): void {
    if (site.storage.disk.writesUnderWay === 0) this.send(messages);
  }

  private send(messages: readonly Message[]): void {
    for (const message of messages) this.safety.sent(message);
    this.messages.push(...messages.map(overTheWire));
    if (this.messages.length > MESSAGES_KEPT) this.messages.splice(0, this.messages.length - MESSAGES_KEPT);
  }

  /** The process ends, what is not durable is lost, and a new one begins. */
  private restart(site: Site): void {
    site.life += 1;
    site.storage.disk.loseProcess();
    this.safety.startedAnew(site.id);
    site.core = this.coreOf(site.id, this.sites.length, site.storage.durable);
  }

  private coreOf(id: NodeId, size: number, { hardState, entries }: StoredState): RaftCore {
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

function toggle(disk: SimDisk): void {
  if (disk.isHeld) disk.free();
  else disk.hold();
}
