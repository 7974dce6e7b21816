import type { ClusterLogs, ShownEntry, ShownLog } from '../../dashboard/sample.js';
import { majorityOf } from '../../raft/config.js';
import type { Entry } from '../../raft/types.js';
import type { Start, StartServer } from './start.js';

/**
 * The start of a world from the logs of a running cluster. These were taken one after another, within seconds: so this is not what
 * all servers were at one moment, but a state that they could have been in together, as close to that as can be had.
 *
 * - Entries are numbered from the first one that the leader has shown. What is older counts as held by all.
 * - A follower asked after its leader may have newer entries: as though they had not arrived yet.
 * - An older leader, which others have heard more of than it had told when it was asked, leads no more.
 * - A commit index is not above what a majority of these logs holds for good.
 * - A server that did not answer is stopped, and has what is known to be committed.
 *
 * Undefined when no server has told anything.
 */
export function startFrom({ atMs, servers }: ClusterLogs): Start | undefined {
  const told = servers.flatMap(({ log }) => log ?? []);
  const reference = referenceOf(told);
  if (reference === undefined) return undefined;
  const { index: offset } = reference.base;
  const main = renumbered(reference.entries, 1);
  const known = Math.max(0, ...told.map(({ commitIndex }) => commitIndex - offset));
  const logs = servers.map(({ log }) => (log === null ? main.slice(0, known) : logOf(log, reference, main)));
  const voters = logs.filter((_log, id) => servers[id]?.log?.isLearner !== true);
  const committed = committedIn(voters, main, majorityOf(servers.length));
  const terms = told.map(({ term }) => term);
  return {
    atMs,
    offset,
    servers: servers.map(({ log }, id): StartServer => {
      const own = logs[id] ?? [];
      if (log === null) {
        const term = Math.max(...terms);
        const leader = told.find((other) => other.role === 'leader' && other.term === term);
        return {
          condition: 'stopped',
          leads: false,
          term,
          votedFor: leader?.id ?? null,
          commitIndex: Math.min(committed, own.length),
          isLearner: false,
          deafTo: [],
          log: own,
        };
      }
      const isRunning = log.lifecycle === 'running';
      return {
        condition: conditionOf(log),
        leads: isRunning && log.role === 'leader' && hasAllOf(log.term, own, logs),
        term: log.term,
        votedFor: log.votedFor,
        commitIndex: Math.max(0, Math.min(log.commitIndex - offset, committed, sharedLength(own, main))),
        isLearner: log.isLearner,
        deafTo: log.unreachableFrom,
        log: own,
      };
    }),
  };
}

/** The newest leader, unless somebody has a later term; else the most up-to-date log, which has all that is committed (5.4.1). */
function referenceOf(told: readonly ShownLog[]): ShownLog | undefined {
  const newest = Math.max(...told.map(({ term }) => term));
  const leader = told.find(({ role, term }) => role === 'leader' && term === newest);
  const [longest] = [...told].sort((a, b) => lastTermOf(b) - lastTermOf(a) || lastOf(b) - lastOf(a));
  return leader ?? longest;
}

/** A server's log from the reference's first entry on. */
function logOf(log: ShownLog, reference: ShownLog, main: readonly Entry[]): readonly Entry[] {
  const offset = reference.base.index;
  const isFrom = (entry: Entry): boolean =>
    reference.role === 'leader' && entry.term === reference.term && entry.index > main.length;
  const first = log.base.index - offset;
  if (first <= 0) {
    const before = first === 0 ? log.base.term : log.entries[-first - 1]?.term;
    // Before the first entry of a whole log all servers are alike.
    if (before !== reference.base.term) return [];
    return renumbered(log.entries.slice(-first), 1).filter((entry) => !isFrom(entry));
  }
  if (main[first - 1]?.term !== log.base.term)
    return main.slice(0, Math.max(0, Math.min(log.commitIndex - offset, main.length)));
  return [...main.slice(0, first), ...renumbered(log.entries, first + 1)].filter((entry) => !isFrom(entry));
}

/**
 * How many entries are committed for good: a majority has the last of them, and no server without it has an entry of a later term,
 * with which it could win an election and replace it (figure 8).
 */
function committedIn(logs: readonly (readonly Entry[])[], main: readonly Entry[], majority: number): number {
  const isCommitted = ({ index, term }: Entry): boolean => {
    const without = logs.filter((log) => log[index - 1]?.term !== term);
    return (
      logs.length - without.length >= majority && without.every((log) => (log.at(-1)?.term ?? 0) <= term)
    );
  };
  return main.findLast(isCommitted)?.index ?? 0;
}

/** Whether a leader has all entries of its term: it will write the next one, and must be the only one to do so. */
function hasAllOf(term: number, own: readonly Entry[], logs: readonly (readonly Entry[])[]): boolean {
  return logs.every((log) =>
    log.every((entry) => entry.term !== term || own[entry.index - 1]?.term === term),
  );
}

function sharedLength(log: readonly Entry[], main: readonly Entry[]): number {
  const end = log.findIndex(({ term }, place) => main[place]?.term !== term);
  return end < 0 ? log.length : end;
}

function conditionOf({ lifecycle }: ShownLog): StartServer['condition'] {
  switch (lifecycle) {
    case 'running':
    case 'starting':
      return 'running';
    case 'crashed':
    case 'restoring':
      return 'crashed';
    case 'failed':
    case 'stopped':
      return 'stopped';
  }
}

function renumbered(entries: readonly ShownEntry[], first: number): Entry[] {
  return entries.map(({ term, kind, label }, place) => ({
    term,
    index: first + place,
    kind,
    command: kind === 'command' ? label : '',
  }));
}

function lastTermOf({ base, entries }: ShownLog): number {
  return entries.at(-1)?.term ?? base.term;
}

function lastOf({ base, entries }: ShownLog): number {
  return base.index + entries.length;
}
