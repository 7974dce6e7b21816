import { expect } from 'chai';
import fc from 'fast-check';
import {
  encodeCommand,
  SINGLE,
  type Command,
  type CommandResult,
} from '../../../src/stateMachine/command.js';
import { CopyOnWriteMap } from '../../../src/stateMachine/copyOnWriteMap.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { USES_PER_WALK } from '../../../src/stateMachine/recentlyUsed.js';
import { Sessions, SESSIONS_MAX } from '../../../src/stateMachine/sessions.js';
import { append, apply, numbered, put } from './serviceStates.js';

function update(name: string, version: number): Command {
  return { type: 'updateFile', name, version, hashList: [`${name}${version}`] };
}

/** A request that nobody sends twice: of a client, by its number. */
function used(clientId: string, sequence: number): Command {
  return numbered(clientId, sequence, append('used', `${clientId}${sequence}`));
}

describe('sessions', () => {
  describe('a retry', () => {
    it('of an append has its result and no second effect', () => {
      const state = new ServiceState();
      const request = numbered('me', 1, append('a', 'x'));
      expect(apply(state, request, request, request)).to.deep.equal(['applied', 'applied', 'applied']);
      expect(state.keys.get('a')).to.deep.equal(['x']);
    });

    it('of a put does not undo what others have put since', () => {
      const state = new ServiceState();
      const request = numbered('me', 1, put('a', 'mine'));
      expect(apply(state, request, put('a', 'theirs'), request)).to.deep.equal([
        'applied',
        'applied',
        'applied',
      ]);
      expect(state.keys.get('a')).to.equal('theirs');
    });

    it('of an update that was done does not turn into a refusal', () => {
      const state = new ServiceState();
      const request = numbered('me', 1, update('a', 1));
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
      const request = numbered('me', 1, update('a', 2));
      expect(apply(state, request, update('a', 1), request)).to.deep.equal(['refused', 'applied', 'refused']);
      expect(state.files.versionOf('a')).to.equal(1);
    });

    it('of an append to no list stays notAList', () => {
      const state = new ServiceState();
      const request = numbered('me', 1, append('a', 'x'));
      expect(apply(state, put('a', 0), request, put('a', []), request)[3]).to.equal('notAList');
      expect(state.keys.get('a')).to.deep.equal([]);
    });

    it('without a request id is none: it is a command of its own', () => {
      const state = new ServiceState();
      apply(state, append('a', 'x'), append('a', 'x'));
      expect([state.keys.get('a'), state.sessions.size]).to.deep.equal([['x', 'x'], 0]);
    });
  });

  it('a request before the client’s last one is stale, and takes no effect', () => {
    const state = new ServiceState();
    const first = numbered('me', 1, append('a', 1));
    const second = numbered('me', 2, append('a', 2));
    expect(apply(state, first, second, first, numbered('me', 1, append('a', 3)), second)).to.deep.equal([
      'applied',
      'applied',
      'stale',
      'stale',
      'applied',
    ]);
    expect(state.keys.get('a')).to.deep.equal([1, 2]);
  });

  describe('a request id that comes with another command is reused, and takes no effect', () => {
    const first = numbered('me', 3, append('a', 'x'));
    const others: Record<string, Command> = {
      'another item': append('a', 'y'),
      'another key': append('b', 'x'),
      'another kind': put('a', ['x']),
      'an update': update('a', 1),
    };
    for (const [what, other] of Object.entries(others)) {
      it(what, () => {
        const state = new ServiceState();
        apply(state, used('me', 1), first);
        expect(apply(state, numbered('me', 3, other), first)).to.deep.equal(['reused', 'applied']);
        expect([state.keys.get('a'), state.keys.get('b'), state.files.size]).to.deep.equal([
          ['x'],
          undefined,
          0,
        ]);
      });
    }
  });

  it('an unknown client must begin with 1: with anything else nobody can tell whether it is a retry', () => {
    const state = new ServiceState();
    expect(apply(state, used('me', 2), used('me', Number.MAX_SAFE_INTEGER))).to.deep.equal([
      'sessionExpired',
      'sessionExpired',
    ]);
    expect([state.keys.get('used'), state.sessions.size]).to.deep.equal([undefined, 0]);
    expect(apply(state, used('me', 1), used('me', 2))).to.deep.equal(['applied', 'applied']);
  });

  it('a known client may leave numbers out, and not come back to them', () => {
    const state = new ServiceState();
    const sequences = [1, 5, 100, 50, 101, Number.MAX_SAFE_INTEGER];
    expect(apply(state, ...sequences.map((sequence) => used('me', sequence)))).to.deep.equal([
      'applied',
      'applied',
      'applied',
      'stale',
      'applied',
      'applied',
    ]);
  });

  it('clients have nothing to do with each other, whatever they are called', () => {
    const state = new ServiceState();
    const names = ['a', 'A', '__proto__', 'constructor', ' ', '\ud800'];
    for (const name of names)
      expect(apply(state, used(name, 1), used(name, 2))).to.deep.equal(['applied', 'applied']);
    for (const name of names)
      expect(apply(state, used(name, 1), used(name, 2))).to.deep.equal(['stale', 'applied']);
    expect(state.sessions.size).to.equal(names.length);
    expect(state.keys.get('used')).to.have.length(2 * names.length);
  });

  describe('forgets', () => {
    it('whoever was silent the longest, when there is one client more than it remembers', () => {
      const state = new ServiceState(3);
      apply(state, used('a', 1), used('b', 1), used('c', 1), used('d', 1));
      expect(state.sessions.size).to.equal(3);
      expect(apply(state, used('a', 2), used('b', 2), used('c', 2), used('d', 2))).to.deep.equal([
        'sessionExpired',
        'applied',
        'applied',
        'applied',
      ]);
    });

    it('nobody who has sent a request since, or sent one again', () => {
      const state = new ServiceState(3);
      apply(state, used('a', 1), used('b', 1), used('c', 1), used('a', 2), used('b', 1), used('d', 1));
      expect(apply(state, used('c', 2), used('a', 3), used('b', 2), used('d', 2))).to.deep.equal([
        'sessionExpired',
        'applied',
        'applied',
        'applied',
      ]);
    });

    it('nobody on account of a request that it refuses to a stranger', () => {
      const state = new ServiceState(2);
      apply(state, used('a', 1), used('b', 1), used('c', 2), used('d', 9));
      expect(apply(state, used('a', 2), used('b', 2))).to.deep.equal(['applied', 'applied']);
    });

    it('all of a client: with 1 it begins anew', () => {
      const state = new ServiceState(1);
      expect(apply(state, used('a', 1), used('b', 1), used('a', 1))).to.deep.equal([
        'applied',
        'applied',
        'applied',
      ]);
      expect(state.keys.get('used')).to.deep.equal(['a1', 'b1', 'a1']);
    });

    it('nobody of 50,000', () => {
      const state = new ServiceState();
      for (let client = 0; client < SESSIONS_MAX; client += 1)
        apply(state, numbered(`${client}`, 1, put('k', 1)));
      expect(state.sessions.size).to.equal(50_000);
      expect(apply(state, used('0', 2), used('new', 1), used('1', 2), used('2', 2))).to.deep.equal([
        'applied',
        'applied',
        'sessionExpired',
        'applied',
      ]);
    });
  });

  it('is the same as a plain list of clients in order of their last use, whatever is sent', () => {
    const request = fc.record({
      clientId: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      sequence: fc.integer({ min: 1, max: 4 }),
      item: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(request, { maxLength: 60 }), (max, requests) => {
        const state = new ServiceState(max);
        const model = new Model(max);
        for (const { clientId, sequence, item } of requests) {
          const command = numbered(clientId, sequence, append('a', item));
          expect(apply(state, command)).to.deep.equal([model.apply(command)]);
          expect([state.sessions.size, state.keys.get('a') ?? []]).to.deep.equal([
            model.clients.length,
            model.items,
          ]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('costs one step per client forgotten, and a new walk once in a while, however many come', () => {
    const [max, clients] = [1_000, 20_000];
    const counted = new CountedEntries();
    try {
      const sessions = new Sessions(max);
      for (let client = 0; client < clients; client += 1) {
        sessions.once(
          { request: { clientId: `${client}`, sequence: 1 }, text: '', index: client },
          () => 'applied',
        );
      }
      expect(sessions.size).to.equal(max);
    } finally {
      counted.restore();
    }
    expect(counted).to.include({ readings: clients / USES_PER_WALK, steps: clients - max });
  });

  it('a request with a name of its own takes effect once, is no client’s, and has no client forgotten', () => {
    const state = new ServiceState(2);
    const single = numbered('name', SINGLE, append('a', 'once'));
    const client = numbered('name', 1, append('a', 'client'));
    expect(apply(state, single, client, single, client)).to.deep.equal([
      'applied',
      'applied',
      'applied',
      'applied',
    ]);
    expect(state.keys.get('a')).to.deep.equal(['once', 'client']);
    expect(apply(state, numbered('name', SINGLE, append('a', 'another')))).to.deep.equal(['reused']);
    for (let name = 0; name < 10; name += 1) apply(state, numbered(`${name}`, SINGLE, append('b', 'x')));
    expect(apply(state, numbered('name', 2, append('a', 'two')))).to.deep.equal(['applied']);
    expect(state.sessions.size).to.equal(3);
  });
});

/** What the sessions are to be, written without regard to speed. */
class Model {
  clients: { clientId: string; sequence: number; text: string; result: CommandResult }[] = [];
  readonly items: unknown[] = [];

  constructor(private readonly max: number) {}

  apply(command: Command): CommandResult {
    const { clientId = '', sequence = 0 } = command.request ?? {};
    const text = encodeCommand(command);
    const known = this.clients.find((client) => client.clientId === clientId);
    if (known === undefined && sequence !== 1) return 'sessionExpired';
    if (known !== undefined && sequence < known.sequence) return 'stale';
    const isRetry = sequence === known?.sequence;
    if (isRetry && known.text !== text) return 'reused';
    if (!isRetry && command.type === 'kvAppend') this.items.push(...command.items);
    this.clients = this.clients.filter((client) => client !== known);
    this.clients.push({ clientId, sequence, text, result: 'applied' });
    this.clients = this.clients.slice(-this.max);
    return 'applied';
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
