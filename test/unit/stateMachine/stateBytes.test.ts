import { expect } from 'chai';
import fc from 'fast-check';
import { encodeCommand, type Command, type JsonValue } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { BYTES_PER_CHAR_MAX } from '../../../src/stateMachine/stateBytes.js';
import { allOf, append, apply, install, put, remove } from './serviceStates.js';

/** The values that JSON.parse can return. */
const jsonValue = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const key = fc.constantFrom('a', 'b', 'c', '\u4e2d', '__proto__');
const items = fc.array(jsonValue, { maxLength: 3 });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(key, jsonValue).map(([name, value]) => put(name, value)),
  fc.tuple(key, items).map(([name, more]) => append(name, ...more)),
  key.map(remove),
  fc
    .record({ name: key, version: fc.integer({ min: 1, max: 3 }), hashes: fc.array(fc.string()) })
    .map(({ name, version, hashes }): Command => ({ type: 'updateFile', name, version, hashList: hashes })),
);
const commands = fc.array(command, { maxLength: 30 });

/** The size of a state that was given these contents at once. */
function recount(state: ServiceState): number {
  const fresh = new ServiceState();
  for (const [name, value] of state.keys.list()) fresh.keys.put({ key: name, value });
  for (const [name, { version, hashList }] of state.files.list())
    for (let next = 1; next <= version; next += 1)
      fresh.files.update({ type: 'updateFile', name, version: next, hashList });
  return fresh.bytes;
}

describe('the size of the state', () => {
  it('is 0 when nothing is in it, also after everything was deleted', () => {
    const state = new ServiceState();
    apply(state, put('a', { b: [1] }), append('c', 'x'));
    expect(state.bytes).to.be.greaterThan(0);
    apply(state, remove('a'), remove('c'), remove('d'));
    expect(state.bytes).to.equal(0);
  });

  it('is that of its contents, whatever way they came about', () => {
    fc.assert(
      fc.property(commands, (written) => {
        const state = new ServiceState();
        for (const each of written) {
          apply(state, each);
          expect(state.bytes).to.equal(recount(state));
        }
      }),
    );
  });

  it('is the same in a state that became a snapshot of this one, and goes on from there', () => {
    fc.assert(
      fc.property(commands, commands, fc.integer({ min: 1, max: 300 }), (written, later, chunkChars) => {
        const one = new ServiceState();
        apply(one, ...written);
        const two = new ServiceState();
        apply(two, put('gone', 'with the snapshot'));
        install(two, allOf(one.snapshot(chunkChars)), one.lastApplied);
        expect(two.bytes).to.equal(one.bytes);
        apply(one, ...later);
        apply(two, ...later);
        expect(two.bytes).to.equal(one.bytes);
      }),
    );
  });

  it('changes by what was foretold for a command that is applied, and by nothing for one that is not', () => {
    fc.assert(
      fc.property(commands, command, (written, next) => {
        const state = new ServiceState();
        apply(state, ...written);
        const before = state.bytes;
        const growth = state.growthBy(encodeCommand(next));
        const [result] = apply(state, next);
        const isRemovalOfNothing = result === 'missing' && growth === 0;
        if (result === 'applied' || isRemovalOfNothing) expect(state.bytes - before).to.equal(growth + 0);
        else expect(state.bytes).to.equal(before);
      }),
    );
  });

  it('never grows by more than its share for each character of a command', () => {
    const worst = [[], [[]], [[], [], [], []], {}, [{}, {}], { '': {} }, ['', ''], [1, 2, 3], '\u4e2d', null];
    fc.assert(
      fc.property(fc.oneof(command, fc.constantFrom(...worst.map((value) => put('k', value)))), (next) => {
        const text = encodeCommand(next);
        expect(new ServiceState().growthBy(text)).to.be.at.most(BYTES_PER_CHAR_MAX * text.length);
      }),
    );
    const many = encodeCommand(put('k', Array<JsonValue>(1_000).fill([])));
    expect(new ServiceState().growthBy(many)).to.be.at.most(BYTES_PER_CHAR_MAX * many.length);
  });
});
