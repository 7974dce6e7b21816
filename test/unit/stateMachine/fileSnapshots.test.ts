import { expect } from 'chai';
import fc from 'fast-check';
import { encodeUpdateFile, type HashList } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { SnapshotError, type SnapshotReader } from '../../../src/stateMachine/stateMachine.js';
import { viewsKept } from '../../support/viewsKept.js';

function apply(state: ServiceState, ...commands: readonly string[]): void {
  for (const command of commands) {
    state.apply({ term: 1, index: state.lastApplied + 1, kind: 'command', command });
  }
}

/** A file map with version 1 of these files. */
function filesOf(...names: readonly string[]): ServiceState {
  const state = new ServiceState();
  apply(state, ...names.map((name) => encodeUpdateFile(name, 1, [name])));
  return state;
}

function allOf(reader: SnapshotReader): string[] {
  const chunks: string[] = [];
  for (let step = reader.next(); step.done !== true; step = reader.next()) chunks.push(step.value);
  return chunks;
}

/** The file map becomes the snapshot. */
function install(state: ServiceState, chunks: readonly string[], lastApplied: number): void {
  const loader = state.load();
  for (const chunk of chunks) loader.add(chunk);
  loader.install(lastApplied);
}

const hashList = fc.letrec<{ list: HashList }>((tie) => ({
  list: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.record({ base64: fc.base64String() }),
    fc.record({ i8: fc.bigInt().map(String) }),
    fc.array(tie('list'), { maxLength: 3 }),
    fc.record({ struct: fc.array(fc.tuple(fc.string(), tie('list')), { maxLength: 3 }) }),
  ),
})).list;

/** Updates of few files, so that many are of a file that is there; what is wrong with some changes nothing. */
const command = fc
  .tuple(
    fc.constantFrom('', 'a', 'b', '__proto__', 'é😀', 'a/b "c"\n'),
    fc.integer({ min: 1, max: 3 }),
    hashList,
  )
  .map(([name, version, hashes]) => encodeUpdateFile(name, version, hashes));
const commands = fc.array(command, { maxLength: 15 });
const chunkChars = fc.integer({ min: 1, max: 120 });

