import { expect } from 'chai';
import fc from 'fast-check';
import {
  encodeCommand,
  SINGLE,
  type KeyValueChange,
  type ChangeResult,
  type Command,
  type CommandResult,
} from '../../../src/stateMachine/command.js';
import { CopyOnWriteMap } from '../../../src/stateMachine/copyOnWriteMap.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { USES_PER_WALK, Sessions, SESSIONS_MAX } from '../../../src/stateMachine/sessions.js';
import { append, apply, numbered, opened, openSession, put } from './serviceStates.js';

function update(name: string, version: number): KeyValueChange {
  return { type: 'updateFile', name, version, hashList: [`${name}${version}`] };
}

/** A request of a session, by its number. */
function used(clientId: string, sequence: number): Command {
  return numbered(clientId, sequence, append('used', `${clientId}${sequence}`));
}

describe('sessions', () => {
  describe('a retry', () => {
    it('of an append has its result and no second effect', () => {
      const state = new ServiceState();
      const request = numbered(opened(state), 1, append('a', 'x'));
      expect(apply(state, request, request, request)).to.deep.equal(['applied', 'applied', 'applied']);
      expect(state.keys.get('a')).to.deep.equal(['x']);
    });

    it('of a put does not undo what others have put since', () => {
      const state = new ServiceState();
      const request = numbered(opened(state), 1, put('a', 'mine'));
      expect(apply(state, request, put('a', 'theirs'), request)).to.deep.equal([
        'applied',
        'applied',
        'applied',
      ]);
      expect(state.keys.get('a')).to.equal('theirs');
    });

    it('of an update that was done does not turn into a refusal', () => {
      const state = new ServiceState();
      const request = numbered(opened(state), 1, update('a', 1));
      expect(apply(state, request, request, update('a', 2), request)).to.deep.equal([
        'applied',
        'applied',
        'applied',
        'applied',
      ]);
      expect(state.files.versionOf('a')).to.equal(2);
    });

    it('of an update that was refused stays refused, though it would be right by now', () => {
      const state = new ServiceState();
      const request = numbered(opened(state), 1, update('a', 2));
      expect(apply(state, request, update('a', 1), request)).to.deep.equal(['refused', 'applied', 'refused']);
      expect(state.files.versionOf('a')).to.equal(1);
    });

    it('of an append to no list stays notAList', () => {
      const state = new ServiceState();
      const request = numbered(opened(state), 1, append('a', 'x'));
      expect(apply(state, put('a', 0), request, put('a', []), request)[3]).to.equal('notAList');
      expect(state.keys.get('a')).to.deep.equal([]);
    });

    it('without a request id is none: it is a command of its own', () => {
      const state = new ServiceState();
      apply(state, append('a', 'x'), append('a', 'x'));
      expect([state.keys.get('a'), state.sessions.size]).to.deep.equal([['x', 'x'], 0]);
    });
  });

  it('a request before the last one of its session is stale, and takes no effect', () => {
    const state = new ServiceState();
    const me = opened(state);
    const first = numbered(me, 1, append('a', 1));
    const second = numbered(me, 2, append('a', 2));
    expect(apply(state, first, second, first, numbered(me, 1, append('a', 3)), second)).to.deep.equal([
      'applied',
      'applied',
      'stale',
      'stale',
      'applied',
    ]);
    expect(state.keys.get('a')).to.deep.equal([1, 2]);
  });

  describe('a request id that comes with another command is reused, and takes no effect', () => {
    const others: Record<string, KeyValueChange> = {
      'another item': append('a', 'y'),
      'another key': append('b', 'x'),
      'another kind': put('a', ['x']),
      'an update': update('a', 1),
    };
    for (const [what, other] of Object.entries(others)) {
      it(what, () => {
        const state = new ServiceState();
        const me = opened(state);
        const first = numbered(me, 3, append('a', 'x'));
        apply(state, used(me, 1), first);
        expect(apply(state, numbered(me, 3, other), first)).to.deep.equal(['reused', 'applied']);
        expect([state.keys.get('a'), state.keys.get('b'), state.files.size]).to.deep.equal([
          ['x'],
          undefined,
          0,
        ]);
      });
    }
  });

  describe('a session', () => {
    it('has the index of the entry that opened it as its id', () => {
      const state = new ServiceState();
      expect(apply(state, openSession, put('a', 1), openSession, openSession)).to.deep.equal([
        'opened:1',
        'applied',
        'opened:3',
        'opened:4',
      ]);
      expect([state.sessions.size, state.keys.size]).to.deep.equal([3, 1]);
    });

    it('that was never opened takes no request, whatever its number: nobody can tell whether it is a retry', () => {
      const state = new ServiceState();
      opened(state);
      for (const name of ['me', '2', '01', '', '__proto__'])
        expect(apply(state, used(name, 1), used(name, 2))).to.deep.equal([
          'sessionExpired',
          'sessionExpired',
        ]);
      expect([state.keys.get('used'), state.sessions.size]).to.deep.equal([undefined, 1]);
    });

    it('may begin with any number, leave numbers out, and not come back to them', () => {
      const state = new ServiceState();
      const me = opened(state);
      const sequences = [3, 5, 100, 50, 101, Number.MAX_SAFE_INTEGER, 1];
      expect(apply(state, ...sequences.map((sequence) => used(me, sequence)))).to.deep.equal([
        'applied',
        'applied',
        'applied',
        'stale',
        'applied',
        'applied',
        'stale',
      ]);
    });

    it('has nothing to do with another', () => {
      const state = new ServiceState();
      const ids = [opened(state), opened(state), opened(state)];
      for (const id of ids)
        expect(apply(state, used(id, 1), used(id, 2))).to.deep.equal(['applied', 'applied']);
      for (const id of ids)
        expect(apply(state, used(id, 1), used(id, 2))).to.deep.equal(['stale', 'applied']);
      expect(state.keys.get('used')).to.have.length(2 * ids.length);
    });
  });

  describe('forgets', () => {
    it('the session that was silent the longest, when there is one more than it remembers', () => {
      const state = new ServiceState(3);
      const [a, b, c, d] = [opened(state), opened(state), opened(state), opened(state)];
      expect(state.sessions.size).to.equal(3);
      expect(apply(state, used(a, 1), used(b, 1), used(c, 1), used(d, 1))).to.deep.equal([
        'sessionExpired',
        'applied',
        'applied',
        'applied',
      ]);
    });

    it('none that has had a request since, or one again', () => {
      const state = new ServiceState(3);
      const [a, b, c] = [opened(state), opened(state), opened(state)];
      apply(state, used(b, 1), used(c, 1), used(a, 2), used(b, 1));
      const d = opened(state);
      expect(apply(state, used(c, 2), used(a, 3), used(b, 2), used(d, 2))).to.deep.equal([
        'sessionExpired',
        'applied',
        'applied',
        'applied',
      ]);
    });

    it('none on account of a request that it refuses', () => {
      const state = new ServiceState(2);
      const [a, b] = [opened(state), opened(state)];
      apply(state, used(a, 3), used(b, 1), used('c', 1), used('d', 9), used(a, 2));
      opened(state);
      expect(apply(state, used(b, 2), used(a, 4))).to.deep.equal(['applied', 'sessionExpired']);
    });

    it('a session for good: a retry is not done a second time, were it the first request', () => {
      const state = new ServiceState(1);
      const me = opened(state);
      expect(apply(state, used(me, 1), openSession, used(me, 1), used(me, 2))).to.deep.equal([
        'applied',
        'opened:3',
        'sessionExpired',
        'sessionExpired',
      ]);
      expect(state.keys.get('used')).to.deep.equal([`${me}1`]);
    });

    it('none of 50,000', () => {
      const state = new ServiceState();
      for (let session = 0; session < SESSIONS_MAX; session += 1) opened(state);
      expect(state.sessions.size).to.equal(50_000);
      expect(apply(state, used('1', 2))).to.deep.equal(['applied']);
      opened(state);
      expect(apply(state, used('1', 3), used('2', 2), used('3', 2))).to.deep.equal([
        'applied',
        'sessionExpired',
        'applied',
      ]);
    });
  });

  it('is the same as a plain list of sessions in order of their last use, whatever is sent', () => {
    const request = fc.record({
      clientId: fc.integer({ min: 1, max: 12 }).map(String),
      sequence: fc.integer({ min: 1, max: 4 }),
      item: fc.nat(1),
    });
    const requests = fc.array(fc.option(request, { freq: 3 }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), requests, (max, sent) => {
        const state = new ServiceState(max);
        const model = new Model(max);
        for (const each of [null, null, ...sent]) {
          const command =
            each === null ? openSession : numbered(each.clientId, each.sequence, append('a', each.item));
          expect(apply(state, command)).to.deep.equal([model.apply(command)]);
          expect([state.sessions.size, state.keys.get('a') ?? []]).to.deep.equal([
            model.sessions.length,
            model.items,
          ]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('costs one step per session forgotten, and a new walk once in a while, however many come', () => {
    const [max, opened] = [1_000, 20_000];
    const counted = new CountedEntries();
    try {
      const sessions = new Sessions(max);
      for (let index = 1; index <= opened; index += 1) sessions.open(index);
      expect(sessions.size).to.equal(max);
    } finally {
      counted.restore();
    }
    expect(counted).to.include({ readings: opened / USES_PER_WALK, steps: opened - max });
  });

  it('a request with a name of its own takes effect once, belongs to no session, and has none forgotten', () => {
    const state = new ServiceState(2);
    const me = opened(state);
    const single = numbered(me, SINGLE, append('a', 'once'));
    const client = numbered(me, 1, append('a', 'client'));
    expect(apply(state, single, client, single, client)).to.deep.equal([
      'applied',
      'applied',
      'applied',
      'applied',
    ]);
    expect(state.keys.get('a')).to.deep.equal(['once', 'client']);
    expect(apply(state, numbered(me, SINGLE, append('a', 'another')))).to.deep.equal(['reused']);
    for (let name = 0; name < 10; name += 1) apply(state, numbered(`${name}`, SINGLE, append('b', 'x')));
    expect(apply(state, numbered(me, 2, append('a', 'two')))).to.deep.equal(['applied']);
    expect(state.sessions.size).to.equal(3);
  });
});

/** What the sessions are to be, written without regard to speed. */
class Model {
  sessions: { id: string; sequence: number; text: string; result: ChangeResult }[] = [];
  readonly items: unknown[] = [];
  private index = 0;

  constructor(private readonly max: number) {}

  apply(command: Command): CommandResult {
    this.index += 1;
    if (command.type === 'openSession') {
      this.use({ id: `${this.index}`, sequence: 0, text: '', result: 'none' });
      return `opened:${this.index}`;
    }
    const { clientId = '', sequence = 0 } = command.request ?? {};
    const text = encodeCommand(command);
    const known = this.sessions.find(({ id }) => id === clientId);
    if (known === undefined) return 'sessionExpired';
    if (sequence < known.sequence) return 'stale';
    const isRetry = sequence === known.sequence;
    if (isRetry && known.text !== text) return 'reused';
    if (!isRetry && command.type === 'kvAppend') this.items.push(...command.items);
    this.use({ id: clientId, sequence, text, result: 'applied' });
    return 'applied';
  }

  private use(session: Model['sessions'][number]): void {
    this.sessions = [...this.sessions.filter(({ id }) => id !== session.id), session].slice(-this.max);
  }
}

/** Counts how often copy-on-write maps are gone through, and by how many steps. */
class CountedEntries {
  readings = 0;
  steps = 0;
  private readonly original: PropertyDescriptor;

  constructor() {
    const { prototype } = CopyOnWriteMap;
    const original = Object.getOwnPropertyDescriptor(prototype, 'entries');
    if (original === undefined) throw new Error('there is nothing to count');
    this.original = original;
    const count = this.stepsOf.bind(this);
    const entries = original.value as (this: unknown) => Iterator<unknown>;
    Object.defineProperty(prototype, 'entries', {
      ...original,
      value(this: unknown) {
        return count(entries.call(this));
      },
    });
  }

  restore(): void {
    Object.defineProperty(CopyOnWriteMap.prototype, 'entries', this.original);
  }

  private stepsOf(entries: Iterator<unknown>): Iterator<unknown> {
    this.readings += 1;
    return {
      next: () => {
        this.steps += 1;
        return entries.next();
      },
    };
  }
}
