import { expect } from 'chai';
import { errorKind, type Call } from './calls.js';
import { Prng } from '../../src/sim/prng.js';
import { ManualCluster } from './manualCluster.js';
import type { ManualServer } from './manualServer.js';

const FILES = ['a', 'b', 'c', 'd'] as const;
const CHAOS_MS = 30_000;

/**
 * One random life of a cluster: crashes, kills, slow disks, cuts, delays, lost and repeated packets, and clients
 * that write and read on any server. After every packet the safety rules are checked. Then all faults end, and
 * the cluster must soon lead, agree, hold every acknowledged write and answer every call.
 */
export class Soak {
  readonly prng: Prng;
  readonly cluster: ManualCluster;
  private readonly size: number;

  constructor(seed: number) {
    this.prng = new Prng(seed);
    this.size = this.prng.pick([1, 2, 3, 3, 4, 5, 5, 6, 7, 10]);
    const { prng } = this;
    this.cluster = new ManualCluster(this.size, {
      drawElectionTicks: () => prng.between(60, 120),
      replyAfter: prng.chance(0.8) ? 'majority' : 'commit',
      rpcTimeoutMs: 500,
      raft: {
        appendEntriesMax: prng.pick([1, 3, 1024]),
        checkQuorum: prng.chance(0.2),
        voteDelayTicks: prng.pick([0, 120]),
      },
    });
    const delayMs = prng.pick([0, 0, 20, 200]);
    this.setDelay(delayMs);
    this.cluster.onTick = () => this.completeWrites(0.2);
  }

  get description(): string {
    return `${this.size} servers, ${this.cluster.calls.all.length} calls, ${this.cluster.committedEntries.length} committed`;
  }

  async run(): Promise<void> {
    while (this.cluster.nowMs < CHAOS_MS) {
      for (let action = this.prng.between(0, 3); action > 0; action -= 1) this.act();
      await this.cluster.advance(10 * this.prng.between(1, 30));
      this.checkReads();
    }
    await this.heal();
  }

  /** Something happens. */
  private act(): void {
    const { prng, cluster } = this;
    const server = prng.pick(cluster.servers);
    const other = prng.pick(cluster.servers);
    const leader = cluster.leader ?? server.id;
    const chance = prng.next();
    if (chance < 0.4) this.write(prng.chance(0.9) ? leader : server.id);
    else if (chance < 0.6) this.read(prng.chance(0.9) ? leader : server.id);
    else if (chance < 0.62) server.node.crash();
    else if (chance < 0.64) cluster.server(leader).node.crash();
    else if (chance < 0.66) this.kill(prng.pick([server, cluster.server(leader)]));
    else if (chance < 0.76) cluster.servers.forEach((down) => prng.chance(0.5) && this.bringBack(down));
    else if (chance < 0.8) cluster.network.cutLink(prng.pick([server.id, leader]), other.id);
    else if (chance < 0.82) this.split();
    else if (chance < 0.9) cluster.network.heal();
    else if (chance < 0.93) toggle(server);
    else if (chance < 0.96) cluster.network.hold(prng.pick([server.id, leader]), other.id);
    else this.release();
  }

  private write(server: number): void {
    const name = this.prng.pick(FILES);
    const stored = this.cluster.server(server).files.versionOf(name);
    this.cluster.update(server, name, stored + this.prng.pick([1, 1, 1, 1, 2]));
  }

  private read(server: number): void {
    this.cluster.read(server, this.prng.pick(FILES));
  }

  private bringBack(server: ManualServer): void {
    if (server.isProcessUp) server.node.restore();
    else server.startProcess();
  }

  private kill(server: ManualServer): void {
    if (server.isProcessUp) server.kill();
  }

  private split(): void {
    const side = this.cluster.servers.map(({ id }) => id).filter(() => this.prng.chance(0.5));
    const rest = this.cluster.servers.map(({ id }) => id).filter((id) => !side.includes(id));
    this.cluster.partition(side, rest);
  }

