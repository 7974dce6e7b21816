import { majorityOf } from '../../raft/config.js';
import type { CoreStatus } from '../../raft/status.js';
import type { NodeId, RequestMessage } from '../../raft/types.js';
import type { Plan } from '../plan.js';
import { Prng } from '../prng.js';
import type { Run } from '../run.js';
import { SafetyViolation } from '../safety.js';
import type { Shape } from '../shapes.js';
import type { JsonValue, RequestId } from '../../stateMachine/command.js';
import type { ClientRoute } from '../attempts.js';
import type { RequestOutcome, Write } from '../requests.js';
import type { SimProcess, SimServer } from '../simServer.js';
import type { VirtualTime } from '../simHost.js';
import {
  Calls,
  FIRST_CALLER,
  succeeded,
  type ScenarioCall,
  type Opening,
  type Sent,
  type SentWrite,
} from './calls.js';
import { Links, Traffic } from './links.js';
import { drawNetworkOf, type NetworkKind } from './setup.js';

/** The draws that a scenario makes are none of those that the run makes. */
const STAGE_FORK = 8;
const STEP_MS = 20;
const PATIENCE_MS = 30_000;

/** How a write is sent. */
interface Sending {
  /** @default 'straight' */
  readonly way?: ClientRoute;
  /** @default true */
  readonly isHeard?: boolean;
}

/**
 * The vocabulary of scenarios: a running cluster of production nodes, faults at will, calls on single servers, and
 * expectations. Every call is part of the history that is judged in the end. Times are simulated milliseconds.
 */
export class ScenarioWorld {
  readonly random: Prng;
  readonly ids: readonly NodeId[];
  readonly majority: number;
  readonly traffic = new Traffic();
  readonly links: Links;
  private readonly calls: Calls;
  private isHealed = false;

  constructor(
    private readonly run: Run,
    private readonly time: VirtualTime,
    plan: Plan,
  ) {
    this.random = new Prng(plan.seed).fork(STAGE_FORK);
    this.ids = run.cluster.servers.map(({ id }) => id);
    this.majority = majorityOf(this.ids.length);
    this.links = new Links(run.cluster.network, this.ids);
    this.calls = new Calls(run.record, time);
    run.cluster.onSent = (message) => this.traffic.note(message);
    run.cluster.startAll();
  }

  get nowMs(): number {
    return this.time.nowMs;
  }

  /** Leaders so far, all terms together. */
  get elections(): number {
    return this.run.cluster.counts.elections;
  }

  /** The commands that are committed, without no-ops, in order. */
  get committed(): string[] {
    return this.run.cluster.safety.committedEntries
      .filter(({ kind }) => kind === 'command')
      .map(({ command }) => command);
  }

  server(id: NodeId): SimServer {
    const server = this.run.cluster.servers[id];
    if (server === undefined) throw new Error(`there is no server ${id}`);
    return server;
  }

  /** Whether a server believes that it leads. */
  leads(id: NodeId): boolean {
    return this.server(id).process?.node.isLeader === true;
  }

  /** Whether a server's request for votes has left. */
  asksForVotes(id: NodeId): boolean {
    const { process, durableTerm, durableVote } = this.server(id);
    const core = process?.node.status.core;
    return core?.role === 'candidate' && durableTerm === core.term && durableVote === id;
  }

  /** Whether the call's command is in a server's log. */
  holds(id: NodeId, { command }: Pick<ScenarioCall, 'command'>): boolean {
    return this.server(id).log.some((entry) => entry.command === command);
  }

  termOf(id: NodeId): number {
    return this.core(id).term;
  }

  /** The protocol's state of a server that has a process. */
  core(id: NodeId): CoreStatus {
    return this.process(id).node.status.core;
  }

  /** How often a state machine was replaced by a snapshot so far, at a start included. */
  get installed(): number {
    return this.run.cluster.counts.installed;
  }

  // Time

  advance(ms: number): Promise<void> {
    return this.run.advance(this.time.nowMs + ms);
  }

  /** Lets a drawn time pass. */
  advanceBetween(leastMs: number, mostMs: number): Promise<void> {
    return this.advance(this.random.between(leastMs, mostMs));
  }

  /** Lets time pass until `holds`; the scenario fails when it does not in `withinMs`. */
  async until(what: string, holds: () => boolean, withinMs = PATIENCE_MS): Promise<void> {
    if (!(await this.waitFor(holds, withinMs))) this.expect(false, what, `not so after ${withinMs} ms`);
  }

