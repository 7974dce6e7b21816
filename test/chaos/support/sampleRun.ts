import type { Election, FaultSpan, RunOperation, StatusSample, Step } from '../../../chaos/runRecord.js';
import { Prng } from '../../../src/sim/prng.js';

// The minute of the sample records: what was done to five servers, what they said, and what their clients saw.

/** Who leads, from when until it is lost. A next one is needed at `neededAt`. */
interface Reign {
  readonly leader: number;
  readonly term: number;
  readonly from: number;
  readonly until: number;
  readonly neededAt: number;
}

const reigns: readonly Reign[] = [
  { leader: 1, term: 1, from: 420, until: 8000, neededAt: 0 },
  { leader: 2, term: 2, from: 8830, until: 18_000, neededAt: 8000 },
  { leader: 0, term: 4, from: 19_710, until: 27_000, neededAt: 18_000 },
  { leader: 4, term: 5, from: 35_640, until: 46_000, neededAt: 35_000 },
  { leader: 3, term: 7, from: 48_320, until: 60_000, neededAt: 46_000 },
];

export const faults: readonly FaultSpan[] = [
  { server: 1, kind: 'crash', startedAt: 8000, endedAt: 14_000 },
  { server: 2, kind: 'unreachable', startedAt: 18_000, endedAt: 24_000, from: [0, 1, 3, 4] },
  { server: 0, kind: 'crash', startedAt: 27_000, endedAt: 40_000 },
  { server: 1, kind: 'crash', startedAt: 27_000, endedAt: 36_000 },
  { server: 3, kind: 'kill', startedAt: 27_400, endedAt: 35_000 },
  { server: 4, kind: 'pause', startedAt: 46_000, endedAt: 52_000 },
  { server: 2, kind: 'unreachable', startedAt: 47_000, endedAt: 51_000, from: [0] },
  { server: 1, kind: 'crash', startedAt: 57_500, endedAt: null },
];

export const steps: readonly Step[] = [
  { at: 0, text: 'start five servers and eight clients' },
  { at: 8000, text: 'crash the leader (server 1)' },
  { at: 14_000, text: 'restore server 1' },
  { at: 18_000, text: 'cut the leader (server 2) off from everybody' },
  { at: 24_000, text: 'heal the partition of server 2' },
  { at: 27_000, text: 'crash the leader (server 0) and server 1' },
  { at: 27_400, text: 'kill server 3: the majority is lost, calls must block' },
  { at: 35_000, text: 'start server 3 again: a majority is up' },
  { at: 36_000, text: 'restore server 1' },
  { at: 40_000, text: 'restore server 0' },
  { at: 46_000, text: 'stop the leader (server 4) with SIGSTOP' },
  { at: 47_000, text: 'cut server 2 off from server 0, one way' },
  { at: 51_000, text: 'heal server 2' },
  { at: 52_000, text: 'let server 4 go on' },
  { at: 57_500, text: 'crash server 1 and leave it' },
];

export const elections: readonly Election[] = reigns.map(({ leader, term, from, neededAt }, index) => ({
  neededAt,
  electedAt: from,
  from: reigns[index - 1]?.leader ?? null,
  to: leader,
  term,
}));

/** The servers' statuses, every half second and around each election. */
export function samples(servers: number): StatusSample[] {
  const found: StatusSample[] = [];
  for (let at = 100; at < 60_000; at += 100) {
    for (let server = 0; server < servers; server += 1) {
      const down = faults.find(
        (fault) => fault.server === server && fault.startedAt <= at && at < (fault.endedAt ?? Infinity),
      );
      const dead = down?.kind === 'kill' || down?.kind === 'pause';
      const alone = down?.kind === 'unreachable' && (down.from?.length ?? 0) > 1;
      const reign = reigns.findLast(
        ({ from }) => from <= (alone || down?.kind === 'crash' ? down.startedAt : at),
      );
      const next = reigns.find(({ from, neededAt }) => neededAt <= at && at < from);
      const stands =
        next !== undefined && down === undefined && next.leader === server && at > next.from - 300;
      const asks = next?.term === 7 && down === undefined && server === 0 && at > next.from - 900;
      const leads = reign?.leader === server && (at < reign.until || alone);
      found.push({
        server,
        at,
        role: dead ? 'none' : stands ? 'candidate' : asks ? 'preCandidate' : leads ? 'leader' : 'follower',
        crashed: down?.kind === 'crash',
        term: stands ? next.term : (reign?.term ?? 0),
        leader: reign?.leader ?? null,
        commitIndex: at,
      });
    }
  }
  return found;
}

