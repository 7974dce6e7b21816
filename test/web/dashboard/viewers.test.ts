import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { Viewers } from '../../../src/dashboard/viewers.js';
import type { HttpCall } from '../../../src/http/httpCall.js';

/** A client that reads, or does not. */
class Client extends EventEmitter {
  readonly written: string[] = [];
  reads = true;
  refusal = '';
  isGone = false;
  isEnded = false;
  readonly reply = {
    writeHead: () => undefined,
    write: (text: string): boolean => {
      this.written.push(text);
      return this.reads;
    },
    end: () => (this.isEnded = true),
    on: (event: string, listener: () => void) => this.on(event, listener),
  };
  readonly connection = {
    destroy: () => {
      this.isGone = true;
      this.emit('close');
    },
  };

  answered(): void {
    // Nobody counts streams.
  }

  text(status: number, line: string): void {
    this.refusal = `${status} ${line}`;
  }

  get call(): HttpCall {
    return this as unknown as HttpCall;
  }
}

describe('dashboard: viewers', () => {
  let clock: number;
  let sizes: number[];
  let viewers: Viewers;
  const add = (client = new Client()): Client => {
    viewers.add(client.call, 'hello', { points: [] });
    return client;
  };

  beforeEach(() => {
    clock = 0;
    sizes = [];
    viewers = new Viewers({
      changed: (size) => sizes.push(size),
      viewersMax: 3,
      unreadMs: 20_000,
      clockMs: () => clock,
    });
  });

  it('receive the past first, then each sample', () => {
    const client = add();
    viewers.send('sample', { a: 1 });
    expect(client.written).to.deep.equal([
      'event: hello\ndata: {"points":[]}\n\n',
      'event: sample\ndata: {"a":1}\n\n',
    ]);
  });

  it('are counted as they come and go', () => {
    const client = add();
    add();
    client.connection.destroy();
    expect(sizes).to.deep.equal([1, 2, 1]);
    expect(viewers.size).to.equal(1);
  });

  it('beyond the limit are refused', () => {
    for (let number = 0; number < 3; number += 1) add();
    expect(add().refusal).to.match(/^503 overloaded: 3 pages look at this server already/);
    expect(viewers.size).to.equal(3);
  });

  it('that do not read miss samples, go on when they read again, and hold back nobody else', () => {
    const slow = new Client();
    slow.reads = false;
    add(slow);
    const quick = add();
    for (let number = 0; number < 50; number += 1) viewers.send('sample', number);
    expect(slow.written).to.have.length(1);
    expect(quick.written).to.have.length(51);
    slow.reads = true;
    slow.emit('drain');
    viewers.send('sample', 'newest');
    expect(slow.written.at(-1)).to.include('newest');
  });

  it('that read nothing for long are dropped', () => {
    const slow = new Client();
    slow.reads = false;
    add(slow);
    clock = 19_000;
    viewers.send('sample', 1);
    expect(slow.isGone).to.equal(false);
    clock = 20_000;
    viewers.send('sample', 2);
    expect(slow.isGone).to.equal(true);
    expect(viewers.size).to.equal(0);
  });

  it('are told that the server ends', () => {
    const client = add();
    viewers.close();
    expect(client.isEnded).to.equal(true);
    expect(sizes.at(-1)).to.equal(0);
  });
});
