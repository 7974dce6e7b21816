import type { NodeId, Message } from '../../raft/types.js';
import { passesIn, type Shape } from '../shapes.js';
import type { SimNetwork } from '../simNetwork.js';

/** Which servers can talk to which: groups, and servers that are cut off from everybody. */
export class Links {
  private readonly cutOff = new Set<NodeId>();
  private readonly muted = new Set<NodeId>();
  private passes: ((from: NodeId, to: NodeId) => boolean) | undefined;
  private groups: readonly (readonly NodeId[])[] = [];

  constructor(
    private readonly network: SimNetwork,
    private readonly ids: readonly NodeId[],
  ) {}

  connected(a: NodeId, b: NodeId): boolean {
    if (a === b) return true;
    if (this.passes?.(a, b) === false || this.passes?.(b, a) === false) return false;
    if (this.cutOff.has(a) || this.cutOff.has(b)) return false;
    return this.groups.length === 0 || this.groups.some((group) => group.includes(a) && group.includes(b));
  }

  isCutOff(id: NodeId): boolean {
    return this.cutOff.has(id);
  }

  cut(ids: readonly NodeId[]): void {
    for (const id of ids) this.cutOff.add(id);
    this.lay();
  }

  rejoin(ids: readonly NodeId[]): void {
    for (const id of ids) {
      this.cutOff.delete(id);
      this.muted.delete(id);
    }
    this.lay();
  }

  /** Nothing that this server sends arrives any more, until it rejoins. */
  mute(id: NodeId): void {
    this.muted.add(id);
    this.lay();
  }

  /** Only servers of the same group reach each other from now on; without groups all do. */
  split(groups: readonly (readonly NodeId[])[]): void {
    this.groups = groups;
    this.lay();
  }

  /** Messages pass in this shape only; null: everywhere again. */
  shape(shape: Shape | null): void {
    this.passes = shape === null ? undefined : passesIn(shape, undefined);
    this.lay();
  }

  private lay(): void {
    this.network.heal();
    for (const from of this.ids) {
      for (const to of this.ids) {
        if (!this.isOpen(from, to)) this.network.cutLink(from, to);
      }
    }
  }

  private isOpen(from: NodeId, to: NodeId): boolean {
    if (this.cutOff.has(from) || this.cutOff.has(to) || this.muted.has(from)) return false;
    if (this.passes?.(from, to) === false) return false;
    return (
      this.groups.length === 0 || this.groups.some((group) => group.includes(from) && group.includes(to))
    );
  }
}

/** Counts what servers send to each other. */
export class Traffic {
  private readonly copies = new Map<string, number>();
  private requestsSoFar = 0;
  private rejectionsSoFar = 0;
  private readonly chunks = new Map<NodeId, number>();

  /** Requests, whether or not they arrive; answers are not counted. */
  get requests(): number {
    return this.requestsSoFar;
  }

  /** Appends that were refused because the logs do not fit. */
  get rejections(): number {
    return this.rejectionsSoFar;
  }

  /** How often a command has been sent to a server. */
  copiesOf(command: string, to: NodeId): number {
    return this.copies.get(`${to} ${command}`) ?? 0;
  }

  /** Chunks of snapshots sent to a server. */
  chunksTo(id: NodeId): number {
    return this.chunks.get(id) ?? 0;
  }

  note(message: Message): void {
    switch (message.type) {
      case 'appendEntries':
        this.requestsSoFar += 1;
        for (const { command } of message.entries) {
          const key = `${message.to} ${command}`;
          this.copies.set(key, (this.copies.get(key) ?? 0) + 1);
        }
        return;
      case 'installSnapshot':
        this.requestsSoFar += 1;
        this.chunks.set(message.to, this.chunksTo(message.to) + 1);
        return;
      case 'preVote':
      case 'requestVote':
      case 'heartbeat':
        this.requestsSoFar += 1;
        return;
      case 'appendEntriesResponse':
        this.rejectionsSoFar += message.conflict === null ? 0 : 1;
        return;
      case 'refusal':
      case 'preVoteResponse':
      case 'requestVoteResponse':
      case 'heartbeatResponse':
      case 'installSnapshotResponse':
        return;
    }
  }
}
