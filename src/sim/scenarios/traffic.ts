import type { Message, NodeId } from '../../raft/types.js';

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
