import { expect } from 'chai';
import type { LookupAddress } from 'node:dns';
import { AddressBook } from '../../../src/transport/addressBook.js';

type LookUpDone = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** A book whose look-ups end when the test says so, with the time that the test says. */
class Desk {
  readonly asked: { readonly name: string; readonly done: LookUpDone }[] = [];
  nowMs = 0;
  readonly book = new AddressBook(
    (name, _options, done) => void this.asked.push({ name, done }),
    () => this.nowMs,
  );

  connect(name: string): Promise<string> {
    return new Promise((resolve, reject) =>
      this.book.lookup(name, {}, (error, address) => {
        if (error !== null) reject(error);
        else if (typeof address === 'string') resolve(address);
        else reject(new Error('one address was asked for'));
      }),
    );
  }

  answer(index: number, address: string): void {
    this.asked[index]?.done(null, [{ address, family: 4 }]);
  }
}

describe('the addresses of peers', () => {
  it('are looked up once, however many connections wait for them', async () => {
    const desk = new Desk();
    const connections = [desk.connect('slow'), desk.connect('slow'), desk.connect('slow')];
    expect(desk.asked.map(({ name }) => name)).to.deep.equal(['slow']);
    desk.answer(0, '10.0.0.1');
    expect(await Promise.all(connections)).to.deep.equal(['10.0.0.1', '10.0.0.1', '10.0.0.1']);
  });

  it('are remembered: a new connection waits for no look-up, and learns of a change by the one beside it', async () => {
    const desk = new Desk();
    const first = desk.connect('peer');
    desk.answer(0, '10.0.0.1');
    await first;
    desk.nowMs = 5_000;
    expect(await desk.connect('peer')).to.equal('10.0.0.1');
    expect(desk.asked, 'no question while it is fresh').to.have.length(1);
    desk.nowMs = 60_000;
    expect(await desk.connect('peer')).to.equal('10.0.0.1');
    expect(await desk.connect('peer')).to.equal('10.0.0.1');
    expect(desk.asked, 'one question').to.have.length(2);
    desk.answer(1, '10.0.0.2');
    expect(await desk.connect('peer')).to.equal('10.0.0.2');
  });

  it('stay known when the name is not found any more', async () => {
    const desk = new Desk();
    const first = desk.connect('peer');
    desk.answer(0, '10.0.0.1');
    await first;
    desk.nowMs = 60_000;
    await desk.connect('peer');
    desk.asked[1]?.done(new Error('no such name'), []);
    expect(await desk.connect('peer')).to.equal('10.0.0.1');
  });

  it('that do not exist are an error, and are not asked for again at once', async () => {
    const desk = new Desk();
    const wanted = desk.connect('nowhere').catch(String);
    desk.asked[0]?.done(new Error('no such name'), []);
    expect(await wanted).to.contain('no such name');
    expect(await desk.connect('nowhere').catch(String)).to.contain('no such name');
    expect(desk.asked).to.have.length(1);
    desk.nowMs = 2_000;
    const again = desk.connect('nowhere');
    desk.answer(1, '10.0.0.1');
    expect(await again).to.equal('10.0.0.1');
  });
});
