import { expect } from 'chai';
import fc from 'fast-check';
import { SINGLE, type KeyValueChange, type Command } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { SnapshotError } from '../../../src/stateMachine/stateMachine.js';
import { viewsKept } from '../../support/viewsKept.js';
import { allOf, append, apply, install, numbered, opened, openSession, put } from './serviceStates.js';

/** So few that most sequences of commands make it forget clients. */
const sessionsMax = fc.integer({ min: 1, max: 4 });

const operation: fc.Arbitrary<KeyValueChange> = fc.oneof(
  fc.tuple(fc.constantFrom('a', 'b'), fc.nat(2)).map(([key, item]) => append(key, item)),
  fc.constantFrom(put('a', 'text'), put('b', []), put('b', ['x'])),
  fc.record({
    type: fc.constant('updateFile' as const),
    name: fc.constantFrom('f', 'g'),
    version: fc.integer({ min: 1, max: 3 }),
    hashList: fc.constant(['h']),
  }),
);
const request = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: SINGLE, max: 4 }), operation)
  .map(([sessionId, sequence, change]) => numbered(`${sessionId}`, sequence, change));
const opening = fc.constant(openSession);
const commands = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: request },
    { weight: 2, arbitrary: opening },
    { weight: 1, arbitrary: operation },
  ),
  { maxLength: 30 },
);
const chunkChars = fc.integer({ min: 1, max: 300 });

function stateOf(max: number, written: readonly Command[]): ServiceState {
  const state = new ServiceState(max);
  apply(state, ...written);
  return state;
}

/** Another one, whose content is going to be replaced by these chunks. */
function restored(
  max: number,
  chunks: readonly string[],
  lastApplied: number,
  before: readonly Command[] = [],
): ServiceState {
  const state = stateOf(max, before);
  install(state, chunks, lastApplied);
  return state;
}

/** All that can be seen of it. */
function contentOf(state: ServiceState): unknown {
  const { files, keys, sessions, lastApplied } = state;
  return [files.list(), keys.list(), sessions.size, lastApplied, allOf(state.snapshot(100))];
}

describe('snapshots of sessions', () => {
  it('after one everything goes on as without one: results, who is forgotten, and later snapshots', () => {
    fc.assert(
      fc.property(
        sessionsMax,
        commands,
        commands,
        commands,
        chunkChars,
        (max, before, written, later, chars) => {
          const one = stateOf(max, written);
          const two = restored(max, allOf(one.snapshot(chars)), one.lastApplied, before);
          expect(contentOf(two)).to.deep.equal(contentOf(one));
          for (const command of later) expect(apply(two, command)).to.deep.equal(apply(one, command));
          expect(contentOf(two)).to.deep.equal(contentOf(one));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('one shows the moment at which it was begun, while clients are forgotten and come back', () => {
    const meanwhile = fc.array(commands, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        sessionsMax,
        commands,
        meanwhile,
        commands,
        chunkChars,
        (max, written, turns, later, chars) => {
          const state = stateOf(max, written);
          const reader = state.snapshot(chars);
          const chunks: string[] = [];
          for (let turn = 0; ; turn += 1) {
            apply(state, ...(turns[turn % turns.length] ?? []));
            const step = reader.next();
            if (step.done === true) break;
            chunks.push(step.value);
          }
          const copy = restored(max, chunks, written.length);
          const unwatched = stateOf(max, written);
          expect(contentOf(copy)).to.deep.equal(contentOf(unwatched));
          expect(apply(copy, ...later)).to.deep.equal(apply(unwatched, ...later));
          expect(contentOf(copy)).to.deep.equal(contentOf(unwatched));
          expect(viewsKept(state)).to.equal(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a retry that comes after the installation is answered from it', () => {
    const one = new ServiceState(9);
    const me = opened(one);
    const done = numbered(me, 7, append('a', 'x'));
    apply(one, numbered(me, 1, put('a', [])), done);
    const two = restored(9, allOf(one.snapshot(1)), one.lastApplied);
    expect(
      apply(two, done, numbered(me, 7, append('a', 'y')), numbered(me, 6, append('a', 'z'))),
    ).to.deep.equal(['applied', 'reused', 'stale']);
    expect(two.keys.get('a')).to.deep.equal(['x']);
  });

  it('a session that has had no request so far is open after the installation', () => {
    const one = new ServiceState(9);
    const me = opened(one);
    const two = restored(9, allOf(one.snapshot(1)), one.lastApplied);
    expect(apply(two, numbered(me, 1, append('a', 'x')))).to.deep.equal(['applied']);
  });

  it('the order of its records does not matter: who is forgotten first is told by their last use', () => {
    const records = [30, 10, 20].map((usedAt) =>
      JSON.stringify({ s: [`c${usedAt}`, 1, 'applied', 0, usedAt] }),
    );
    const state = restored(
      3,
      records.map((record) => `[${record}]`),
      40,
    );
    opened(state);
    expect(
      ['c10', 'c20', 'c30'].map((client) => apply(state, numbered(client, 2, put('a', 1)))[0]),
    ).to.deep.equal(['sessionExpired', 'applied', 'applied']);
  });

  it('loading changes nothing before the installation', () => {
    const state = new ServiceState(2);
    const a = opened(state);
    apply(state, numbered(a, 1, append('x', 1)));
    const loader = state.load();
    loader.add('[{"s":["b",4,"applied",0,9]}]');
    expect(apply(state, numbered(a, 2, append('x', 2)), numbered('b', 5, append('x', 3)))).to.deep.equal([
      'applied',
      'sessionExpired',
    ]);
    loader.install(9);
    expect(apply(state, numbered(a, 3, append('x', 4)), numbered('b', 5, append('x', 5)))).to.deep.equal([
      'sessionExpired',
      'applied',
    ]);
  });

  const malformed = [
    '[{"s":1}]',
    '[{"s":null}]',
    '[{"s":{}}]',
    '[{"s":[]}]',
    '[{"s":["a",1,"applied",0]}]',
    '[{"s":[1,1,"applied",0,1]}]',
    '[{"s":["a","1","applied",0,1]}]',
    '[{"s":["a",1.5,"applied",0,1]}]',
    '[{"s":["a",1,true,0,1]}]',
    '[{"s":["a",1,"applied",null,1]}]',
    '[{"s":["a",1,"applied",0,"1"]}]',
    '[{"s":["first",2,"applied",0,2]}]',
    '[{"s":["a",1,"opened:1",0,1]}]',
    '[{"n":1}]',
    '[{"n":["a",0,"applied",0]}]',
    '[{"n":["b",0,"applied",0,1]},{"n":["b",0,"applied",0,2]}]',
  ];
  for (const chunk of malformed) {
    it(`t54 refuses a chunk that is none, and leaves the sessions as they were: ${chunk}`, () => {
      const state = new ServiceState(2);
      apply(state, numbered(opened(state), 1, append('x', 1)));
      const before = contentOf(state);
      const loader = state.load();
      loader.add('[{"s":["first",1,"applied",0,1]}]');
      expect(() => loader.add(chunk)).to.throw(SnapshotError);
      expect(contentOf(state)).to.deep.equal(before);
    });
  }
});
