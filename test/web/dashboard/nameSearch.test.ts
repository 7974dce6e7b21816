import { expect } from 'chai';
import { NameSearch, TooBusyError, type NameQuery } from '../../../src/dashboard/nameSearch.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';

describe('dashboard: files and keys', () => {
  let state: ServiceState;
  let search: NameSearch;
  let clock: number;
  const find = (query: Partial<NameQuery> = {}) =>
    search.find({ kind: 'files', text: '', offset: 0, limit: 100, ...query });

  beforeEach(() => {
    state = new ServiceState();
    clock = 0;
    search = new NameSearch(state, () => clock);
  });

  it('are found by a part of their name in any letter case, in order of the first write', async () => {
    for (const name of ['photos/Cat.jpg', 'notes', 'photos/concat'])
      state.files.update({ type: 'updateFile', name, version: 1, hashList: ['a', 'b'] });
    state.files.update({ type: 'updateFile', name: 'photos/concat', version: 2, hashList: ['0'] });
    const found = await find({ text: 'cAT' });
    expect(found).to.deep.equal({
      kind: 'files',
      total: 3,
      matches: 2,
      isCut: false,
      offset: 0,
      rows: [
        { name: 'photos/Cat.jpg', version: 1, text: '2 blocks' },
        { name: 'photos/concat', version: 2, text: 'deleted' },
      ],
    });
  });

  it('show what a key holds: a value, or the end of a list', async () => {
    state.keys.put({ key: 'pets', value: ['cat', 'dog', 'eel', 'fox'] });
    state.keys.put({ key: 'limits', value: { most: 5 } });
    state.keys.put({ key: 'long', value: 'x'.repeat(1_000) });
    const { rows } = await find({ kind: 'keys' });
    expect(rows[0]).to.deep.equal({ name: 'pets', version: null, text: '4 items: ... "dog", "eel", "fox"' });
    expect(rows[1]?.text).to.equal('{"most":5}');
    expect(rows[2]?.text).to.have.length.below(130);
  });

  it('are a hundred thousand, any part of which comes without holding up the rest', async function () {
    this.timeout(20_000);
    for (let number = 0; number < 100_000; number += 1)
      state.files.update({ type: 'updateFile', name: `folder/file-${number}`, version: 1, hashList: [] });
    let turns = 0;
    let longestMs = 0;
    let last = performance.now();
    const ticking = setInterval(() => {
      turns += 1;
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 1);
    const startedAt = performance.now();
    const end = await find({ offset: 99_990, limit: 100 });
    const tookMs = performance.now() - startedAt;
    const few = await find({ text: 'E-9999' });
    clearInterval(ticking);
    console.log(
      `      the last of 100,000 in ${tookMs.toFixed(0)} ms; nobody waited longer than ${longestMs.toFixed(0)} ms`,
    );
    expect(end.rows.map(({ name }) => name))
      .to.have.length(10)
      .that.includes('folder/file-99999');
    expect(few.matches).to.equal(11);
    expect(turns, 'others had their turns').to.be.at.least(5);
    expect(tookMs).to.be.below(2_000);
  });

  it('fit together while a list is scrolled, and are searched anew after a moment', async () => {
    state.keys.put({ key: 'a', value: 1 });
    expect((await find({ kind: 'keys' })).matches).to.equal(1);
    state.keys.put({ key: 'b', value: 1 });
    expect((await find({ kind: 'keys' })).matches).to.equal(1);
    clock = 3_000;
    expect((await find({ kind: 'keys' })).matches).to.equal(2);
  });

  it('that are deleted since the search are shown as gone', async () => {
    state.keys.put({ key: 'a', value: 1 });
    await find({ kind: 'keys' });
    state.keys.delete({ key: 'a' });
    expect((await find({ kind: 'keys' })).rows).to.deep.equal([{ name: 'a', version: null, text: 'gone' }]);
  });

  it('are searched once at a time, and not by everybody at once', async () => {
    for (let number = 0; number < 10_000; number += 1) state.keys.put({ key: `k${number}`, value: 1 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, number) => find({ kind: 'keys', text: String(number) })),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused).to.have.length(12);
    for (const outcome of refused)
      expect((outcome as PromiseRejectedResult).reason).to.be.instanceOf(TooBusyError);
  });
});
