import type { Cluster } from './cluster.js';

/** Servers tell of each change of their role at this level. */
export const roleLogFlags: readonly string[] = ['--log-level', 'debug'];

/** A server took another role, term or leader, as its log says. */
interface RoleChange {
  /** In milliseconds of the wall clock, which all processes of a machine share. */
  readonly at: number;
  readonly server: number;
  readonly role: string;
  readonly term: number;
  readonly leader: number | null;
}

/**
 * All changes of role in a cluster, from its logs: nothing between two looks is missed, and servers
 * that are short of time, or stand still, need not be asked.
 */
export class RoleLog {
  private readonly seen: RoleChange[] = [];
  /** How much of the log of each process has been read. */
  private readonly offsets: number[] = [];

  constructor(private readonly cluster: Cluster) {}

  /** Those since a moment of the wall clock. */
  since(at: number): RoleChange[] {
    this.read();
    return this.seen.filter((change) => change.at >= at);
  }

  get highestTerm(): number {
    this.read();
    return this.seen.reduce((highest, { term }) => Math.max(highest, term), 0);
  }

  private read(): void {
    for (const [place, { stderr }] of this.cluster.programs.entries()) {
      const from = this.offsets[place] ?? 0;
      const end = stderr.lastIndexOf('\n') + 1;
      if (end <= from) continue;
      this.offsets[place] = end;
      for (const line of stderr.slice(from, end).split('\n'))
        if (line.includes('"msg":"role changed"')) this.seen.push(changeOf(line));
    }
  }
}

function changeOf(line: string): RoleChange {
  const { time, ...change } = JSON.parse(line) as Omit<RoleChange, 'at'> & { time: string };
  return { ...change, at: Date.parse(time) };
}
