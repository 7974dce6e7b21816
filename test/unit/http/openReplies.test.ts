import { expect } from 'chai';
import { OpenReplies } from '../../../src/http/openReplies.js';

const bytes = (length: number): Uint8Array => new Uint8Array(length);

describe('http: what all open replies hold', () => {
  it('is limited, and free again when a reply is over, which it may say twice', () => {
    const replies = new OpenReplies(100);
    const close = replies.open([bytes(60)]);
    expect(replies.open([bytes(50)])).to.equal(null);
    expect(replies.open([bytes(40)])).not.to.equal(null);
    expect(replies.bytes).to.equal(100);
    close?.();
    close?.();
    expect(replies.bytes).to.equal(40);
    expect(replies.open([bytes(60)])).not.to.equal(null);
  });

  it('counts bytes that replies share once, until the last of them is over', () => {
    const replies = new OpenReplies(100);
    const shared = bytes(80);
    const closes = Array.from({ length: 50 }, () => replies.open([shared]));
    expect(replies.bytes).to.equal(80);
    for (const close of closes.slice(1)) close?.();
    expect(replies.bytes).to.equal(80);
    expect(replies.open([shared, bytes(21)])).to.equal(null);
    closes[0]?.();
    expect(replies.bytes).to.equal(0);
  });

  it('lets a reply that is alone be as long as it is', () => {
    const replies = new OpenReplies(100);
    expect(replies.open([bytes(1_000)])).not.to.equal(null);
    expect(replies.open([bytes(1)])).to.equal(null);
  });
});
