import { expect } from 'chai';
import fc from 'fast-check';
import { SINGLE, type Command, type JsonValue } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { SnapshotError } from '../../../src/stateMachine/stateMachine.js';
import { viewsKept } from '../../support/viewsKept.js';
import { allOf, append, apply, install, numbered, opened, put } from './serviceStates.js';

/** More than the records of a long list are cut to. */
const CHUNK_CHARS = 20_000;

function stateOf(...commands: readonly Command[]): ServiceState {
  const state = new ServiceState();
  apply(state, ...commands);
  return state;
}

/** A state made of these chunks. */
function restored(chunks: readonly string[], lastApplied = 1): ServiceState {
  const state = new ServiceState();
  install(state, chunks, lastApplied);
  return state;
}

function recordsOf(chunks: readonly string[]): unknown[] {
  return chunks.flatMap((chunk) => JSON.parse(chunk) as unknown[]);
}

const jsonValue = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);
const key = fc.constantFrom('', 'a', 'b', '__proto__', 'é😀\ufffe');
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(key, jsonValue).map(([name, value]) => put(name, value)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(key, fc.array(jsonValue, { maxLength: 3 }))
      .map(([name, items]) => append(name, ...items)),
  },
  {
    weight: 1,
    // Long enough for a list of a few to take several records.
    arbitrary: fc
      .tuple(key, fc.integer({ min: 1_000, max: 9_000 }))
      .map(([name, length]) => append(name, 'y'.repeat(length))),
  },
);
const commands = fc.array(command, { maxLength: 25 });
const chunkChars = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 8_000, max: 30_000 }));

