import { expect } from 'chai';
import { SharedJson } from '../../../src/api/sharedJson.js';
import { KeyValue } from '../../../src/stateMachine/keyValue.js';

describe('api: the JSON of values', () => {
  it('is made once for a value that is read again and again, and anew for another', () => {
    const shared = new SharedJson();
    const value = ['a', 'b'];
    const first = shared.of(value);
    expect(first.json.toString()).to.equal('["a","b"]');
    expect(shared.of(value).json).to.equal(first.json);
    expect(shared.of(['a', 'b']).json).not.to.equal(first.json);
    expect(shared.of(null).json.toString()).to.equal('null');
    expect(shared.of(null).isListOfStrings).to.equal(false);
    expect(shared.of([]).isListOfStrings).to.equal(true);
    expect(shared.of(['a', 1]).isListOfStrings).to.equal(false);
  });

  it('a long list is the same object for all its readers until it changes', () => {
    const keys = new KeyValue();
    const shared = new SharedJson();
    keys.put({ key: 'k', value: Array.from({ length: 50_000 }, (_, k) => `item ${k}`) });
    const before = keys.get('k');
    expect(keys.get('k')).to.equal(before);
    const json = shared.of(before ?? null).json.toString();
    keys.append({ key: 'k', items: ['last'] });
    const after = keys.get('k') ?? null;
    expect(after).not.to.equal(before);
    expect(before).to.have.length(50_000);
    expect(shared.of(after).json.toString()).to.equal(`${json.slice(0, -1)},"last"]`);
  });
});