  /** Lets time pass until `holds`, but not longer than `withinMs`; whether it does. */
  async waitFor(holds: () => boolean, withinMs: number, stepMs = STEP_MS): Promise<boolean> {
    const endsAt = this.time.nowMs + withinMs;
    while (!holds()) {
      if (this.time.nowMs >= endsAt) return false;
      await this.advance(Math.min(stepMs, endsAt - this.time.nowMs));
    }
    return true;
  }

  /** @throws SafetyViolation of `what` when it does not hold */
  expect(holds: boolean, what: string, detail = ''): void {
    if (!holds) throw new SafetyViolation(what, `${detail} (at ${this.time.nowMs.toFixed(1)} ms)`);
  }

  // Who leads

  /** Whoever leads the highest term and reaches a majority, now. */
  presentLeader(): NodeId | undefined {
    const leaders = this.ids.filter(
      (id) =>
        this.isUp(id) && this.process(id).node.isLeader && this.reachableFrom(id).length >= this.majority,
    );
    return leaders.sort((a, b) => this.termOf(b) - this.termOf(a))[0];
  }

  /** Waits for a leader that reaches a majority. */
  async leader(withinMs = PATIENCE_MS): Promise<NodeId> {
    await this.until(
      'there is a leader where there is a majority',
      () => this.presentLeader() !== undefined,
      withinMs,
    );
    const leader = this.presentLeader();
    if (leader === undefined) throw new Error('the leader is gone');
    return leader;
  }

  othersThan(...ids: readonly NodeId[]): NodeId[] {
    return this.ids.filter((id) => !ids.includes(id));
  }

  /** Drawn servers, all different. */
  some(count: number, from: readonly NodeId[] = this.ids): NodeId[] {
    return this.random.shuffle(from).slice(0, count);
  }

  isUp(id: NodeId): boolean {
    return this.server(id).isAlive;
  }

  // Faults

  /** Cuts all links of these servers, also between them. */
  cut(...ids: readonly NodeId[]): void {
    this.links.cut(ids);
  }

  rejoin(...ids: readonly NodeId[]): void {
    this.links.rejoin(ids);
  }

  /** Only servers of the same group reach each other; without groups all do. */
  split(...groups: readonly (readonly NodeId[])[]): void {
    this.links.split(groups);
  }

  /** Nothing that this server sends arrives any more, until it rejoins. */
  mute(id: NodeId): void {
    this.links.mute(id);
  }

  /** Messages pass in this shape only; null: everywhere again. */
  shape(shape: Shape | null): void {
    this.links.shape(shape);
  }

  crash(id: NodeId): void {
    this.process(id).node.crash();
  }

  restore(id: NodeId): void {
    this.process(id).node.restore();
  }

  /** The connections from a server to the others break, once. */
  reset(id: NodeId): void {
    this.run.cluster.network.closeConnections(id);
  }

  /** Ends the process as `kill -9` does; the disk stays. */
  kill(...ids: readonly NodeId[]): void {
    for (const id of ids) this.server(id).kill();
  }

  start(...ids: readonly NodeId[]): void {
    for (const id of ids) this.server(id).start();
  }

  /** Ends the node in good order; its process stays, and serves no one. */
  stop(id: NodeId): void {
    this.process(id).node.stop();
  }

  /** Empties the disk of a server that was killed. */
  wipe(id: NodeId): void {
    if (this.server(id).process !== undefined) throw new Error(`server ${id} still uses its disk`);
    this.server(id).disk.wipe();
  }

  pause(id: NodeId): void {
    this.server(id).pause();
  }

  resume(id: NodeId): void {
    this.server(id).resume();
  }

  /** How messages fare from now on. */
  setNetwork(kind: NetworkKind): void {
    this.run.cluster.network.setBehaviour(drawNetworkOf(this.random, kind));
  }

  /** Hands a server a message that nobody has sent. */
  forge(message: RequestMessage): void {
    const { host, node } = this.process(message.to);
    host.perform(() => {
      if (this.isUp(message.to)) node.receive(message, () => undefined);
    });
  }

  // Calls

  /** Asks one server to commit a fresh command: the first version of a file of its own. */
  propose(id: NodeId, text = ''): ScenarioCall {
    return this.calls.propose(this.server(id), text);
  }

  /** Reads the whole map from one server. */
  read(id: NodeId): ScenarioCall {
    return this.calls.read(this.server(id), { kind: 'readMap' }, 'straight');
  }

