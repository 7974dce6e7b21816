import { expect } from 'chai';
import type { Entry } from '../../src/raft/types.js';
import { contentsOf, isAsReference, Reference } from '../../src/sim/effects.js';
import { isExplainedBy, type Placed } from '../../src/sim/judge.js';
import { Prng } from '../../src/sim/prng.js';
import {
  encodeAppend,
  encodeOpenSession,
  encodePut,
  encodeRaiseEpoch,
  encodeUpdateFile,
  sessionIn,
  SINGLE,
  type CommandResult,
  type RequestId,
} from '../../src/stateMachine/command.js';
import { ServiceState } from '../../src/stateMachine/serviceState.js';
import type { KeyOperation } from '../../src/verify/index.js';

const SEEDS = 60;
const ENTRIES = 150;

/** Few names and few sessions, so that everything meets everything. */
function drawCommand(random: Prng, number: number, sessions: readonly string[], epoch: number): string {
  const near = epoch + random.pick([-1, 0, 0, 1]);
  const request: RequestId | undefined = random.chance(0.8)
    ? random.chance(0.3)
      ? { clientId: random.pick(['n1', 'n2', 'n3', 'n4']), sequence: SINGLE }
      : { clientId: random.pick([...sessions.slice(-5), 'c']), sequence: random.pick([1, 1, 1, 2, 2, 3, 4]) }
    : undefined;
  const item = `i${random.chance(0.3) ? 0 : number}${random.chance(0.1) ? '.'.repeat(5_000) : ''}`;
  const key = `k${random.between(1, 2)}`;
  return random.pick([
    () => encodeUpdateFile('f', random.between(1, 4), item, request),
    () => encodeUpdateFile('f', random.between(1, 4), item, request, near),
    () => encodeRaiseEpoch(near),
    () => encodePut(key, random.pick([item, [item]]), request),
    () => encodeAppend(key, [item], request),
    () => encodeAppend(key, [item], request),
  ])();
}

function entryOf(random: Prng, index: number, sessions: readonly string[], epoch: number): Entry {
  if (random.chance(0.1)) return { index, term: 1, kind: 'noop', command: '' };
  const command = random.chance(0.1) ? encodeOpenSession() : drawCommand(random, index, sessions, epoch);
  return { index, term: 1, kind: 'command', command };
}

/** Loaded from a snapshot during whose reading other entries are applied. */
class Restored {
  private readonly chunks;
  private readonly read: string[] = [];
  readonly state: ServiceState;

  constructor(
    origin: ServiceState,
    sessionsMax: number,
    private readonly lastApplied = origin.lastApplied,
  ) {
    this.state = new ServiceState(sessionsMax);
    this.chunks = origin.snapshot(1);
  }

  readOne(): boolean {
    const { value, done } = this.chunks.next();
    if (value !== undefined) this.read.push(value);
    return done !== true;
  }

  finish(): ServiceState {
    while (this.readOne());
    const loader = this.state.load();
    for (const chunk of this.read) loader.add(chunk);
    loader.install(this.lastApplied);
    return this.state;
  }
}

describe('the reference of the simulator', () => {
  it('and the state machine make the same of any log, also from a snapshot in the middle', () => {
    const results = new Set<CommandResult>();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const random = new Prng(seed);
      const sessionsMax = random.pick([1, 2, 3, 100]);
      const reference = new Reference(sessionsMax);
      const state = new ServiceState(sessionsMax);
      const begunAt = random.between(1, ENTRIES - 50);
      const later: Entry[] = [];
      let restored: Restored | undefined;
      const sessions: string[] = [];
      for (let index = 1; index <= ENTRIES; index += 1) {
        const entry = entryOf(random, index, sessions, state.epoch.current);
        const result = state.apply(entry);
        expect(result, `seed ${seed}, ${entry.command}`).to.equal(reference.apply(entry).result);
        expect(isAsReference(state, reference), `seed ${seed}, entry ${index}`).to.equal(true);
        const sessionId = sessionIn(result);
        if (sessionId === undefined) results.add(result);
        else sessions.push(sessionId);
        if (restored !== undefined) later.push(entry);
        if (index === begunAt) restored = new Restored(state, sessionsMax);
        if (random.chance(0.3)) restored?.readOne();
      }
      const copy = restored?.finish();
      for (const entry of later) copy?.apply(entry);
      expect(copy === undefined ? '' : contentsOf(copy), `seed ${seed}`).to.equal(contentsOf(state));
    }
    expect([...results].sort()).to.deep.equal([
      'applied',
      'epochMoved',
      'none',
      'notAList',
      'refused',
      'reused',
      'sessionExpired',
      'stale',
    ]);
  });

  it('tells an effect from a remembered result', () => {
    const reference = new Reference(1);
    const append = encodeAppend('k', ['i'], { clientId: '1', sequence: 1 });
    const entry = (index: number, command = append): Entry => ({ index, term: 1, kind: 'command', command });
    expect(reference.apply(entry(1, encodeOpenSession()))).to.deep.equal({
      result: 'opened:1',
      isEffective: false,
    });
    expect(reference.apply(entry(2))).to.deep.equal({ result: 'applied', isEffective: true });
    expect(reference.apply(entry(3))).to.deep.equal({ result: 'applied', isEffective: false });
  });
});

