import { expect } from 'chai';
import fc from 'fast-check';
import { CopyOnWriteMap, type FrozenView } from '../../../src/stateMachine/copyOnWriteMap.js';
import { viewsKept } from '../../support/viewsKept.js';

type Pair = readonly [string, number];

function filled(...keys: readonly string[]): CopyOnWriteMap<number> {
  const map = new CopyOnWriteMap<number>();
  for (const [value, key] of keys.entries()) map.set(key, value);
  return map;
}

describe('copy-on-write map', () => {
  it('is a map in order of insertion', () => {
    const map = filled('b', 'a', 'c');
    map.set('b', 9);
    expect([map.delete('a'), map.delete('a'), map.delete('none')]).to.deep.equal([true, false, false]);
    map.set('a', 7);
    expect([...map.entries()]).to.deep.equal([
      ['b', 9],
      ['c', 2],
      ['a', 7],
    ]);
    expect([map.size, map.get('b'), map.get('none')]).to.deep.equal([3, 9, undefined]);
  });

  it('shows in a frozen view what it held at that moment, in the same order', () => {
    const map = filled('a', 'b', 'c');
    const view = map.freeze();
    map.set('a', 10);
    map.set('d', 11);
    expect(view.next().value).to.deep.equal(['a', 0]);
    map.set('a', 12);
    map.set('c', 13);
    map.set('c', 14);
    expect([...view]).to.deep.equal([
      ['b', 1],
      ['c', 2],
    ]);
  });

  it('shows what was deleted since, and not read before, last', () => {
    const map = filled('a', 'b', 'c');
    const view = map.freeze();
    map.delete('a');
    map.set('a', 10);
    expect([...view]).to.deep.equal([
      ['b', 1],
      ['c', 2],
      ['a', 0],
    ]);
  });

  it('shows in the view of an empty map nothing, whatever comes', () => {
    const map = new CopyOnWriteMap<number>();
    const view = map.freeze();
    map.set('a', 1);
    expect([...view]).to.deep.equal([]);
  });

  describe('keeps no view', () => {
    const endings: Record<string, (view: FrozenView<number>) => void> = {
      'that was read to its end': (view) => expect([...view]).to.have.length(3),
      'that was released': (view) => view.release(),
      'that was released twice': (view) => {
        view.release();
        view.release();
      },
      'that a loop has left': (view) => {
        for (const [key] of view) if (key === 'a') break;
      },
      'that was released in the middle': (view) => {
        view.next();
        view.release();
      },
    };
    for (const [what, end] of Object.entries(endings)) {
      it(what, () => {
        const map = filled('a', 'b', 'c');
        const [view, other] = [map.freeze(), map.freeze()];
        map.set('b', 5);
        expect(viewsKept(map)).to.equal(2);
        end(view);
        expect(viewsKept(map)).to.equal(1);
        expect(view.next().done).to.equal(true);
        expect([...other].map(([, value]) => value)).to.deep.equal([0, 1, 2]);
        expect(viewsKept(map)).to.equal(0);
      });
    }
  });

  it('is the same as a plain map that is copied for each view, whatever happens in whatever order', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const action = fc.oneof(
      { weight: 5, arbitrary: fc.record({ what: fc.constant('set' as const), key, value: fc.nat(99) }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant('delete' as const), key }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant('freeze' as const) }) },
      { weight: 4, arbitrary: fc.record({ what: fc.constant('next' as const), view: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant('release' as const), view: fc.nat(9) }) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const map = new CopyOnWriteMap<number>();
        const model = new Map<string, number>();
        const readings: Reading[] = [];
        for (const act of actions) {
          switch (act.what) {
            case 'set':
              map.set(act.key, act.value);
              model.set(act.key, act.value);
              break;
            case 'delete':
              expect(map.delete(act.key)).to.equal(model.delete(act.key));
              for (const reading of readings) reading.deleted.add(act.key);
              break;
            case 'freeze':
              readings.push({ view: map.freeze(), copy: [...model], read: [], deleted: new Set() });
              break;
            case 'next':
              readNext(readings[act.view % Math.max(readings.length, 1)]);
              break;
            case 'release':
              readings.splice(act.view, 1)[0]?.view.release();
              break;
          }
          expect([...map.entries()]).to.deep.equal([...model]);
          expect(map.size).to.equal(model.size);
        }
        for (const reading of readings) checkWhole(reading);
        expect(viewsKept(map)).to.equal(0);
      }),
      { numRuns: 500 },
    );
  });
});

interface Reading {
  readonly view: FrozenView<number>;
  readonly copy: readonly Pair[];
  readonly read: Pair[];
  /** Keys that were deleted at any time since. */
  readonly deleted: Set<string>;
}

function readNext(reading: Reading | undefined): boolean {
  const step = reading?.view.next();
  if (step === undefined || step.done === true) return false;
  reading?.read.push(step.value);
  return true;
}

/** Reads what is left: all of the copy, each key once, in its order as far as nothing was deleted. */
function checkWhole(reading: Reading): void {
  while (readNext(reading));
  const { read, copy, deleted } = reading;
  const byKey = (a: Pair, b: Pair): number => a[0].localeCompare(b[0]);
  expect(read.toSorted(byKey)).to.deep.equal(copy.toSorted(byKey));
  const stayed = ([key]: Pair): boolean => !deleted.has(key);
  expect(read.filter(stayed)).to.deep.equal(copy.filter(stayed));
}
