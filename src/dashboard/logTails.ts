import type { RaftNode } from '../node/raftNode.js';
import type { Entry } from '../raft/types.js';
import { entryLabel } from '../stateMachine/entryLabel.js';
import type { ClusterLogs, ServerLog, ShownEntry, ShownLog } from './sample.js';

/** Longer labels are cut: the log is shown, and its contents are not. */
const LABEL_CHARS_MAX = 24;

/** The end of a server's log for people, with the rest of its state in figure 2. */
export function shownLog({ status, logTail }: Pick<RaftNode<unknown>, 'status' | 'logTail'>): ShownLog {
  const { core, lifecycle, unreachableFrom } = status;
  return {
    id: core.id,
    lifecycle,
    role: core.role,
    term: core.term,
    votedFor: core.votedFor,
    commitIndex: core.commitIndex,
    isLearner: core.standing === 'learner',
    unreachableFrom,
    base: { index: logTail.base.index, term: logTail.base.term },
    entries: logTail.entries.map(shownEntry),
  };
}

function shownEntry(entry: Entry): ShownEntry {
  const label = entryLabel(entry);
  const isLong = label.length > LABEL_CHARS_MAX;
  return {
    term: entry.term,
    kind: entry.kind,
    label: isLong ? `${label.slice(0, LABEL_CHARS_MAX - 1)}…` : label,
  };
}

interface LogTailsOptions {
  readonly self: number;
  /** The ids of all servers. */
  readonly servers: readonly number[];
  readonly own: () => ShownLog;
  /** Asks another server; rejects with the reason in a few words. */
  readonly ask: (server: number) => Promise<ShownLog>;
}

/** The logs of one moment, as far as there is one: the servers are asked one after another. */
interface Round {
  readonly logs: Map<number, ServerLog>;
  open: number[];
  asking: number;
  isRepeated: boolean;
  readonly done: (logs: ClusterLogs) => void;
  readonly result: Promise<ClusterLogs>;
}

/**
 * Collects the logs of all servers. It asks nobody by itself: the collector of samples gives it some of its turns, so that both
 * together ask no more than that one does alone.
 */
export class LogTails {
  private round: Round | undefined;

  constructor(private readonly options: LogTailsOptions) {}

  /** Begins a round, or joins the one under way. Never rejects. */
  collect(): Promise<ClusterLogs> {
    const round = (this.round ??= newRound(this.others));
    // Without others there is nothing to wait for.
    this.endIfDone(round);
    return round.result;
  }

  get isUnderWay(): boolean {
    return this.round !== undefined;
  }

  /** The server to be asked in this turn; undefined when none is wanted. */
  get next(): number | undefined {
    return this.round?.open[0];
  }

  /** Asks the next one. Never rejects. */
  async askNext(): Promise<void> {
    const { round } = this;
    const server = round?.open.shift();
    if (round === undefined || server === undefined) return;
    round.asking += 1;
    try {
      round.logs.set(server, { id: server, log: await this.options.ask(server), failure: null });
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error);
      round.logs.set(server, { id: server, log: null, failure });
    }
    round.asking -= 1;
    this.endIfDone(round);
  }

  private get others(): number[] {
    return this.options.servers.filter((id) => id !== this.options.self);
  }

  /**
   * A server that was asked before an election may have voted in it since: one whose term is older than the newest is asked again,
   * once. What it tells then is true beside the new leader, too.
   */
  private endIfDone(round: Round): void {
    if (round.open.length > 0 || round.asking > 0) return;
    const { self, own } = this.options;
    round.logs.set(self, { id: self, log: own(), failure: null });
    const logs = [...round.logs.values()].sort((a, b) => a.id - b.id);
    const newest = Math.max(...logs.map(({ log }) => log?.term ?? 0));
    const older = logs.filter(({ id, log }) => id !== self && log !== null && log.term < newest);
    if (older.length > 0 && !round.isRepeated) {
      round.isRepeated = true;
      round.open = older.map(({ id }) => id);
      return;
    }
    this.round = undefined;
    round.done({ atMs: Date.now(), servers: logs });
  }
}

function newRound(open: number[]): Round {
  let done: Round['done'] = () => undefined;
  const result = new Promise<ClusterLogs>((resolve) => (done = resolve));
  return { logs: new Map(), open, asking: 0, isRepeated: false, done, result };
}
