import type { FaultKind, ServerId } from '../runRecord.js';

/**
 * Whom a step is about. Servers are drawn by the seed among those that are up.
 *
 * - `leader`: who leads when the step comes, after waiting for there to be one
 * - `oldLeader`: who was the leader when a step last said `leader`
 * - `follower`: one server that does not lead
 * - `spareFollowers`: as many followers as the majority can do without
 * - `enoughFollowers`: one more than that, which leaves the leader without a majority
 * - `minority`, `majority`: as many servers as that is, the leader perhaps among them
 */
export type Target =
  | ServerId
  | 'leader'
  | 'oldLeader'
  | 'follower'
  | 'spareFollowers'
  | 'enoughFollowers'
  | 'minority'
  | 'majority'
  | 'all';

/** A condition that the story waits for; the run fails when it does not come true. */
export type Expectation =
  /** A leader is there, at the latest after 5 s. */
  | 'leader'
  /** The leader is the one that it was at the last such look. */
  | 'sameLeader'
  /** A leader that is not the one of the last such look, at the latest after 5 s. */
  | 'newLeader'
  /** For 3 s nobody leads. */
  | 'noLeader'
  /** An update that is sent to the leader has no answer after 2 s. It goes on waiting. */
  | 'blocked'
  /** All updates that were sent by `blocked` have come to an answer, at the latest after 5 s. */
  | 'answered';

/** One thing that the monkey does. */
export type Step =
  | { readonly crash: Target }
  | { readonly restore: Target }
  /** Cuts all links between the groups. A server in two groups is a bridge between them. */
  | { readonly partition: readonly (readonly ServerId[])[] }
  /** Cuts off one server from all others, both ways. */
  | { readonly isolate: Target }
  /** One direction only: `deaf` does not hear `from`, which hear it well. */
  | { readonly oneWay: { readonly deaf: Target; readonly from: Target } }
  /** Two halves that meet in one server alone. */
  | { readonly bridge: ServerId }
  | { readonly heal: 'links' }
  /** SIGKILL, SIGSTOP and their ends: for servers that the run has started. */
  | { readonly kill: Target }
  | { readonly start: Target }
  | { readonly pause: Target }
  | { readonly resume: Target }
  /** Seconds. */
  | { readonly wait: number }
  | { readonly expect: Expectation }
  /** Writes down the status of every server, under this title, for the evaluation. */
  | { readonly show: string; readonly about: string }
  /** One update or read, whose outcome is written down for the evaluation. */
  | { readonly put: string }
  | { readonly get: string; readonly at?: Target };

/** As in "3 servers or more", "exactly 5 servers". */
export function serversText({ serversMin, serversMax }: Scenario): string {
  const least = `${serversMin} server${serversMin === 1 ? '' : 's'}`;
  if (serversMax === undefined) return `${least} or more`;
  return serversMax === serversMin ? `exactly ${least}` : `${serversMin} to ${serversMax} servers`;
}

/** A story that is told to the cluster. */
export interface Scenario {
  /** As it is typed. */
  readonly name: string;
  /** The claim that it demonstrates, in one sentence. */
  readonly shows: string;
  readonly serversMin: number;
  /** Where it is told of so many servers that more would not do. */
  readonly serversMax?: number;
  /** Faults that hooks cannot make: only with `--managed`. */
  readonly needs: readonly Extract<FaultKind, 'kill' | 'pause'>[];
  /** Whether servers must keep their state on disk, as a majority of the processes is killed. */
  readonly needsDisk?: boolean;
  /** Told once, or again until the time is up. */
  readonly repeats: boolean;
  readonly steps: readonly Step[];
}