describe('snapshots of file metadata', () => {
  it('another file map that installs one holds the same, in the same order', () => {
    fc.assert(
      fc.property(commands, commands, chunkChars, (written, other, chars) => {
        const [one, two] = [new ServiceState(), new ServiceState()];
        apply(one, ...written);
        apply(two, ...other);
        install(two, allOf(one.snapshot(chars)), one.lastApplied);
        expect(two.files.list()).to.deep.equal(one.files.list());
        expect([two.lastApplied, two.files.size]).to.deep.equal([one.lastApplied, one.files.size]);
      }),
    );
  });

  it('one shows the moment at which it was begun, whatever is applied while it is read', () => {
    const meanwhile = fc.array(fc.array(command, { maxLength: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(commands, meanwhile, chunkChars, (written, later, chars) => {
        const state = new ServiceState();
        apply(state, ...written);
        const [list, { lastApplied }] = [state.files.list(), state];
        const reader = state.snapshot(chars);
        const chunks: string[] = [];
        for (let turn = 0; ; turn += 1) {
          apply(state, ...(later[turn % later.length] ?? []));
          const step = reader.next();
          if (step.done === true) break;
          chunks.push(step.value);
        }
        const copy = new ServiceState();
        install(copy, chunks, lastApplied);
        expect(copy.files.list()).to.deep.equal(list);
        expect(viewsKept(state)).to.equal(0);
      }),
    );
  });

  it('the file map goes on from it exactly as the other does', () => {
    fc.assert(
      fc.property(commands, commands, (written, later) => {
        const [one, two] = [new ServiceState(), new ServiceState()];
        apply(one, ...written);
        install(two, allOf(one.snapshot(50)), one.lastApplied);
        apply(one, ...later);
        apply(two, ...later);
        expect(two.files.list()).to.deep.equal(one.files.list());
        expect(allOf(two.snapshot(30))).to.deep.equal(allOf(one.snapshot(30)));
      }),
    );
  });

  it('that of an empty file map empties another one', () => {
    const state = filesOf('a', 'b');
    const chunks = allOf(new ServiceState().snapshot(10));
    expect(chunks).to.deep.equal(['[]']);
    install(state, chunks, 7);
    expect([state.files.list(), state.lastApplied, state.files.versionOf('a')]).to.deep.equal([[], 7, 0]);
  });

  it('two can be read at the same time, each with its own moment', () => {
    const state = filesOf('a', 'b');
    const first = state.snapshot(1);
    const start = first.next();
    apply(state, encodeUpdateFile('b', 2, ['new']));
    const second = state.snapshot(1);
    apply(state, encodeUpdateFile('b', 3, ['newer']), encodeUpdateFile('c', 1, []));
    expect([start.value, ...allOf(first)]).to.deep.equal(['[["a",1,["a"]]]', '[["b",1,["b"]]]']);
    expect(allOf(second)).to.deep.equal(['[["a",1,["a"]]]', '[["b",2,["new"]]]']);
  });

  describe('a reading that ends early keeps nothing', () => {
    for (const chunksRead of [0, 1, 2]) {
      it(`after ${chunksRead} chunks`, () => {
        const state = filesOf('a', 'b', 'c');
        const reader = state.snapshot(1);
        for (let chunk = 0; chunk < chunksRead; chunk += 1) reader.next();
        expect(viewsKept(state), 'of files, keys, clients and single requests').to.equal(4);
        reader.return?.();
        expect(viewsKept(state)).to.equal(0);
      });
    }
  });

  describe('loading', () => {
    it('changes nothing before the installation, which changes all at once', () => {
      const state = filesOf('old', 'a');
      const before = state.files.list();
      const loader = state.load();
      for (const chunk of allOf(filesOf('a', 'b', 'c').snapshot(1))) {
        loader.add(chunk);
        expect(state.files.list()).to.deep.equal(before);
        expect([state.lastApplied, state.files.size, state.files.versionOf('b')]).to.deep.equal([2, 2, 0]);
      }
      loader.install(3);
      expect(state.files.list()).to.deep.equal(filesOf('a', 'b', 'c').files.list());
      expect([state.lastApplied, state.files.versionOf('old')]).to.deep.equal([3, 0]);
    });

    it('does not show what is applied between its begin and its end', () => {
      const state = filesOf('a');
      const loader = state.load();
      loader.add('[["b",5,[]]]');
      apply(state, encodeUpdateFile('b', 1, ['x']), encodeUpdateFile('c', 1, ['x']));
      loader.install(9);
      expect(state.files.list()).to.deep.equal([['b', { version: 5, hashList: [] }]]);
    });

    it('leaves a list and a snapshot that are being read as they were', () => {
      const state = filesOf('a', 'b');
      const [list, reader] = [state.files.list(), state.snapshot(1)];
      const first = reader.next().value;
      install(state, ['[["z",1,[]]]'], 9);
      expect(list.map(([name]) => name)).to.deep.equal(['a', 'b']);
      expect([first, ...allOf(reader)]).to.deep.equal(['[["a",1,["a"]]]', '[["b",1,["b"]]]']);
    });

    it('of two at the same time each keeps to its own', () => {
      const state = new ServiceState();
      const [one, two] = [state.load(), state.load()];
      one.add('[["a",1,[]]]');
      two.add('[["a",2,[]]]');
      two.install(5);
      expect(state.files.versionOf('a')).to.equal(2);
    });

    const malformed = [
      '',
      'x',
      '{}',
      'null',
      '[null]',
      '[1]',
      '["a"]',
      '[{}]',
      '[[]]',
      '[["a"]]',
      '[["a",1]]',
      '[["a",1,null]]',
      '[["a","1",[]]]',
      '[["a",1.5,[]]]',
      '[["a",null,[]]]',
      '[["a",1e300,[]]]',
      '[[1,1,[]]]',
      '[[null,1,[]]]',
      '[["b",1,[]],["c",0.5,[]]]',
      '[["b",1,[]],["b",2,[]]]',
      '[["first",2,[]]]',
    ];
    for (const chunk of malformed) {
      it(`t54 refuses a chunk that is none, and leaves the file map as it was: ${chunk}`, () => {
        const state = filesOf('a');
        const before = state.files.list();
        const loader = state.load();
        loader.add('[["first",1,[]]]');
        expect(() => loader.add(chunk)).to.throw(SnapshotError);
        expect(state.files.list()).to.deep.equal(before);
        expect(state.lastApplied).to.equal(1);
      });
    }

    it('t54 throws nothing but SnapshotError, whatever the text', () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string(),
            fc.json(),
            fc.array(fc.json()).map((texts) => `[${texts.join()}]`),
          ),
          (text) => {
            try {
              new ServiceState().load().add(text);
            } catch (error) {
              expect(error).to.be.instanceOf(SnapshotError);
            }
          },
        ),
      );
    });
  });
});
