import type { ServerSample, ServerView, HealthVerdict } from './sample.js';

/** A server is told to be behind from here on. */
const LAG_ENTRIES = 1_000;
const LAG_SECONDS = 5;
/** A disk is told to be nearly full from here on. */
const FREE_BYTES = 512 * 1024 * 1024;
/** An election takes less than this, unless something is wrong. */
const ELECTION_MS = 5_000;
/** A stall of the event loop is told from here on: the heartbeats of a leader come more often. */
const STALL_MS = 250;
/** A part of the memory for files and keys that deserves a word. */
const NEARLY_FULL = 0.9;

type Sample = Omit<ServerSample, 'readings' | 'elections'>;

/** The part of a `ClusterSample` that a verdict is made from. */
interface Evidence {
  readonly servers: readonly ServerView[];
  /** For how long nobody has led, as far as the collector has seen; null while somebody does. */
  readonly leaderlessMs: number | null;
}

/** The servers by what they are good for. */
interface Standing {
  readonly all: readonly ServerView[];
  /** They run, whether or not anybody hears them. */
  readonly up: readonly Sample[];
  /** They run, and the leader (or, without one, anybody) hears them and is heard. */
  readonly inTouch: readonly Sample[];
  /** Held down by the crash hook. */
  readonly crashed: readonly number[];
  /** They do not answer, or have failed. */
  readonly gone: readonly ServerView[];
  /** They were told to ignore everybody else, whether or not they run. */
  readonly isolated: readonly number[];
  readonly majority: number;
  readonly leader: Sample | undefined;
}

/** How the cluster is and what to do next, in words. */
export function verdictOf(evidence: Evidence): HealthVerdict {
  const standing = standingOf(evidence.servers);
  const unasked = evidence.servers.filter(({ sample, failure }) => sample === null && failure === null);
  const notes = notesOf(standing);
  if (standing.leader !== undefined) return led(standing, standing.leader, unasked, notes);
  if (standing.inTouch.length >= standing.majority) return noLeader(standing, evidence.leaderlessMs, notes);
  if (unasked.length > 0) return { level: 'unknown', headline: asking(unasked), next: null, notes };
  return noMajority(standing, notes);
}

/** Whether somebody leads, and a majority has answered it a short while ago. */
export function isLed(servers: readonly ServerView[]): boolean {
  return standingOf(servers).leader !== undefined;
}

function standingOf(all: readonly ServerView[]): Standing {
  const answering = all.filter(({ failure }) => failure === null);
  const samples = answering.flatMap(({ sample }) => sample ?? []);
  const up = samples.filter(({ lifecycle }) => lifecycle === 'running');
  const crashed = samples.flatMap(({ id, lifecycle }) =>
    lifecycle === 'crashed' || lifecycle === 'restoring' ? id : [],
  );
  const gone = all.filter(
    ({ id, sample, failure }) =>
      failure !== null || (sample !== null && !crashed.includes(id) && sample.lifecycle !== 'running'),
  );
  const isolated = samples
    .filter(({ unreachableFrom }) => all.length > 1 && unreachableFrom.length === all.length - 1)
    .map(({ id }) => id);
  const leaders = up.filter(({ role, hasQuorum }) => role === 'leader' && hasQuorum);
  const [leader] = leaders.sort((a, b) => b.term - a.term);
  const inTouch = up.filter((sample) =>
    leader === undefined ? !isolated.includes(sample.id) : hearEachOther(leader, sample),
  );
  const majority = Math.floor(all.length / 2) + 1;
  return { all, up, inTouch, crashed, gone, isolated, majority, leader };
}

function hearEachOther(one: Sample, other: Sample): boolean {
  return !one.unreachableFrom.includes(other.id) && !other.unreachableFrom.includes(one.id);
}

