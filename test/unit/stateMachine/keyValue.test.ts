import { expect } from 'chai';
import fc from 'fast-check';
import type { CommandResult, JsonValue } from '../../../src/stateMachine/command.js';
import { KeyValue, LIST_CHARS_MAX } from '../../../src/stateMachine/keyValue.js';

/** Names of members that every object has are keys like any other. */
const ODD_KEYS = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'a/b',
  '\0',
  '\ud800',
  '\ufffe',
];

/** A list of `items` strings of a million characters each. */
function longList(items: number): string[] {
  return Array<string>(items).fill('x'.repeat(1_000_000));
}

/** The values that JSON.parse can return. */
const jsonValue = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonValue);

describe('key/value map', () => {
  describe('delete', () => {
    it('removes a key and its value, of whatever kind, and says whether it was there', () => {
      for (const value of [null, 'text', ['a'], { a: 1 }]) {
        const keys = new KeyValue();
        keys.put({ key: 'a', value });
        keys.put({ key: 'b', value });
        expect(keys.delete({ key: 'a' })).to.equal('applied');
        expect(keys.get('a')).to.equal(undefined);
        expect(keys.list()).to.deep.equal([['b', value]]);
        expect(keys.delete({ key: 'a' })).to.equal('missing');
      }
    });

    it('leaves nothing of a list behind for the next one', () => {
      const keys = new KeyValue();
      keys.append({ key: 'a', items: ['old'] });
      keys.delete({ key: 'a' });
      keys.append({ key: 'a', items: ['new'] });
      expect(keys.get('a')).to.deep.equal(['new']);
    });
  });

  describe('put', () => {
    const values: JsonValue[] = [null, false, 0, '', 'text', 1.5, [], ['a', 1, null], {}, { a: { b: [] } }];
    for (const value of values) {
      it(`stores ${JSON.stringify(value)}, and get gives it back`, () => {
        const keys = new KeyValue();
        expect(keys.put({ key: 'a', value })).to.equal('applied');
        expect(keys.get('a')).to.deep.equal(value);
      });
    }

    it('replaces whatever was there, of whatever kind', () => {
      const keys = new KeyValue();
      for (const value of [...values, ...values.toReversed()]) {
        keys.put({ key: 'a', value });
        expect(keys.get('a')).to.deep.equal(value);
      }
      expect(keys.size).to.equal(1);
    });

    it('keeps its own copy of a list', () => {
      const keys = new KeyValue();
      const mine = ['a'];
      keys.put({ key: 'a', value: mine });
      keys.append({ key: 'a', items: ['b'] });
      mine.push('c');
      expect([mine, keys.get('a')]).to.deep.equal([
        ['a', 'c'],
        ['a', 'b'],
      ]);
    });
  });

  describe('append', () => {
    it('to a key that is not there begins a list', () => {
      const keys = new KeyValue();
      expect(keys.append({ key: 'a', items: ['x', ['y']] })).to.equal('applied');
      expect(keys.get('a')).to.deep.equal(['x', ['y']]);
    });

    it('to an empty list, and of no items at all', () => {
      const keys = new KeyValue();
      keys.append({ key: 'a', items: [] });
      expect([keys.get('a'), keys.size]).to.deep.equal([[], 1]);
      keys.append({ key: 'a', items: ['x'] });
      keys.append({ key: 'a', items: [] });
      expect(keys.get('a')).to.deep.equal(['x']);
    });

    it('adds items of any kind at the end, in their order, a list as one item', () => {
      const keys = new KeyValue();
      keys.put({ key: 'a', value: [1] });
      keys.append({ key: 'a', items: [null, [2, 3]] });
      keys.append({ key: 'a', items: [{ four: 4 }, 'five'] });
      expect(keys.get('a')).to.deep.equal([1, null, [2, 3], { four: 4 }, 'five']);
    });

    for (const value of [null, false, 0, 'text', {}, { length: 0 }] satisfies JsonValue[]) {
      it(`to ${JSON.stringify(value)} is refused as notAList, and changes nothing`, () => {
        const keys = new KeyValue();
        keys.put({ key: 'a', value });
        expect(keys.append({ key: 'a', items: ['x'] })).to.equal('notAList');
        expect(keys.get('a')).to.deep.equal(value);
      });
    }

    it('of more than a list may hold is refused as tooLarge, and changes nothing', () => {
      const keys = new KeyValue();
      for (const item of longList(4)) expect(keys.append({ key: 'a', items: [item] })).to.equal('applied');
      expect(keys.append({ key: 'a', items: ['first', ...longList(1)] })).to.equal('tooLarge');
      expect(keys.get('a')).to.deep.equal(longList(4));
      expect(keys.append({ key: 'new', items: longList(5) })).to.equal('tooLarge');
      expect([keys.get('new'), keys.size]).to.deep.equal([undefined, 1]);
    });

    it('goes exactly as far as the limit, and what fits still goes in after a refusal', () => {
      const keys = new KeyValue();
      // An item counts with its quotes and its comma.
      keys.put({ key: 'a', value: ['x'.repeat(LIST_CHARS_MAX - 3 - 8)] });
      expect(keys.append({ key: 'a', items: ['123456'] })).to.equal('tooLarge');
      expect(keys.append({ key: 'a', items: ['12345'] })).to.equal('applied');
      expect(keys.append({ key: 'a', items: [''] })).to.equal('tooLarge');
    });

    it('counts what was put: a list too long to be appended to can be put all the same', () => {
      const keys = new KeyValue();
      expect(keys.put({ key: 'a', value: longList(5) })).to.equal('applied');
      expect(keys.append({ key: 'a', items: [1] })).to.equal('tooLarge');
      keys.put({ key: 'a', value: [] });
      expect(keys.append({ key: 'a', items: longList(4) })).to.equal('applied');
    });
  });

  describe('get', () => {
    it('gives undefined for a key that is not there, also one that every object has', () => {
      for (const key of ODD_KEYS) expect(new KeyValue().get(key)).to.equal(undefined);
    });

    it('gives what later appends and puts never change', () => {
      const keys = new KeyValue();
      const given: (JsonValue | undefined)[] = [];
      for (let item = 0; item < 5; item += 1) {
        keys.append({ key: 'a', items: [item] });
        given.push(keys.get('a'));
      }
      keys.put({ key: 'a', value: 'other' });
      expect(given).to.deep.equal([[0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]);
    });

    it('gives a list that its reader may change without changing the map', () => {
      const keys = new KeyValue();
      keys.put({ key: 'a', value: [1] });
      (keys.get('a') as number[]).push(2);
      expect(keys.get('a')).to.deep.equal([1]);
    });
  });

  it('takes any key, those of object members too', () => {
    const keys = new KeyValue();
    for (const [position, key] of ODD_KEYS.entries()) {
      keys.put({ key, value: position });
      expect(keys.append({ key: `list ${key}`, items: [key] })).to.equal('applied');
    }
    for (const [position, key] of ODD_KEYS.entries()) {
      expect([keys.get(key), keys.get(`list ${key}`)]).to.deep.equal([position, [key]]);
    }
    expect(keys.size).to.equal(2 * ODD_KEYS.length);
  });

  it('lists all keys in the order in which they came, as they are at this moment', () => {
    const keys = new KeyValue();
    keys.put({ key: 'b', value: 1 });
    keys.append({ key: 'a', items: ['x'] });
    keys.put({ key: 'b', value: 2 });
    const list = keys.list();
    keys.append({ key: 'a', items: ['y'] });
    expect(list).to.deep.equal([
      ['b', 2],
      ['a', ['x']],
    ]);
  });

  it('is the same as a plain map, whatever is put and appended in whatever order', () => {
    const key = fc.constantFrom('a', 'b', '__proto__');
    const action = fc.oneof(
      { weight: 2, arbitrary: fc.record({ what: fc.constant('put' as const), key, value: jsonValue }) },
      {
        weight: 1,
        arbitrary: fc.record({ what: fc.constant('put' as const), key, value: fc.array(jsonValue) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          what: fc.constant('append' as const),
          key,
          items: fc.array(jsonValue, { maxLength: 4 }),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const keys = new KeyValue();
        const model = new Map<string, JsonValue>();
        const seen: [JsonValue | undefined, string][] = [];
        for (const act of actions) {
          const expected = act.what === 'put' ? modelPut(model, act) : modelAppend(model, act);
          expect(act.what === 'put' ? keys.put(act) : keys.append(act)).to.equal(expected);
          expect(keys.list()).to.deep.equal([...model]);
          expect(keys.size).to.equal(model.size);
          seen.push([keys.get(act.key), JSON.stringify(model.get(act.key))]);
        }
        for (const [value, text] of seen) expect(JSON.stringify(value)).to.equal(text);
      }),
      { numRuns: 300 },
    );
  });
});

function modelPut(
  model: Map<string, JsonValue>,
  { key, value }: { readonly key: string; readonly value: JsonValue },
): CommandResult {
  model.set(key, value);
  return 'applied';
}

function modelAppend(
  model: Map<string, JsonValue>,
  { key, items }: { readonly key: string; readonly items: readonly JsonValue[] },
): CommandResult {
  const before = model.get(key) ?? (model.has(key) ? null : []);
  if (!Array.isArray(before)) return 'notAList';
  model.set(key, [...(before as readonly JsonValue[]), ...items]);
  return 'applied';
}
