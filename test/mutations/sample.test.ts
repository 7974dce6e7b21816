import { expect } from 'chai';
import { allMutations } from './data/index.js';
import { bugCount, unexpressed } from './data/unexpressed.js';
import { mutate, OutdatedMutation, type Mutation } from './mutation.js';
import { report } from './report.js';
import { isKilled, runMutations, type RunOptions } from './runner.js';
import { allSuites, type Suite, type Verdict } from './suites.js';
import { readSource } from './workspace.js';

const sample = ['t12', 't20', 't34'];

describe('mutations', () => {
  it('all still apply, each edit exactly once', () => {
    for (const mutation of allMutations) mutate(mutation, readSource);
  });

  it('have names of their own', () => {
    const ids = allMutations.map(({ id }) => id);
    expect(new Set(ids)).to.have.property('size', ids.length);
  });

  it('put back every bug of the list, or say why not', () => {
    const expressed = new Set(allMutations.map(({ id }) => /^t(\d\d)/.exec(id)?.[1]).map(Number));
    const missing = Array.from({ length: bugCount }, (_, index) => index + 1).filter(
      (bug) => !expressed.has(bug) && !unexpressed.has(bug),
    );
    expect(missing).to.deep.equal([]);
  });

  it('a fixed sample is killed by the tests', async function () {
    this.timeout(180_000);
    const results = await runMutations({
      mutations: allMutations.filter(({ id }) => sample.includes(id)),
      suites: allSuites(20),
      jobs: 1,
      // The suites run on the unmutated sources beside this very test.
      checksOriginal: false,
    });
    expect(results).to.have.length(sample.length);
    for (const result of results)
      expect(result, result.mutation.id).to.have.nested.property('verdict.kind', 'failed');
  });
});

describe('the mutation runner', function () {
  this.timeout(60_000);

  const file = 'src/raft/config.ts';
  const mutation = (find: string, replace = 'other'): Mutation => ({
    id: 'm1',
    title: 'title',
    source: 'source',
    edits: [{ file, find, replace }],
  });
  const verdictOf = (verdict: Verdict, name = 'suite'): Suite => ({
    name,
    run: () => Promise.resolve(verdict),
  });
  const options = (...suites: Suite[]): RunOptions => ({
    mutations: [mutation('Math.floor')],
    suites,
    jobs: 1,
    checksOriginal: false,
  });

  it('refuses a mutation whose text is not there, is there twice, or changes nothing', () => {
    const read = (): string => 'one two two';
    for (const outdated of [mutation('three'), mutation('two'), mutation('one', 'one')]) {
      expect(() => mutate(outdated, read), outdated.edits[0]?.find).to.throw(
        OutdatedMutation,
        /m1 no longer applies/,
      );
    }
    expect(mutate(mutation('one', 'six'), read).get(file)).to.equal('six two two');
  });

  it('makes several edits of one file', () => {
    const twice = { ...mutation(''), edits: [...mutation('a', 'x').edits, ...mutation('b', 'y').edits] };
    expect(mutate(twice, () => 'a b').get(file)).to.equal('x y');
  });

  it('tries the suites in order and stops at the first that fails', async () => {
    const passed = verdictOf({ kind: 'passed' }, 'first');
    const failed = verdictOf({ kind: 'failed', by: 'a rule' }, 'second');
    const never: Suite = { name: 'third', run: () => Promise.reject(new Error('not to be run')) };
    const [result] = await runMutations(options(passed, failed, never));
    expect(result).to.deep.include({ suite: 'second', verdict: { kind: 'failed', by: 'a rule' } });
  });

  it('calls a mutation that nothing notices a survivor, and one that does not load no proof', async () => {
    const survived = await runMutations(options(verdictOf({ kind: 'passed' })));
    const broken = await runMutations(options(verdictOf({ kind: 'broken', by: 'SyntaxError' })));
    expect([...survived, ...broken].map(isKilled)).to.deep.equal([false, false]);
    expect(report([...survived, ...broken]))
      .to.contain('SURVIVED')
      .and.contain('BROKEN')
      .and.contain('0 killed');
  });

  it('counts a time-out as killed, and says so', async () => {
    const results = await runMutations(
      options(verdictOf({ kind: 'timedOut', by: 'time-out of 9 s, a seed' })),
    );
    expect(results.map(isKilled)).to.deep.equal([true]);
    expect(report(results)).to.contain('suite: time-out of 9 s, a seed').and.contain('1 killed');
  });

  it('shows nothing when the unmutated sources fail already', async () => {
    const failing = options(verdictOf({ kind: 'failed', by: 'a rule' }));
    const error: unknown = await runMutations({ ...failing, checksOriginal: true }).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.an('error').with.property('message').that.contains('unmutated sources fail already');
  });
});