const noMajority = { from: 27_400, to: 35_640 } as const;

/** Eight clients that call one after the other, from the beginning to the end. */
export function calls(seed: number, durationMs: number, clients: number, pauseMs: number): RunOperation[] {
  const draws = new Prng(seed);
  const made: RunOperation[] = [];
  const next = Array.from({ length: clients }, () => draws.next() * 50);
  const versions = new Map<string, number>();
  for (;;) {
    const client = next.indexOf(next.reduce((one, other) => Math.min(one, other)));
    const invokedAt = Math.round((next[client] ?? 0) * 100) / 100;
    if (invokedAt >= durationMs) return made.sort((one, other) => one.id - other.id);
    const made1 = call(draws, made.length, client, invokedAt, versions);
    made.push(made1);
    next[client] = (made1.returnedAt ?? invokedAt + 2000) + pauseMs * (0.5 + draws.next());
  }
}

function call(
  draws: Prng,
  id: number,
  client: number,
  invokedAt: number,
  versions: Map<string, number>,
): RunOperation {
  const file = `lecture-${draws.between(1, 14)}.pdf`;
  const reign = reigns.find(({ neededAt, from }) => neededAt <= invokedAt && invokedAt < from);
  const lost = noMajority.from <= invokedAt && invokedAt < noMajority.to;
  const quick = 1.2 * Math.exp(draws.next() * draws.next() * 4);
  const waits = lost ? noMajority.to - invokedAt : reign === undefined ? 0 : reign.from - invokedAt;
  const returnedAt =
    Math.round((invokedAt + quick + waits + (waits > 0 ? draws.next() * 120 : 0)) * 100) / 100;
  const who = { id, client: `client ${client}`, invokedAt, server: reign?.leader ?? draws.between(0, 4) };
  const attempts = waits > 0 ? draws.between(2, 9) : 1;
  const version = versions.get(file) ?? 0;
  const kind = draws.pick(['update', 'update', 'readFile', 'readVersion', 'readMap'] as const);
  if (waits > 0 && draws.chance(0.12)) {
    const gaveUp = draws.chance(0.5);
    const outcome = {
      status: 'unknown',
      reason: gaveUp ? 'no answer in 2 s' : 'the connection broke',
    } as const;
    const at = gaveUp ? null : invokedAt + Math.min(waits, draws.between(5, 400));
    return {
      ...who,
      attempts,
      kind: 'update',
      file,
      version: version + 1,
      content: '["h1"]',
      returnedAt: at,
      outcome,
    };
  }
  if (draws.chance(waits > 0 ? 0.3 : 0.004)) {
    const reason = draws.pick(['not the leader', 'server is crashed', 'overloaded']);
    const outcome = { status: 'failed', reason } as const;
    return { ...who, attempts, kind: 'readFile', file, returnedAt: invokedAt + quick, outcome };
  }
  switch (kind) {
    case 'update': {
      const applied = !draws.chance(0.02);
      if (applied) versions.set(file, version + 1);
      const outcome = { status: 'ok', applied } as const;
      return {
        ...who,
        attempts,
        kind,
        file,
        version: version + 1,
        content: `["h${version + 1}"]`,
        returnedAt,
        outcome,
      };
    }
    case 'readFile':
      return {
        ...who,
        attempts,
        kind,
        file,
        returnedAt,
        outcome: { status: 'ok', version, content: version === 0 ? null : `["h${version}"]` },
      };
    case 'readVersion':
      return { ...who, attempts, kind, file, returnedAt, outcome: { status: 'ok', version } };
    case 'readMap':
      return {
        ...who,
        attempts,
        kind,
        returnedAt,
        outcome: {
          status: 'ok',
          files: Object.fromEntries(
            [...versions].map(([name, at]) => [name, { version: at, content: '["h"]' }]),
          ),
        },
      };
  }
}