describe('snapshots of keys', () => {
  it('another map that installs one holds the same, in the same order', () => {
    fc.assert(
      fc.property(commands, commands, chunkChars, (written, other, chars) => {
        const [one, two] = [stateOf(...written), stateOf(...other)];
        install(two, allOf(one.snapshot(chars)), one.lastApplied);
        expect(two.keys.list()).to.deep.equal(one.keys.list());
        expect([two.lastApplied, two.keys.size]).to.deep.equal([one.lastApplied, one.keys.size]);
      }),
    );
  });

  it('it goes on from it exactly as the other does', () => {
    fc.assert(
      fc.property(commands, commands, chunkChars, (written, later, chars) => {
        const one = stateOf(...written);
        const two = restored(allOf(one.snapshot(chars)), one.lastApplied);
        expect(apply(two, ...later)).to.deep.equal(apply(one, ...later));
        expect(two.keys.list()).to.deep.equal(one.keys.list());
        expect(allOf(two.snapshot(50))).to.deep.equal(allOf(one.snapshot(50)));
      }),
    );
  });

  it('a restored list has as much room left as the one it was', () => {
    const items = Array.from({ length: 4_000 }, (_, item) => `${item}`.padEnd(1_000, '\u0001'));
    const one = stateOf(
      append('a', ...items.slice(0, 2_000)),
      append('a', 1, [2], { three: 3 }, ...items.slice(2_000)),
    );
    const two = restored(allOf(one.snapshot(CHUNK_CHARS)));
    const fill = Array.from({ length: 200 }, (_, item) => append('a', `${item}`.padEnd(5_000, ' ')));
    const results = apply(one, ...fill);
    expect(apply(two, ...fill)).to.deep.equal(results);
    expect(new Set(results)).to.deep.equal(new Set(['applied', 'tooLarge']));
  });

  it('one shows the moment at which it was begun, while appends and puts go on', () => {
    const meanwhile = fc.array(fc.array(command, { maxLength: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(commands, meanwhile, chunkChars, (written, later, chars) => {
        const state = stateOf(...written);
        const list = state.keys.list();
        const reader = state.snapshot(chars);
        const chunks: string[] = [];
        for (let turn = 0; ; turn += 1) {
          apply(state, ...(later[turn % later.length] ?? []));
          const step = reader.next();
          if (step.done === true) break;
          chunks.push(step.value);
        }
        expect(restored(chunks).keys.list()).to.deep.equal(list);
        expect(viewsKept(state)).to.equal(0);
      }),
    );
  });

  it('also when the list in the middle of which it stands grows, and is replaced', () => {
    const items = Array.from({ length: 5 }, (_, item) => `${item}`.padEnd(6_000, '.'));
    const state = stateOf(append('a', ...items), append('b', 'x'));
    const reader = state.snapshot(1);
    const first = reader.next().value ?? '';
    apply(state, append('a', 'later'), append('b', 'later'), put('a', 0), append('c', 1));
    expect(restored([first, ...allOf(reader)]).keys.list()).to.deep.equal([
      ['a', items],
      ['b', ['x']],
    ]);
  });

  it('a chunk can be made again after everything in it has changed, and is the same', () => {
    fc.assert(
      fc.property(commands, commands, chunkChars, (written, later, chars) => {
        const state = stateOf(...written);
        const reader = state.snapshot(chars);
        const made: { chunk: string; again: () => string }[] = [];
        for (let step = reader.next(); step.done !== true; step = reader.next())
          made.push({ chunk: step.value, again: reader.remake?.() ?? (() => '') });
        apply(state, ...later);
        expect(made.map(({ again }) => again())).to.deep.equal(made.map(({ chunk }) => chunk));
      }),
    );
  });

  it('a reading that ends early keeps nothing', () => {
    for (const chunksRead of [0, 1, 2]) {
      const state = stateOf(put('a', 1), append('b', 'x'), put('c', 1));
      const reader = state.snapshot(1);
      for (let chunk = 0; chunk < chunksRead; chunk += 1) reader.next();
      expect(viewsKept(state)).to.be.greaterThan(0);
      reader.return?.();
      expect(viewsKept(state)).to.equal(0);
    }
  });

  describe('a long list', () => {
    const length = 3_000;
    const state = stateOf(
      ...Array.from({ length }, (_, item) => append('a', `item ${item}`.padEnd(100, '-'))),
    );

    it('is spread over records, so that no chunk is longer than it may be', () => {
      const chunks = allOf(state.snapshot(CHUNK_CHARS));
      for (const chunk of chunks) expect(chunk.length).to.be.at.most(CHUNK_CHARS + 2);
      expect(chunks.length).to.be.within((length * 100) / CHUNK_CHARS, (2 * length * 103) / CHUNK_CHARS);
    });

    it('of which each but the first goes on with the one before', () => {
      const [first, ...others] = recordsOf(allOf(state.snapshot(CHUNK_CHARS)));
      expect(first).to.have.all.keys('k', 'v');
      for (const record of others) expect(record).to.have.all.keys('more');
    });

    it('with an item longer than that: only its record is longer', () => {
      const long = 'L'.repeat(50_000);
      const chunks = allOf(stateOf(append('a', 'x'.repeat(8_000), long, 'y')).snapshot(CHUNK_CHARS));
      expect(recordsOf(chunks)).to.deep.equal([
        { k: 'a', v: ['x'.repeat(8_000)] },
        { more: [long] },
        { more: ['y'] },
      ]);
      expect(chunks.filter((chunk) => chunk.length > CHUNK_CHARS)).to.deep.equal([`[{"more":["${long}"]}]`]);
    });
  });

  describe('loading', () => {
    it('changes nothing before the installation, which changes all at once', () => {
      const state = stateOf(put('old', 1), put('a', 1));
      const before = state.keys.list();
      const loader = state.load();
      for (const chunk of ['[{"k":"a","v":[1]}]', '[{"more":[2,3]}]', '[{"k":"b","v":null}]']) {
        loader.add(chunk);
        expect(state.keys.list()).to.deep.equal(before);
      }
      loader.install(9);
      expect(state.keys.list()).to.deep.equal([
        ['a', [1, 2, 3]],
        ['b', null],
      ]);
      expect([state.lastApplied, state.keys.get('old')]).to.deep.equal([9, undefined]);
    });

    it('puts files, keys and sessions where they belong', () => {
      const one = stateOf({ type: 'updateFile', name: 'a', version: 1, hashList: ['h'] }, put('a', ['v']));
      apply(one, numbered(opened(one), 1, append('a', 'w')), numbered('single', SINGLE, put('b', 1)));
      const two = restored(allOf(one.snapshot(1)), one.lastApplied);
      expect(two.files.list()).to.deep.equal([['a', { version: 1, hashList: ['h'] }]]);
      expect(two.keys.list()).to.deep.equal([
        ['a', ['v', 'w']],
        ['b', 1],
      ]);
      expect(two.sessions.size).to.equal(2);
    });

    const malformed = [
      '[{}]',
      '[{"x":1}]',
      '[{"k":1,"v":1}]',
      '[{"k":null,"v":1}]',
      '[{"k":"a"}]',
      '[{"v":1}]',
      '[{"more":[1]}]',
      '[{"k":"b","v":1},{"more":[1]}]',
      '[{"k":"b","v":{}},{"more":[1]}]',
      '[{"k":"b","v":[]},{"more":1}]',
      '[{"k":"b","v":[]},{"more":null}]',
      '[{"k":"b","v":[]},{"more":{"length":1}}]',
      '[{"k":"b","v":[]},{"k":"b","v":[]}]',
      '[{"k":"first","v":2}]',
    ];
    for (const chunk of malformed) {
      it(`t54 refuses a chunk that is none, and leaves the keys as they were: ${chunk}`, () => {
        const state = stateOf(put('a', ['x']));
        const before = state.keys.list();
        const loader = state.load();
        loader.add('[{"k":"first","v":1}]');
        expect(() => loader.add(chunk)).to.throw(SnapshotError);
        expect(state.keys.list()).to.deep.equal(before);
        expect(state.lastApplied).to.equal(1);
      });
    }

    it('t54 throws nothing but SnapshotError, whatever the records', () => {
      const member = fc.oneof(fc.constantFrom('a', 'b'), fc.jsonValue());
      const record = fc.oneof(
        fc.record({ k: member, v: member }, { requiredKeys: [] }),
        fc.record({ more: fc.oneof(member, fc.array(member)) }),
        fc.record({ k: member, v: member, more: member, s: member, n: member }, { requiredKeys: [] }),
        fc.record({ n: fc.oneof(member, fc.array(member, { minLength: 5, maxLength: 5 })) }),
        fc.record({ s: fc.oneof(member, fc.array(member, { minLength: 5, maxLength: 5 })) }),
        fc.jsonValue(),
      );
      fc.assert(
        fc.property(fc.array(record, { maxLength: 6 }), (records) => {
          try {
            install(new ServiceState(), [JSON.stringify(records)], 1);
          } catch (error) {
            expect(error).to.be.instanceOf(SnapshotError);
          }
        }),
        { numRuns: 500 },
      );
    });
  });
});