  private setDelay(latencyMaxMs: number): void {
    const { network } = this.cluster;
    network.setBehaviour({ ...network.present, latencyMaxMs });
  }

  private release(): void {
    const { network } = this.cluster;
    const sent = this.prng.shuffle(network.held).filter(() => !this.prng.chance(0.2));
    network.release();
    for (const { send } of [...sent, ...sent.filter(() => this.prng.chance(0.2))]) send();
  }

  private completeWrites(chance: number): void {
    for (const { disk } of this.cluster.servers)
      while (disk.writesUnderWay > 0 && this.prng.chance(chance)) disk.complete();
  }

  /** A read returns nothing older than what was acknowledged before it began. */
  private checkReads(): void {
    const { all } = this.cluster.calls;
    for (const call of all) {
      if (!call.text.startsWith('read') || typeof call.outcome !== 'number') continue;
      const name = call.text.slice(5);
      const floor = Math.max(
        0,
        ...all.filter((write) => acknowledgedBefore(write, name, call.startedMs)).map(versionOf),
      );
      expect(call.outcome, `${call.text} begun at ${call.startedMs} ms`).to.be.at.least(floor);
    }
  }

  private async heal(): Promise<void> {
    const { cluster } = this;
    cluster.network.heal();
    const { held } = cluster.network;
    cluster.network.release();
    for (const { send } of held) send();
    this.setDelay(0);
    for (const server of cluster.servers) {
      server.disk.free();
      this.bringBack(server);
    }
    await cluster.until(() => cluster.leader !== undefined, 5000, 'an election after the faults have ended');
    await cluster.advance(1500);
    await cluster.until(() => this.isLeaderSettled(), 5000, 'agreement on a leader');
    const final = cluster.update(cluster.leader ?? 0, 'final', 1);
    const read = cluster.read(cluster.leader ?? 0, 'final');
    await cluster.advance(1000);
    expect(final.outcome, 'a write after the faults have ended').to.equal(true);
    expect(read.outcome, 'a read after the faults have ended').to.be.oneOf([0, 1]);
    this.checkAgreement();
    expect(
      cluster.calls.waiting.map(({ text }) => text),
      'calls that still wait',
    ).to.deep.equal([]);
    this.checkReads();
  }

  private isLeaderSettled(): boolean {
    const { leader, servers } = this.cluster;
    return servers.every(({ status }) => leader !== undefined && status.leader === leader);
  }

  private checkAgreement(): void {
    const [first, ...others] = this.cluster.servers;
    for (const other of others) {
      expect(other.entries).to.deep.equal(first?.entries);
      expect(other.files.list()).to.deep.equal(first?.files.list());
    }
    for (const call of this.cluster.calls.all) {
      if (call.outcome !== true) continue;
      const version = first?.files.versionOf(call.text.split(' ')[1] ?? '') ?? 0;
      expect(version, `${call.text}, acknowledged`).to.be.at.least(versionOf(call));
    }
    this.checkOneWinnerPerVersion();
  }

  private checkOneWinnerPerVersion(): void {
    const won = this.cluster.calls.all.filter(({ outcome }) => outcome === true).map(({ text }) => text);
    expect(new Set(won).size, 'two updates with the same version were both acknowledged').to.equal(
      won.length,
    );
    const lost = this.cluster.calls.all.filter((call) => errorKind(call) === 'superseded');
    for (const call of lost) expect(call.outcome).to.have.property('outcome', 'notDone');
  }
}

function toggle({ disk }: ManualServer): void {
  if (disk.isHeld) disk.free();
  else disk.hold();
}

function versionOf(call: Call): number {
  return Number(call.text.split(' ')[2]);
}

function acknowledgedBefore(call: Call, name: string, ms: number): boolean {
  return call.outcome === true && call.text.split(' ')[1] === name && (call.endedMs ?? ms) < ms;
}
