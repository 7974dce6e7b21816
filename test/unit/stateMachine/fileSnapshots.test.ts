import { expect } from 'chai';
import fc from 'fast-check';
import { encodeUpdateFile, FileMetadata, type HashList } from '../../../src/stateMachine/fileMetadata.js';
import { SnapshotError, type SnapshotReader } from '../../../src/stateMachine/stateMachine.js';
import { viewsKept } from '../../support/viewsKept.js';

function apply(files: FileMetadata, ...commands: readonly string[]): void {
  for (const command of commands) {
    files.apply({ term: 1, index: files.lastApplied + 1, kind: 'command', command });
  }
}

/** A file map with version 1 of these files. */
function filesOf(...names: readonly string[]): FileMetadata {
  const files = new FileMetadata();
  apply(files, ...names.map((name) => encodeUpdateFile(name, 1, [name])));
  return files;
}

function allOf(reader: SnapshotReader): string[] {
  const chunks: string[] = [];
  for (let step = reader.next(); step.done !== true; step = reader.next()) chunks.push(step.value);
  return chunks;
}

/** The file map becomes the snapshot. */
function install(files: FileMetadata, chunks: readonly string[], lastApplied: number): void {
  const loader = files.load();
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
        const [one, two] = [new FileMetadata(), new FileMetadata()];
        apply(one, ...written);
        apply(two, ...other);
        install(two, allOf(one.snapshot(chars)), one.lastApplied);
        expect(two.list()).to.deep.equal(one.list());
        expect([two.lastApplied, two.size]).to.deep.equal([one.lastApplied, one.size]);
      }),
    );
  });

  it('one shows the moment at which it was begun, whatever is applied while it is read', () => {
    const meanwhile = fc.array(fc.array(command, { maxLength: 4 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(commands, meanwhile, chunkChars, (written, later, chars) => {
        const files = new FileMetadata();
        apply(files, ...written);
        const [list, { lastApplied }] = [files.list(), files];
        const reader = files.snapshot(chars);
        const chunks: string[] = [];
        for (let turn = 0; ; turn += 1) {
          apply(files, ...(later[turn % later.length] ?? []));
          const step = reader.next();
          if (step.done === true) break;
          chunks.push(step.value);
        }
        const copy = new FileMetadata();
        install(copy, chunks, lastApplied);
        expect(copy.list()).to.deep.equal(list);
        expect(viewsKept(files)).to.equal(0);
      }),
    );
  });

  it('the file map goes on from it exactly as the other does', () => {
    fc.assert(
      fc.property(commands, commands, (written, later) => {
        const [one, two] = [new FileMetadata(), new FileMetadata()];
        apply(one, ...written);
        install(two, allOf(one.snapshot(50)), one.lastApplied);
        apply(one, ...later);
        apply(two, ...later);
        expect(two.list()).to.deep.equal(one.list());
        expect(allOf(two.snapshot(30))).to.deep.equal(allOf(one.snapshot(30)));
      }),
    );
  });

  it('that of an empty file map empties another one', () => {
    const files = filesOf('a', 'b');
    const chunks = allOf(new FileMetadata().snapshot(10));
    expect(chunks).to.deep.equal(['[]']);
    install(files, chunks, 7);
    expect([files.list(), files.lastApplied, files.versionOf('a')]).to.deep.equal([[], 7, 0]);
  });

  it('two can be read at the same time, each with its own moment', () => {
    const files = filesOf('a', 'b');
    const first = files.snapshot(1);
    const start = first.next();
    apply(files, encodeUpdateFile('b', 2, ['new']));
    const second = files.snapshot(1);
    apply(files, encodeUpdateFile('b', 3, ['newer']), encodeUpdateFile('c', 1, []));
    expect([start.value, ...allOf(first)]).to.deep.equal(['[["a",1,["a"]]]', '[["b",1,["b"]]]']);
    expect(allOf(second)).to.deep.equal(['[["a",1,["a"]]]', '[["b",2,["new"]]]']);
  });

  describe('a reading that ends early keeps nothing', () => {
    for (const chunksRead of [0, 1, 2]) {
      it(`after ${chunksRead} chunks`, () => {
        const files = filesOf('a', 'b', 'c');
        const reader = files.snapshot(1);
        for (let chunk = 0; chunk < chunksRead; chunk += 1) reader.next();
        expect(viewsKept(files)).to.equal(1);
        reader.return?.();
        expect(viewsKept(files)).to.equal(0);
      });
    }
  });

  describe('loading', () => {
    it('changes nothing before the installation, which changes all at once', () => {
      const files = filesOf('old', 'a');
      const before = files.list();
      const loader = files.load();
      for (const chunk of allOf(filesOf('a', 'b', 'c').snapshot(1))) {
        loader.add(chunk);
        expect(files.list()).to.deep.equal(before);
        expect([files.lastApplied, files.size, files.versionOf('b')]).to.deep.equal([2, 2, 0]);
      }
      loader.install(3);
      expect(files.list()).to.deep.equal(filesOf('a', 'b', 'c').list());
      expect([files.lastApplied, files.versionOf('old')]).to.deep.equal([3, 0]);
    });

    it('does not show what is applied between its begin and its end', () => {
      const files = filesOf('a');
      const loader = files.load();
      loader.add('[["b",5,[]]]');
      apply(files, encodeUpdateFile('b', 1, ['x']), encodeUpdateFile('c', 1, ['x']));
      loader.install(9);
      expect(files.list()).to.deep.equal([['b', { version: 5, hashList: [] }]]);
    });

    it('leaves a list and a snapshot that are being read as they were', () => {
      const files = filesOf('a', 'b');
      const [list, reader] = [files.list(), files.snapshot(1)];
      const first = reader.next().value;
      install(files, ['[["z",1,[]]]'], 9);
      expect(list.map(([name]) => name)).to.deep.equal(['a', 'b']);
      expect([first, ...allOf(reader)]).to.deep.equal(['[["a",1,["a"]]]', '[["b",1,["b"]]]']);
    });

    it('of two at the same time each keeps to its own', () => {
      const files = new FileMetadata();
      const [one, two] = [files.load(), files.load()];
      one.add('[["a",1,[]]]');
      two.add('[["a",2,[]]]');
      two.install(5);
      expect(files.versionOf('a')).to.equal(2);
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
        const files = filesOf('a');
        const before = files.list();
        const loader = files.load();
        loader.add('[["first",1,[]]]');
        expect(() => loader.add(chunk)).to.throw(SnapshotError);
        expect(files.list()).to.deep.equal(before);
        expect(files.lastApplied).to.equal(1);
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
              new FileMetadata().load().add(text);
            } catch (error) {
              expect(error).to.be.instanceOf(SnapshotError);
            }
          },
        ),
      );
    });
  });
});
