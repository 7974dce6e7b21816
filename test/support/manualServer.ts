import type { RaftNode } from '../../src/node/raftNode.js';
import type { CoreStatus } from '../../src/raft/status.js';
import type { Entry, EntryId, NodeId } from '../../src/raft/types.js';
import { DiskLog, type SimDisk } from '../../src/sim/simDisk.js';
import type { SimHost } from '../../src/sim/simHost.js';
import type { SimProcess, SimServer } from '../../src/sim/simServer.js';
import { encodeUpdateFile, type CommandResult } from '../../src/stateMachine/command.js';
import type { FileMetadata } from '../../src/stateMachine/fileMetadata.js';

interface Piece {
  readonly host: SimHost;
  readonly run: () => void;
}

/** One server of a {@link ManualCluster}, as its tests see it; of one that was killed, its last process. */
export class ManualServer {
  /** `taken I` and `installed I`, as reported. */
  readonly snapshotReports: string[] = [];
  /** Pieces of long work that wait for their turn. */
  private pieces: Piece[] = [];
  private busy = false;
  private lastProcess: SimProcess | undefined;

  constructor(
    private readonly sim: SimServer,
    private readonly lastCommitted: () => EntryId,
  ) {}

  get id(): NodeId {
    return this.sim.id;
  }

  get disk(): SimDisk {
    return this.sim.disk;
  }

  get node(): RaftNode<CommandResult> {
    return this.process.node;
  }

  get files(): FileMetadata {
    return this.process.state.files;
  }

  get status(): CoreStatus {
    return this.node.status.core;
  }

  get entries(): readonly Entry[] {
    return this.sim.log;
  }

  /** Whether the process runs at all; a crashed server's process does. */
  get isProcessUp(): boolean {
    return this.sim.process !== undefined;
  }

  get isRunning(): boolean {
    return this.isProcessUp && this.node.status.lifecycle === 'running';
  }

  /** A piece of long work comes to its turn once everything before it has happened, or waits while the server is busy. */
  defer(host: SimHost, run: () => void): () => void {
    const piece = { host, run };
    this.pieces.push(piece);
    this.schedule(piece);
    return () => (this.pieces = this.pieces.filter((waiting) => waiting !== piece));
  }

  /** From now on pieces of long work wait. */
  stall(): void {
    this.busy = true;
  }

  free(): void {
    this.busy = false;
    for (const piece of this.pieces) this.schedule(piece);
  }

  /** Does so many of the waiting pieces, those included that come of them. */
  work(count: number): void {
    for (let done = 0; done < count; done += 1) {
      const [piece] = this.pieces;
      if (piece !== undefined) this.perform(piece);
    }
  }

  /** The process ends: `kill -9`. Whatever was not durable is lost with it; its callers lose their connections. */
  kill(): void {
    const { node } = this;
    this.sim.kill();
    node.stop();
    this.pieces = [];
  }

  /** A new process on the same disk, or on an empty one. */
  startProcess(disk: 'kept' | 'empty' = 'kept'): void {
    if (disk === 'empty') this.sim.replaceDisk(undefined, this.lastCommitted());
    this.sim.start();
  }

  /** As though an earlier process had left this on the disk: a term, no vote, and entries of these terms. */
  preload(term: number, entryTerms: readonly number[]): void {
    this.kill();
    const appended = entryTerms.map((entryTerm, position): Entry => {
      const index = position + 1;
      const command = encodeUpdateFile(`p${index}-`, 1, ['h']);
      return { term: entryTerm, index, kind: 'command', command };
    });
    const log = DiskLog.of(appended);
    this.sim.replaceDisk(
      { hardState: { term, votedFor: null }, identity: null, snapshot: null, log },
      this.lastCommitted(),
    );
    this.startProcess();
  }

  private get process(): SimProcess {
    this.lastProcess = this.sim.process ?? this.lastProcess;
    if (this.lastProcess === undefined) throw new Error(`server ${this.id} was never started`);
    return this.lastProcess;
  }

  private schedule(piece: Piece): void {
    piece.host.after(0, () => {
      if (!this.busy && this.pieces.includes(piece)) this.perform(piece);
    });
  }

  private perform(piece: Piece): void {
    this.pieces = this.pieces.filter((waiting) => waiting !== piece);
    piece.host.perform(piece.run);
  }
}
