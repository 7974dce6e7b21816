import { expect } from 'chai';
import fc from 'fast-check';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RecentlyUsed } from '../../../src/stateMachine/sessions.js';

const MEBIBYTE = 1024 * 1024;

/** Bytes that the heap needs. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

describe('a table of those used last', () => {
  it('keeps what a list in the order of use would keep', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.array(fc.nat(9)), (extra, uses) => {
        const max = extra + 1;
        const table = new RecentlyUsed<number>(max);
        let order: string[] = [];
        for (const [value, key] of uses.entries()) {
          table.use(`${key}`, value);
          order = [...order.filter((other) => other !== `${key}`), `${key}`].slice(-max);
          expect([...table.freeze()].map(([kept]) => kept)).to.deep.equal(order);
          expect([table.size, table.get(`${key}`)]).to.deep.equal([order.length, value]);
        }
      }),
    );
  });

  it('needs no more memory when the same few are used for ever, after others were forgotten', function () {
    this.timeout(30_000);
    const table = new RecentlyUsed<string>(10_000);
    for (let key = 0; key <= 10_000; key += 1) table.use(`key${key}`, 'x');
    const useFew = (): void => {
      for (let use = 0; use < 500_000; use += 1) table.use(`few${use % 16}`, `value ${use}`);
    };
    useFew();
    const before = heapBytes();
    useFew();
    expect((heapBytes() - before) / MEBIBYTE).to.be.lessThan(5);
    expect(table.size).to.equal(10_000);
  });
});
