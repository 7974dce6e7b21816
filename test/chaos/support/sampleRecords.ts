import type {
  CheckResult,
  FaultSpan,
  RunOperation,
  RunRecord,
  VerdictName,
} from '../../../chaos/runRecord.js';
import { Prng } from '../../../src/sim/prng.js';
import { calls, elections, faults, samples, steps } from './sampleRun.js';

// Runs that never happened, made up so that the report has everything to show. Equal seeds make equal records.

const passed: Readonly<Record<VerdictName, string>> = {
  linearizable: 'Every history of a file has an order that explains all replies (14 files).',
  'nothing acknowledged is lost': 'All acknowledged updates are in the map at the end.',
  'no lost and no doubled element': 'Each element is in its list once, on all servers.',
  'calls are answered': 'All calls of a leader with a majority came to a result.',
  'nothing is answered without a majority': 'No server without a majority gave a result.',
  'one leader per term': 'No term had two leaders.',
  'one leader at a time': 'One leadership came after the other.',
  'a leader within 5 s': 'The slowest of the elections took less than 5 s.',
  'crashed servers stand still': 'No crashed server moved its commit index.',
  'blocked calls finish': 'All calls that were blocked without a majority finished after it came back.',
  'replicas are equal': 'All servers ended with the same map.',
  'few messages when idle': 'The idle cluster sent 41 messages a second, as expected of heartbeats.',
  'the story goes as expected': 'Every step did what it was to show.',
};

const names = Object.keys(passed) as VerdictName[];

export function checks(changes: Partial<Record<VerdictName, Partial<CheckResult>>> = {}): CheckResult[] {
  return names.map((name) => ({
    name,
    verdict: 'pass',
    summary: passed[name],
    details: [],
    ...changes[name],
  }));
}

/** A record without anything in it. */
export function emptyRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    format: 1,
    program: 'surfstore-chaos 0.1.0',
    scenario: 'nothing',
    shows: 'Nothing at all.',
    seed: 1,
    command: 'npm run chaos -- --scenario nothing --seed 1',
    startedAt: '2026-05-04T10:00:00.000Z',
    durationMs: 0,
    servers: [{ id: 0, address: 'localhost:9000' }],
    clients: 0,
    kvClients: 0,
    managed: true,
    durable: false,
    steps: [],
    faults: [],
    samples: [],
    elections: [],
    checks: [],
    operations: [],
    ...changes,
  };
}

/** A minute in which everything is done to five servers, and all is well. */
export function passingRecord(pauseMs = 12): RunRecord {
  return emptyRecord({
    scenario: 'rolling leaders, then a lost majority',
    shows:
      'Whoever leads is taken away, and for eight seconds there is no majority: calls block, none is lost, and every election is over within 5 s.',
    seed: 42,
    command: 'npm run chaos -- --managed --servers 5 --scenario rolling-leaders --seed 42 --duration 60s',
    durationMs: 60_000,
    servers: [0, 1, 2, 3, 4].map((id) => ({ id, address: `localhost:${9000 + id}` })),
    clients: 8,
    durable: true,
    steps,
    faults,
    samples: samples(5),
    elections,
    checks: checks({
      'a leader within 5 s': {
        details: elections.map(({ to, term }) => `server ${to} was elected in term ${term}`),
      },
    }),
    operations: calls(42, 60_000, 8, pauseMs),
  });
}

/** The same minute, but a server that was cut off answered a read with what it had. */
export function failingRecord(): RunRecord {
  const record = passingRecord();
  const first = record.operations.length;
  const bad: RunOperation[] = [
    {
      id: first,
      client: 'client 3',
      invokedAt: 19_790,
      returnedAt: 19_812,
      kind: 'update',
      file: 'notes.txt',
      version: 7,
      content: '["h7"]',
      outcome: { status: 'ok', applied: true },
      server: 0,
      attempts: 2,
    },
    {
      id: first + 1,
      client: 'client 5',
      invokedAt: 19_818,
      returnedAt: 19_824,
      kind: 'readFile',
      file: 'notes.txt',
      outcome: { status: 'ok', version: 7, content: '["h7"]' },
      server: 0,
      attempts: 1,
    },
    {
      id: first + 2,
      client: 'client 1',
      invokedAt: 19_831,
      returnedAt: 19_836,
      kind: 'readFile',
      file: 'notes.txt',
      outcome: { status: 'ok', version: 6, content: '["h6"]' },
      server: 2,
      attempts: 1,
    },
  ];
  return {
    ...record,
    scenario: 'a partitioned leader',
    shows: 'A leader that is cut off must not answer reads: the others may have moved on.',
    checks: checks({
      linearizable: {
        verdict: 'fail',
        summary: `Read #${first + 2} saw version 6 of "notes.txt" from server 2, which was cut off, after read #${first + 1} had seen version 7.`,
        details: [
          `update #${first} was acknowledged for version 7 of "notes.txt" by 19812`,
          `read #${first + 2} saw version 6 of "notes.txt" though invoked at 19831`,
        ],
        operations: [first, first + 1, first + 2],
      },
      'a leader within 5 s': {
        verdict: 'fail',
        summary: 'One of 6 elections took longer than 5 s: 5.64 s.',
        details: ['from 53.00 s to 58.64 s there was a majority and no leader'],
      },
      'few messages when idle': { verdict: 'unknown', summary: 'The cluster was never idle.' },
    }),
    elections: [...elections, { neededAt: 53_000, electedAt: 58_640, from: 3, to: 0, term: 9 }],
    operations: [...record.operations, ...bad],
  };
}

