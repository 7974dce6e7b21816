import { expect } from 'chai';
import {
  asTruth,
  asVersion,
  entryOf,
  inWords,
  mapProblem,
  updateSays,
  type Reply,
} from '../../chaos/grade/subject/reply.js';
import { checkTemplate, shellLine } from '../../chaos/grade/subject/template.js';
import { UsageError } from '../../chaos/usageError.js';

const value = (given: unknown): Reply => ({ kind: 'value', value: given, ms: 1 });
const fault: Reply = { kind: 'fault', text: 'KeyError: a', ms: 1 };

describe('grade: answers', () => {
  it('are true or false, or the 1 and 0 of some libraries, and nothing else', () => {
    expect([true, false, 1, 0].map((given) => asTruth(value(given)))).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
    for (const given of ['yes', 'True', null, 2, [], {}])
      expect(asTruth(value(given)), inWords(given)).to.equal(undefined);
    expect(asTruth(fault)).to.equal(undefined);
  });

  it('to an update that are neither are not taken for either', () => {
    expect(updateSays(value(null))).to.equal('unclear');
    expect(updateSays(value(true))).to.equal('applied');
    expect(updateSays(fault)).to.equal('unclear');
  });

  it('to a version are whole numbers; None and a fault are understood as 0', () => {
    expect([3, '7', null, 1.5, 'x'].map((given) => asVersion(value(given)))).to.deep.equal([
      ...[3, 7, 0, undefined, undefined],
    ]);
    expect(asVersion(fault)).to.equal(0);
    expect(asVersion({ kind: 'silent', text: 'no answer', ms: 1 })).to.equal(undefined);
  });

  it('to a map are told how they differ from one', () => {
    expect(mapProblem({ a: [1, ['h']] })).to.equal(undefined);
    expect(mapProblem({})).to.equal(undefined);
    expect(mapProblem([{}, {}])).to.contain('is [{}, {}], not a map');
    expect(mapProblem({ a: { version: 1 } })).to.contain('under "a", not [version, hash list]');
    expect(mapProblem({ a: ['1st', []] })).to.contain('version "1st"');
    expect(mapProblem({ a: [1, 'h1,h2'] })).to.contain('"h1,h2" as the hash list of "a", not a list');
    expect(entryOf(value({ a: [2, ['h']] }), 'a')).to.deep.equal({ version: 2, hashList: ['h'] });
    expect(entryOf(value([{}, {}]), 'a')).to.equal(undefined);
  });

  it('are shown as Python writes them, and not longer than a line', () => {
    expect(inWords({ a: [1, ['h'], null, true] })).to.equal('{"a": [1, ["h"], None, True]}');
    expect(inWords('x'.repeat(1_000)).length).to.be.below(200);
  });
});

describe('grade: how a server is started', () => {
  it('names the config file and the number', () => {
    const check = (start: string) => () => checkTemplate(start, 'surfstore', undefined);
    expect(check('python3 server.py {config} {id}')).not.to.throw();
    expect(check('python3 server.py {id}')).to.throw(UsageError, '--start has no {config}');
    expect(check('python3 server.py {config}')).to.throw(UsageError, '--start has no {id}');
  });

  it('of the sister assignments names a port, a config file, or ports that are known', () => {
    const check = (start: string, ports?: readonly number[]) => () => checkTemplate(start, 'keys', ports);
    expect(check('python3 kv.py {port} {peer} {peers}')).not.to.throw();
    expect(check('python3 kv.py {config} {id}')).not.to.throw();
    expect(check('python3 kv.py {id}', [8080, 8081, 8082])).not.to.throw();
    expect(check('python3 kv.py {id}')).to.throw(UsageError, '--ports does not say');
    expect(check('python3 kv.py')).to.throw(UsageError, 'has no {id} and no {port}');
  });

  it('quotes paths for the shell, and tells each server its place', () => {
    const place = {
      id: 1,
      configFile: "/tmp/it's",
      ports: [8080, 8081, 8082],
      peerPorts: [9000, 9001, 9002],
      dir: '/tmp/own folder',
    };
    expect(shellLine('run {config} {id} # {id}', place)).to.equal("run '/tmp/it'\\''s' 1 # 1");
    expect(shellLine('kv {port} {dir}/dump {peer} {peers} ${HOME} {ports}', place)).to.equal(
      "kv 8081 '/tmp/own folder'/dump localhost:9001 localhost:9000 localhost:9002 ${HOME} 8080,8081,8082",
    );
  });
});