function led(
  standing: Standing,
  leader: Sample,
  unasked: readonly ServerView[],
  notes: string[],
): HealthVerdict {
  const { all, up, inTouch, majority } = standing;
  const leads = `server ${leader.id} leads in term ${leader.term}`;
  if (unasked.length > 0)
    return { level: 'unknown', headline: `${leads}; ${asking(unasked)}`, next: null, notes };
  const present = inTouch.length;
  const verb = present < up.length ? 'in touch' : present === 1 ? 'answers' : 'answer';
  const spare = Math.max(0, present - majority);
  const level = present === all.length && notes.length === 0 ? 'healthy' : 'degraded';
  const headline = `${level}: ${leads}, ${present} of ${all.length} ${verb}, ${mayFail(spare, all.length)}`;
  return { level, headline, next: sentence(repairs(standing)), notes };
}

function noMajority(standing: Standing, notes: string[]): HealthVerdict {
  const { all, up, inTouch, majority } = standing;
  const present = inTouch.length;
  const calls = callsOf(up);
  const headline = `no majority: ${calls === 0 ? 'nothing can be written or read' : waitingText(calls)}`;
  const missing = missingOf(standing);
  const needed = majority - present;
  const step =
    needed < missing.ids.length
      ? `${missing.verb} ${numberWord(needed)} of ${missing.ids.join(', ')}`
      : repairs(standing).join('; ');
  const next = `${step} (${majority} of ${all.length} are needed, ${numberWord(present)} ${present === 1 ? 'is' : 'are'} there)`;
  return { level: 'down', headline, next, notes };
}

function noLeader(standing: Standing, leaderlessMs: number | null, notes: string[]): HealthVerdict {
  const { up, inTouch, all } = standing;
  const since = leaderlessMs === null ? '' : ` for ${(leaderlessMs / 1000).toFixed(1)} s`;
  const headline = `no leader${since}: ${inTouch.length} of ${all.length} answer, ${waitingText(callsOf(up))}`;
  const wait = 'wait: a majority answers, and an election takes about a second';
  const stuck = 'look at the logs of the servers: a majority answers, so an election should be over';
  const isLong = (leaderlessMs ?? 0) > ELECTION_MS;
  return { level: 'down', headline, next: isLong ? (sentence(repairs(standing)) ?? stuck) : wait, notes };
}

/** The servers that do not count, and what brings any of them back. */
function missingOf({ up, crashed, gone, isolated }: Standing): {
  readonly ids: readonly number[];
  readonly verb: string;
} {
  const deaf = up.flatMap(({ id }) => (isolated.includes(id) ? id : []));
  const verbs = [
    ...(crashed.length > 0 ? ['restore'] : []),
    ...(gone.length > 0 ? ['start'] : []),
    ...(deaf.length > 0 ? ['heal'] : []),
  ];
  const ids = [...crashed, ...gone.map(({ id }) => id), ...deaf].sort((a, b) => a - b);
  return { ids, verb: verbs.join(' or ') };
}

/** All that would make the cluster whole. */
function repairs({ up, crashed, gone, isolated }: Standing): string[] {
  const steps: string[] = [];
  const failed = gone.filter(({ sample, failure }) => failure === null && sample?.lifecycle === 'failed');
  const ended = gone.filter(({ failure }) => failure?.includes('refused') === true);
  const silent = gone.filter((view) => !failed.includes(view) && !ended.includes(view));
  if (crashed.length > 0) steps.push(`restore ${serverNames(crashed)}`);
  if (ended.length > 0) steps.push(`start ${serverNames(ended.map(({ id }) => id))}`);
  if (silent.length > 0) steps.push(`see why ${serverNames(silent.map(({ id }) => id))} is silent`);
  if (failed.length > 0)
    steps.push(`look at the log of ${serverNames(failed.map(({ id }) => id))} and start it anew`);
  const cut = [
    ...isolated,
    ...up.filter((sample) => ignoredBy(sample, isolated).length > 0).map(({ id }) => id),
  ];
  if (cut.length > 0) steps.push(`heal ${serverNames(cut)}`);
  return steps;
}

/** Whom a server ignores, apart from those that are cut off from everybody. */
function ignoredBy({ id, unreachableFrom }: Sample, isolated: readonly number[]): number[] {
  return isolated.includes(id) ? [] : unreachableFrom.filter((other) => !isolated.includes(other));
}

