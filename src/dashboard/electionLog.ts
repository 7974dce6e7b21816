import type { RoleChange } from '../raft/output.js';
import type { CampaignCause, TraceRecord } from '../raft/trace.js';
import type { ClusterElection, Election } from './sample.js';

/** Elections that a server remembers, and those that the page lists. */
export const ELECTIONS_MAX = 50;

/** A change of leader, as one server knows of it. */
interface LeaderChange {
  readonly term: number;
  readonly leader: number;
  readonly previous: { readonly leader: number; readonly term: number } | null;
}

/** Why there was an election, as far as a server can tell from what it knew before and after. */
function reasonOf({ term, leader, previous }: LeaderChange): string {
  if (previous === null) return 'no leader was known before';
  const lost =
    leader === previous.leader
      ? `server ${leader} was elected again`
      : `server ${previous.leader}, which led term ${previous.term}, was lost`;
  const between = term - previous.term - 1;
  if (between <= 0) return lost;
  return `${lost}; ${between === 1 ? 'one term' : `${between} terms`} in between elected nobody`;
}

/** Why the winner asked for votes, as its core says. */
const causes: Readonly<Record<CampaignCause, string>> = {
  electionTimeout: 'its election timeout had passed',
  leaderLost: 'the connections of the leader had closed, and it did not answer',
  requested: 'it was asked to campaign',
};

/** Remembers the elections that one server has seen: a part of its observer. They are rare, so it always listens. */
export class ElectionLog {
  private readonly elections: Election[] = [];
  private known: number | null = null;
  private previous: LeaderChange['previous'] = null;
  private lostAt: number | null = null;
  /** Why this server has campaigned last, and the term that it has won last. */
  private cause: CampaignCause | null = null;
  private wonTerm = -1;

  /**
   * @param clockMs a clock that only goes forward
   * @param nowMs the time, in milliseconds since 1970
   */
  constructor(
    private readonly clockMs: () => number = performance.now.bind(performance),
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** The core gives its reasons before its role changes. */
  readonly traced = (records: readonly TraceRecord[]): void => {
    for (const record of records) {
      if (record.kind === 'campaign') this.cause = record.cause;
      if (record.kind === 'elected') this.wonTerm = record.term;
    }
  };

  readonly roleChanged = ({ term, leader }: RoleChange): void => {
    if (leader === this.known) return;
    if (this.known !== null) this.lostAt = this.clockMs();
    this.known = leader;
    if (leader === null) return;
    if (term !== this.elections.at(-1)?.term) this.add(term, leader);
    this.previous = { leader, term };
  };

  /** A server that goes down forgets who led, and a leader that it finds afterwards is not a new one. */
  readonly lifecycleChanged = (): void => {
    this.known = null;
    this.lostAt = null;
  };

  /** The newest last. */
  list(): readonly Election[] {
    return [...this.elections];
  }

  /** Known to the winner alone. */
  private causeOf(term: number): string {
    return term === this.wonTerm && this.cause !== null
      ? `; the winner campaigned because ${causes[this.cause]}`
      : '';
  }

  private add(term: number, leader: number): void {
    const { previous, lostAt } = this;
    this.elections.push({
      term,
      leader,
      atMs: this.nowMs(),
      leaderlessMs: lostAt === null ? null : Math.round(this.clockMs() - lostAt),
      previous: previous?.leader ?? null,
      reason: `${reasonOf({ term, leader, previous })}${this.causeOf(term)}`,
    });
    if (this.elections.length > ELECTIONS_MAX) this.elections.shift();
  }
}

/**
 * The elections that several servers tell of, one for each term, the newest first. The winner's account of why is preferred; how
 * long there was no leader is what the server says that missed one longest.
 */
export function mergedElections(
  told: readonly { readonly id: number; readonly elections: readonly Election[] }[],
): ClusterElection[] {
  const byTerm = new Map<number, { readonly id: number; readonly election: Election }[]>();
  for (const { id, elections } of told)
    for (const election of elections)
      byTerm.set(election.term, [...(byTerm.get(election.term) ?? []), { id, election }]);
  return [...byTerm.values()]
    .flatMap((accounts) => {
      const knowing = accounts.filter(({ election }) => election.previous !== null);
      const [first] = knowing.length > 0 ? knowing : accounts;
      const best = knowing.find(({ id, election }) => id === election.leader) ?? first;
      if (best === undefined) return [];
      const silences = accounts.flatMap(({ election: { leaderlessMs } }) => leaderlessMs ?? []);
      const leaderlessMs = silences.length === 0 ? null : Math.max(...silences);
      return [{ ...best.election, leaderlessMs, seenBy: accounts.length }];
    })
    .sort((a, b) => b.term - a.term)
    .slice(0, ELECTIONS_MAX);
}
