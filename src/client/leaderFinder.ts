/** A server that can be asked. */
export interface ServerInfo {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/**
 * Chooses which server to ask next: the one that a refusal named, else the last known leader, else the others
 * in turn. A hint is followed once per round, so that servers that name each other do not keep a client busy.
 */
export class LeaderFinder {
  private presumed: number | undefined;
  private next = 0;

  constructor(private readonly servers: readonly ServerInfo[]) {
    if (servers.length === 0) throw new Error('a cluster has at least one server');
  }

  /** The servers to ask in one round, the likeliest leader first; each once. */
  *round(): Iterable<ServerInfo> {
    const asked = new Set<number>();
    while (asked.size < this.servers.length) {
      const server = this.choose(asked);
      if (server === undefined) return;
      asked.add(server.id);
      yield server;
    }
  }

  /** This server answered as the leader, or was named as such. */
  presume(id: number): void {
    if (this.servers.some((server) => server.id === id)) this.presumed = id;
  }

  /** This server turned out not to lead. */
  forgetLeader(id: number): void {
    if (this.presumed === id) this.presumed = undefined;
  }

  private choose(asked: ReadonlySet<number>): ServerInfo | undefined {
    const presumed = this.servers.find(({ id }) => id === this.presumed);
    if (presumed !== undefined && !asked.has(presumed.id)) return presumed;
    const rotated = [...this.servers.slice(this.next), ...this.servers.slice(0, this.next)];
    this.next = (this.next + 1) % this.servers.length;
    return rotated.find(({ id }) => !asked.has(id));
  }
}