  /** Reads a key from one server, or through it from whoever leads. */
  get(id: NodeId, key: string, way: ClientRoute = 'straight'): ScenarioCall {
    return this.calls.read(this.server(id), { kind: 'kvGet', key }, way);
  }

  /** Asks one server, or through it whoever leads, to open a session. */
  openSession(id: NodeId, way: ClientRoute = 'straight'): Opening {
    return this.calls.openSession(this.server(id), way);
  }

  /** A write that may be sent many times: one operation of a client. */
  write(write: Write, request?: RequestId): SentWrite {
    return this.calls.write(write, request);
  }

  /** Sends it to one server; `isHeard` false: the answer does not reach the client. */
  send(write: SentWrite, id: NodeId, { way = 'straight', isHeard = true }: Sending = {}): Sent {
    return write.send(this.server(id), way, isHeard);
  }

  /** The value that a server currently holds under a key, however stale. */
  held(id: NodeId, key: string): JsonValue | undefined {
    return this.process(id).state.keys.get(key);
  }

  /**
   * Has a command committed by whoever leads, trying again until that succeeds, and waits until `holders`
   * servers have applied it.
   */
  async commit(holders = this.majority): Promise<ScenarioCall> {
    const endsAt = this.time.nowMs + PATIENCE_MS;
    while (this.time.nowMs < endsAt) {
      const call = this.propose(await this.leader());
      const isLost = (): boolean => call.outcome !== null || this.presentLeader() !== call.server;
      await this.waitFor(isLost, PATIENCE_MS, 5);
      if (!succeeded(call)) continue;
      await this.until(`${holders} servers apply it`, () => this.appliedBy(call) >= holders);
      return call;
    }
    throw new SafetyViolation('a command is committed where there is a majority', `not in ${PATIENCE_MS} ms`);
  }

  /** Reads the whole map from whoever leads, trying again until that succeeds. */
  async readFromLeader(): Promise<ScenarioCall> {
    const endsAt = this.time.nowMs + PATIENCE_MS;
    while (this.time.nowMs < endsAt) {
      const read = this.read(await this.leader());
      await this.answers([read]);
      if (succeeded(read)) return read;
    }
    throw new SafetyViolation('a read succeeds where there is a majority', `not in ${PATIENCE_MS} ms`);
  }

  /** Waits until all these calls are answered. */
  answers(calls: readonly ScenarioCall[], withinMs = PATIENCE_MS): Promise<void> {
    return this.until(
      'all callers get an answer',
      () => calls.every(({ outcome }) => outcome !== null),
      withinMs,
    );
  }

  /** Position of the call's command among the committed entries, from 1; 0: it is not committed. */
  indexOf({ command }: Pick<ScenarioCall, 'command'>): number {
    return this.run.cluster.safety.committedEntries.findLastIndex((entry) => entry.command === command) + 1;
  }

  /** How many servers, up or not, have applied the call's command. */
  appliedBy(call: Pick<ScenarioCall, 'command'>): number {
    const index = this.indexOf(call);
    return index === 0 ? 0 : this.ids.filter((id) => this.hasApplied(id, index)).length;
  }

  hasApplied(id: NodeId, index: number): boolean {
    return (this.server(id).process?.state.lastApplied ?? 0) >= index;
  }

  /** The planned clients begin; they stop when the cluster is healed. */
  startClients(): void {
    for (const client of this.run.clients) client.start();
  }

  /** Operations of the planned clients that have succeeded. */
  get clientSuccesses(): number {
    const isSuccess = (outcome: RequestOutcome | null): boolean =>
      outcome?.kind === 'updated' || outcome?.kind === 'read';
    return this.run.operations.filter(({ client, outcome }) => client < FIRST_CALLER && isSuccess(outcome))
      .length;
  }

  /**
   * Ends all faults. Then there is a leader, everybody waiting is answered, all logs and states become equal, and all
   * that was acknowledged is there. Done at the end of each scenario, unless it has been.
   */
  async heal(): Promise<void> {
    if (this.isHealed) return;
    this.isHealed = true;
    this.links.split([]);
    this.links.shape(null);
    this.links.rejoin(this.ids);
    this.calls.giveUp();
    await this.run.healing();
  }

  private process(id: NodeId): SimProcess {
    const { process } = this.server(id);
    if (process === undefined) throw new Error(`server ${id} has no process`);
    return process;
  }

  private reachableFrom(id: NodeId): NodeId[] {
    return this.ids.filter((other) => this.isUp(other) && this.links.connected(id, other));
  }
}
