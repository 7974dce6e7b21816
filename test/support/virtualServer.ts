import type { LifecycleState } from '../../src/node/lifecycle.js';
import { noopObserver, type NodeObserver } from '../../src/node/events.js';
import type { ReplyAfter } from '../../src/node/pendingRequests.js';
import { RaftNode } from '../../src/node/raftNode.js';
import type { SnapshotPolicy } from '../../src/node/snapshots.js';
import type { RaftConfig } from '../../src/raft/config.js';
import type { CoreStatus } from '../../src/raft/status.js';
import type { Entry, NodeId } from '../../src/raft/types.js';
import { encodeUpdateFile, type CommandResult } from '../../src/stateMachine/command.js';
import type { FileMetadata } from '../../src/stateMachine/fileMetadata.js';
import { ServiceState } from '../../src/stateMachine/serviceState.js';
import type { SnapshotLoader, SnapshotReader, StateMachine } from '../../src/stateMachine/stateMachine.js';
import { ManualTicker } from './manualTicker.js';
import type { Safety } from './safety.js';
import type { VirtualNetwork } from './virtualNetwork.js';
import { VirtualStorage } from './virtualStorage.js';

export interface ServerOptions {
  readonly raft: RaftConfig;
  readonly replyAfter: ReplyAfter;
  readonly waitingCallsMax: number;
  readonly drawElectionTicks: () => number;
  readonly snapshots: SnapshotPolicy;
}

/** A state machine that lets every applied entry be looked at. */
class WatchedState implements StateMachine<CommandResult> {
  readonly state = new ServiceState();

  constructor(
    private readonly onApply: (entry: Entry, lastApplied: number) => void,
    private readonly onInstall: (lastApplied: number) => void,
  ) {}

  get lastApplied(): number {
    return this.state.lastApplied;
  }

  apply(entry: Entry): CommandResult {
    this.onApply(entry, this.lastApplied);
    return this.state.apply(entry);
  }

  snapshot(chunkChars: number): SnapshotReader {
    return this.state.snapshot(chunkChars);
  }

  load(): SnapshotLoader {
    const loader = this.state.load();
    return {
      add: (chunk) => loader.add(chunk),
      install: (lastApplied) => {
        this.onInstall(lastApplied);
        loader.install(lastApplied);
      },
    };
  }
}

/** One server of a virtual cluster: the production node on a virtual disk, clock and network. */
export class VirtualServer {
  readonly storage = new VirtualStorage();
  readonly ticker = new ManualTicker();
  readonly failures: Error[] = [];
  /** `down P` and `up P`, as reported. */
  readonly peerReports: string[] = [];
  /** `taken I`, `installed I` and `unusable`, as reported. */
  readonly snapshotReports: string[] = [];
  /** Pieces of long work that wait for their turn. */
  private deferred: (() => void)[] = [];
  /** While true such pieces wait. */
  isBusy = false;
  node: RaftNode<CommandResult>;
  /** Whether the process runs at all; a crashed server's process does. */
  isProcessUp = true;
  private machine: WatchedState;

  constructor(
    readonly id: NodeId,
    private readonly options: ServerOptions,
    private readonly network: VirtualNetwork,
    private readonly safety: Safety,
  ) {
    this.storage.committed = () => safety.committedEntries;
    this.storage.onPersist = (batch) => safety.checkWrite(id, batch, this.storage.entries);
    this.machine = this.newMachine();
    this.node = this.newNode(options.raft);
    this.begin();
  }

  get files(): FileMetadata {
    return this.machine.state.files;
  }

  get status(): CoreStatus {
    return this.node.status.core;
  }

  get lifecycle(): LifecycleState {
    return this.node.status.lifecycle;
  }

  get isRunning(): boolean {
    return this.isProcessUp && this.lifecycle === 'running';
  }

  get entries(): readonly Entry[] {
    return this.storage.entries;
  }

  /** The rules that concern all servers, as far as this one can break them. */
  check(): void {
    const [failure] = this.failures;
    if (failure !== undefined && failure.name !== 'Error') throw failure;
    if (this.isRunning) this.safety.checkServer(this.status, this.entries);
  }

  /** Does one waiting piece of long work; false when there is none. */
  runDeferred(): boolean {
    const piece = this.isBusy ? undefined : this.deferred.shift();
    piece?.();
    return piece !== undefined;
  }

  restore(): void {
    this.safety.forgetCommitOf(this.id);
    this.node.restore();
  }

  /** The process ends: `kill -9`. What was not durable is gone with it. */
  kill(): void {
    this.network.attach(this.id, null);
    this.node.stop();
    this.deferred = [];
    this.storage.losePower();
    this.safety.forgetUndurable(this.id, this.storage.durable.hardState);
    this.isProcessUp = false;
  }

  /** A new process on the same disk, or on an empty one. */
  startProcess(disk: 'kept' | 'empty', voteDelayTicks = this.options.raft.voteDelayTicks): void {
    if (disk === 'empty') {
      this.storage.wipe();
      this.safety.forgetServer(this.id);
    }
    this.machine = this.newMachine();
    this.node = this.newNode({ ...this.options.raft, voteDelayTicks });
    this.isProcessUp = true;
    this.begin();
  }

  /** As though an earlier process had left this on the disk: a term, no vote, and entries of these terms. */
  preload(term: number, entryTerms: readonly number[]): void {
    this.kill();
    this.storage.wipe();
    this.safety.forgetServer(this.id);
    const appended = entryTerms.map((entryTerm, position): Entry => {
      const index = position + 1;
      const command = encodeUpdateFile(`p${index}-`, 1, ['h']);
      return { term: entryTerm, index, kind: 'command', command };
    });
    const last = { term: entryTerms.at(-1) ?? 0, index: entryTerms.length };
    const hardState = { term, votedFor: null };
    const unchanged = { identity: null, snapshot: null, truncateFrom: null, compactTo: null };
    this.storage.persist({ number: 0, hardState, ...unchanged, appended, last }, () => undefined);
    this.startProcess('kept');
  }

  private begin(): void {
    this.network.attach(this.id, this.node);
    this.node.start();
  }

  private newNode(raft: RaftConfig): RaftNode<CommandResult> {
    const { replyAfter, waitingCallsMax, drawElectionTicks, snapshots } = this.options;
    return new RaftNode({
      raft,
      storage: this.storage,
      transport: this.network.transport(),
      stateMachine: this.machine,
      ticker: this.ticker,
      defer: (run) => this.defer(run),
      snapshots,
      drawElectionTicks,
      replyAfter,
      waitingCallsMax,
      observer: this.observer(),
    });
  }

  private newMachine(): WatchedState {
    return new WatchedState(
      (entry, lastApplied) => this.safety.checkApplied(this.id, this.status.term, entry, lastApplied),
      (lastApplied) => this.safety.checkInstalled(this.id, lastApplied),
    );
  }

  private defer(run: () => void): () => void {
    this.deferred.push(run);
    return () => (this.deferred = this.deferred.filter((waiting) => waiting !== run));
  }

  private observer(): NodeObserver {
    return {
      ...noopObserver,
      roleChanged: () => undefined,
      lifecycleChanged: () => undefined,
      peerUnreachable: (peer) => this.peerReports.push(`down ${peer}`),
      peerReachable: (peer) => this.peerReports.push(`up ${peer}`),
      snapshotTaken: ({ index }) => this.snapshotReports.push(`taken ${index}`),
      snapshotInstalled: ({ index }) => this.snapshotReports.push(`installed ${index}`),
      snapshotUnusable: () => this.snapshotReports.push('unusable'),
      failed: (error) => this.failures.push(error),
    };
  }
}