function notesOf({ all, up, crashed, gone, isolated, leader }: Standing): string[] {
  const notes = crashed.map((id) => `server ${id} is held down by its crash hook`);
  for (const { id, failure, sample } of gone)
    notes.push(`server ${id} does not answer: ${failure ?? `it is ${sample?.lifecycle ?? 'gone'}`}`);
  for (const id of isolated) notes.push(`server ${id} is cut off: it was told to ignore everybody else`);
  for (const sample of up) {
    const ignored = ignoredBy(sample, isolated);
    if (ignored.length > 0) notes.push(`server ${sample.id} ignores ${ignored.join(', ')}: it was told to`);
    for (const { reason } of sample.estranged) notes.push(`server ${sample.id}: ${reason}`);
    if (sample.isLearner) notes.push(`server ${sample.id} has a new directory and does not count yet`);
  }
  if (leader !== undefined) notes.push(...notesBehind(leader, all));
  notes.push(...up.flatMap(notesOfResources));
  const versions = [...new Set(up.map(({ version }) => version))];
  if (versions.length > 1) notes.push(`the servers run different versions: ${versions.join(', ')}`);
  return notes;
}

/** Those that lag, and those that do not know yet that another one leads. */
function notesBehind(leader: Sample, all: readonly ServerView[]): string[] {
  return all.flatMap(({ id, lag, sample, failure }) => {
    if (failure !== null || sample?.lifecycle !== 'running' || id === leader.id) return [];
    if (sample.role === 'leader' && sample.term < leader.term)
      return [
        `server ${id} still takes itself for the leader of term ${sample.term}; it reaches no majority`,
      ];
    if (lag !== null && lag.entries > 0 && (lag.entries >= LAG_ENTRIES || lag.seconds >= LAG_SECONDS))
      return [`server ${id} is ${count(lag.entries)} entries behind (${lag.seconds.toFixed(0)} s)`];
    return [];
  });
}

function notesOfResources({ id, disk, eventLoopMs, stateBytes, stateBytesMax }: Sample): string[] {
  const notes: string[] = [];
  const free = disk?.freeBytes ?? null;
  if (free !== null && free < FREE_BYTES)
    notes.push(`server ${id} has ${Math.floor(free / 1024 / 1024)} MiB left in ${disk?.directory ?? ''}`);
  if (eventLoopMs !== null && eventLoopMs >= STALL_MS)
    notes.push(`server ${id} stalls: its event loop was late by ${Math.round(eventLoopMs)} ms`);
  if (stateBytes >= stateBytesMax * NEARLY_FULL)
    notes.push(`server ${id} is nearly full: files and keys take ${percent(stateBytes, stateBytesMax)}`);
  return notes;
}

function callsOf(up: readonly Sample[]): number {
  return up.reduce((sum, { waiting }) => sum + waiting.calls, 0);
}

function waitingText(calls: number): string {
  if (calls === 0) return 'no call waits';
  return calls === 1 ? '1 call waits' : `${count(calls)} calls wait`;
}

function mayFail(spare: number, size: number): string {
  if (size === 1) return 'and it is alone: it must not fail';
  if (spare === 0) return 'no more may fail';
  return `${numberWord(spare)} more may fail`;
}

function asking(views: readonly ServerView[]): string {
  return `asking ${serverNames(views.map(({ id }) => id))} ...`;
}

/** `server 1`, `servers 1 and 2`, `servers 0, 1 and 2`. */
function serverNames(ids: readonly number[]): string {
  const sorted = [...ids].sort((a, b) => a - b).map(String);
  const last = sorted.pop() ?? '';
  return sorted.length === 0 ? `server ${last}` : `servers ${sorted.join(', ')} and ${last}`;
}

function sentence(steps: readonly string[]): string | null {
  return steps.length === 0 ? null : steps.join('; ');
}

const words = ['none', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];

function numberWord(value: number): string {
  return words[value] ?? String(value);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function percent(part: number, whole: number): string {
  return `${Math.round((100 * part) / whole)} % of what they may`;
}