describe('the order of the log', () => {
  let id = 0;
  const timed = (
    invokedAt: number,
    returnedAt: number,
  ): Pick<KeyOperation, 'id' | 'client' | 'invokedAt'> & {
    readonly returnedAt: number;
    readonly key: string;
  } => ({ id: (id += 1), client: 'c', key: 'k', invokedAt, returnedAt });
  const done = { status: 'ok' } as const;
  const append = (value: string, at: readonly [number, number], place: number | undefined): Placed => ({
    operation: { ...timed(...at), kind: 'kvAppend', value, outcome: done },
    place,
  });
  const remove = (existed: boolean, at: readonly [number, number], place?: number): Placed => ({
    operation: { ...timed(...at), kind: 'kvDelete', outcome: { ...done, existed } },
    place,
  });
  const get = (value: readonly string[] | undefined, at: readonly [number, number]): Placed => ({
    operation: {
      ...timed(...at),
      kind: 'kvGet',
      outcome: value === undefined ? done : { ...done, value },
    },
    place: undefined,
  });

  const explained: readonly (readonly [string, readonly Placed[]])[] = [
    ['nothing', []],
    [
      'that there is no key, before the first write and after the delete',
      [
        get(undefined, [0, 1]),
        append('a', [2, 3], 0),
        remove(true, [4, 5], 1),
        get(undefined, [6, 7]),
        remove(false, [8, 9]),
        append('b', [10, 11], 2),
        get(['b'], [12, 13]),
      ],
    ],
    [
      'a read of no key that began before the write and ended after the delete',
      [append('a', [0, 3], 0), get(undefined, [1, 9]), remove(true, [4, 5], 1), get(undefined, [6, 7])],
    ],
    ['a read before the first write', [get(undefined, [0, 1]), append('a', [2, 3], 0)]],
    [
      'writes at the same time in either order',
      [append('a', [0, 5], 1), append('b', [0, 5], 0), get(['b', 'a'], [6, 7])],
    ],
    [
      'a read at the time of the write, before or after it',
      [append('a', [0, 9], 0), get(undefined, [1, 2]), get(['a'], [3, 4])],
    ],
    [
      'a write of unknown outcome that took effect after it was given up',
      [
        {
          operation: { ...timed(0, 1), kind: 'kvAppend', value: 'a', outcome: { status: 'unknown' } },
          place: 0,
        },
        get(undefined, [2, 3]),
        get(['a'], [4, 5]),
      ],
    ],
  ];
  for (const [what, placed] of explained)
    it(`explains ${what}`, () => {
      expect(isExplainedBy(placed)).to.equal(true);
    });

  const unexplained: readonly (readonly [string, readonly Placed[]])[] = [
    [
      'a read of no key between write and delete',
      [append('a', [0, 1], 0), get(undefined, [2, 3]), remove(true, [4, 5], 1)],
    ],
    ['a read of what was deleted', [append('a', [0, 1], 0), remove(true, [2, 3], 1), get(['a'], [4, 5])]],
    ['a delete that found nothing where something was', [append('a', [0, 1], 0), remove(false, [2, 3])]],
    ['a delete of something where nothing was', [remove(true, [0, 1], 0)]],
    ['a stale read', [append('a', [0, 1], 0), get(undefined, [2, 3])]],
    ['a read of the future', [get(['a'], [0, 1]), append('a', [2, 3], 0)]],
    ['a step back', [append('a', [0, 9], 0), get(['a'], [1, 2]), get(undefined, [3, 4])]],
    ['writes against the order of their calls', [append('a', [0, 1], 1), append('b', [2, 3], 0)]],
    ['an acknowledged write that is not in the log', [append('a', [0, 1], undefined)]],
    ['a list that no write made', [append('a', [0, 1], 0), get(['b'], [2, 3])]],
    ['an item that is there twice', [append('a', [0, 1], 0), get(['a', 'a'], [2, 3])]],
    [
      'a failed write in the log',
      [
        {
          operation: { ...timed(0, 1), kind: 'kvAppend', value: 'a', outcome: { status: 'failed' } },
          place: 0,
        },
      ],
    ],
  ];
  for (const [what, placed] of unexplained)
    it(`does not explain ${what}`, () => {
      expect(isExplainedBy(placed)).to.equal(false);
    });
});
