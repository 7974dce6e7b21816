import { expect } from 'chai';
import fc from 'fast-check';
import { encodeUpdateFile, type CommandResult, type HashList } from '../../../src/stateMachine/command.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';

/** Applies commands one after another; the results. */
function apply(state: ServiceState, ...commands: readonly string[]): CommandResult[] {
  return commands.map((command) =>
    state.apply({ term: 1, index: state.lastApplied + 1, kind: 'command', command }),
  );
}

describe('file metadata', () => {
  it('a file never written has version 0, so its first update is version 1', () => {
    const state = new ServiceState();
    const { files } = state;
    expect(files.versionOf('a')).to.equal(0);
    expect(apply(state, encodeUpdateFile('a', 0, []), encodeUpdateFile('a', 2, []))).to.deep.equal([
      'refused',
      'refused',
    ]);
    expect(apply(state, encodeUpdateFile('a', 1, ['h']))).to.deep.equal(['applied']);
    expect(files.versionOf('a')).to.equal(1);
  });

  it('t45 of two updates with the same version the first one applied wins, the other changes nothing', () => {
    const state = new ServiceState();
    const { files } = state;
    const results = apply(state, encodeUpdateFile('a', 1, ['one']), encodeUpdateFile('a', 1, ['two']));
    expect(results).to.deep.equal(['applied', 'refused']);
    expect(files.list()).to.deep.equal([['a', { version: 1, hashList: ['one'] }]]);
  });

  it('a version is right only when it is exactly one above the stored one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2, max: 6 })), (versions) => {
        const state = new ServiceState();
        const { files } = state;
        let stored = 0;
        for (const version of versions) {
          const [result] = apply(state, encodeUpdateFile('a', version, []));
          expect(result).to.equal(version === stored + 1 ? 'applied' : 'refused');
          if (version === stored + 1) stored = version;
        }
        expect(files.versionOf('a')).to.equal(stored);
      }),
    );
  });

  it('a deleted file keeps its tombstone and counts on', () => {
    const state = new ServiceState();
    const { files } = state;
    apply(
      state,
      encodeUpdateFile('a', 1, ['h']),
      encodeUpdateFile('a', 2, ['0']),
      encodeUpdateFile('a', 3, ['g']),
    );
    expect(files.list()).to.deep.equal([['a', { version: 3, hashList: ['g'] }]]);
  });

  const opaque: HashList[] = [
    ['h1', 'h2'],
    [1, 2, 3],
    [],
    '0',
    0,
    ['0'],
    [true, false],
    [['nested'], []],
    [{ base64: 'AAEC' }],
    [{ i8: '9223372036854775807' }],
    [
      {
        struct: [
          ['name', 'x'],
          ['name', 1],
        ],
      },
    ],
    [''],
    ['\u0000\u2028é😀'],
  ];
  for (const hashList of opaque) {
    it(`keeps a hash list as it came: ${JSON.stringify(hashList)}`, () => {
      const state = new ServiceState();
      const { files } = state;
      expect(apply(state, encodeUpdateFile('a', 1, hashList))).to.deep.equal(['applied']);
      expect(files.list()[0]?.[1].hashList).to.deep.equal(hashList);
    });
  }

  it('takes any name, those of object members too', () => {
    const state = new ServiceState();
    const { files } = state;
    const names = ['', '__proto__', 'constructor', 'a/b', 'é', ' ', '\n'];
    apply(state, ...names.map((name) => encodeUpdateFile(name, 1, [name])));
    expect(files.list().map(([name]) => name)).to.deep.equal(names);
    expect(files.size).to.equal(names.length);
    for (const name of names) expect(files.versionOf(name)).to.equal(1);
    expect(new ServiceState().files.versionOf('constructor')).to.equal(0);
  });

  it('a no-op only moves lastApplied', () => {
    const state = new ServiceState();
    const { files } = state;
    state.apply({ term: 1, index: 1, kind: 'noop', command: encodeUpdateFile('a', 1, []) });
    expect([state.lastApplied, files.size]).to.deep.equal([1, 0]);
  });

  const garbage = [
    '',
    'x',
    '{',
    'null',
    '1',
    '[]',
    '{}',
    '{"type":"other","name":"a","version":1,"hashList":[]}',
    '{"type":"updateFile","name":1,"version":1,"hashList":[]}',
    '{"type":"updateFile","name":"a","version":1.5,"hashList":[]}',
    '{"type":"updateFile","name":"a","version":"1","hashList":[]}',
    '{"type":"updateFile","name":"a","version":1}',
    '{"type":"updateFile","name":"a","version":1,"hashList":null}',
  ];
  for (const command of garbage) {
    it(`t54 an entry that is none of ours does no harm: ${command}`, () => {
      const state = new ServiceState();
      const { files } = state;
      expect(apply(state, command)).to.deep.equal(['none']);
      expect([state.lastApplied, files.size]).to.deep.equal([1, 0]);
    });
  }

  it('t54 no text at all makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (command) => {
        apply(new ServiceState(), command);
      }),
    );
  });

  it('a list shows one moment: later updates do not change it', () => {
    const state = new ServiceState();
    const { files } = state;
    apply(state, encodeUpdateFile('a', 1, ['old']));
    const list = files.list();
    apply(state, encodeUpdateFile('a', 2, ['new']), encodeUpdateFile('b', 1, []));
    expect(list).to.deep.equal([['a', { version: 1, hashList: ['old'] }]]);
  });

  it('the same commands give the same state and results everywhere', () => {
    const command = fc
      .tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 5 }))
      .map(([name, version]) => encodeUpdateFile(name, version, [version]));
    fc.assert(
      fc.property(fc.array(command), (commands) => {
        const [one, two] = [new ServiceState(), new ServiceState()];
        expect(apply(one, ...commands)).to.deep.equal(apply(two, ...commands));
        expect(one.files.list()).to.deep.equal(two.files.list());
      }),
    );
  });
});