/** A short run in which not everything could be decided. */
export function unknownRecord(): RunRecord {
  const record = passingRecord(60);
  return {
    ...record,
    scenario: 'random',
    shows: 'Whatever the seed draws.',
    seed: 7,
    managed: false,
    durable: false,
    checks: checks({
      linearizable: {
        verdict: 'unknown',
        summary: 'The search for an order was given up after 30 s.',
        details: ['file "lecture-3.pdf": 212 operations, 31 of them open'],
      },
      'few messages when idle': { verdict: 'unknown', summary: 'The cluster was never idle.' },
    }),
  };
}

/** A minute with very many operations. */
export function largeRecord(operations: number): RunRecord {
  const base = passingRecord(60);
  const draws = new Prng(3);
  const many = Array.from({ length: operations }, (_, id): RunOperation => {
    const invokedAt = draws.next() * 60_000;
    const latency = Math.exp(draws.next() * draws.next() * 7);
    const who = { id, client: `client ${id % 64}`, server: id % 5, attempts: 1, file: `file ${id % 100}` };
    if (draws.chance(0.02)) {
      return { ...who, kind: 'readVersion', invokedAt, returnedAt: null, outcome: { status: 'unknown' } };
    }
    return {
      ...who,
      kind: 'readVersion',
      invokedAt,
      returnedAt: invokedAt + latency,
      outcome: draws.chance(0.03) ? { status: 'failed', reason: 'overloaded' } : { status: 'ok', version: 3 },
    };
  });
  return { ...base, operations: many };
}

/** Two hours of ten servers that are crashed in turn, with operations on keys too. */
export function longRecord(): RunRecord {
  const draws = new Prng(11);
  const durationMs = 7_200_000;
  const everyMs = 20_000;
  const rounds = Math.floor(durationMs / everyMs);
  const crashes = Array.from({ length: rounds }, (_, round): FaultSpan => {
    const startedAt = round * everyMs + 5000;
    return { server: round % 10, kind: 'crash', startedAt, endedAt: startedAt + 8000 };
  });
  const operations = Array.from({ length: 30_000 }, (_, id): RunOperation => {
    const invokedAt = draws.next() * (durationMs - 10_000);
    const who = { id, client: `client ${id % 16}`, server: id % 10, attempts: 1, key: `key ${id % 9}` };
    const returnedAt = invokedAt + 2 + draws.next() * draws.next() * 300;
    switch (draws.between(0, 2)) {
      case 0:
        return {
          ...who,
          kind: 'kvPut',
          value: { a: [1, 2] },
          invokedAt,
          returnedAt,
          outcome: { status: 'ok' },
        };
      case 1:
        return { ...who, kind: 'kvAppend', value: id, invokedAt, returnedAt, outcome: { status: 'ok' } };
      default:
        return { ...who, kind: 'kvGet', invokedAt, returnedAt, outcome: { status: 'ok', value: [1, null] } };
    }
  });
  return emptyRecord({
    scenario: 'endurance',
    shows: 'Nothing wears out in two hours.',
    durationMs,
    clients: 16,
    servers: Array.from({ length: 10 }, (_, id) => ({ id, address: `server-${id}.example.org:9000` })),
    faults: crashes,
    steps: crashes.map(({ server, startedAt }) => ({ at: startedAt, text: `crash server ${server}` })),
    elections: crashes.map(({ server, startedAt }, round) => ({
      neededAt: startedAt,
      electedAt: startedAt + draws.between(300, 2500),
      from: server,
      to: (server + 1) % 10,
      term: round + 1,
    })),
    samples: crashes.flatMap(({ startedAt }, round) =>
      Array.from({ length: 10 }, (_, server) => ({
        server,
        at: startedAt + 2500,
        role: server === (round + 1) % 10 ? ('leader' as const) : ('follower' as const),
        crashed: server === round % 10,
        term: round + 1,
        leader: (round + 1) % 10,
        commitIndex: round,
      })),
    ),
    checks: checks(),
    operations,
  });
}
