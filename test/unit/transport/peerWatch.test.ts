import { expect } from 'chai';
import { EventEmitter } from 'node:events';
import { PeerWatch, type PeerState } from '../../../src/transport/peerEndpoint.js';

const LEADER = 2;

class Watched {
  readonly asked: number[] = [];
  readonly down: number[] = [];
  answer: (state: PeerState) => void = () => undefined;
  readonly watch = new PeerWatch(
    (peer) => peer === LEADER,
    (peer) => {
      this.asked.push(peer);
      return new Promise((resolve) => (this.answer = resolve));
    },
    (peer) => this.down.push(peer),
  );

  /** A connection over which the peer has spoken. */
  connection(peer = LEADER): EventEmitter {
    const connection = new EventEmitter();
    this.watch.heard(peer, connection);
    return connection;
  }

  async answered(state: PeerState): Promise<void> {
    this.answer(state);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the watch over the connections of peers', () => {
  for (const [state, down] of [
    ['down', [LEADER]],
    ['up', []],
    ['silent', []],
  ] as const)
    it(`asks for a leader whose connection has closed, and says ${down.length === 0 ? 'nothing' : 'so'} when it is ${state}`, async () => {
      const watched = new Watched();
      watched.connection().emit('close');
      expect(watched.asked).to.deep.equal([LEADER]);
      await watched.answered(state);
      expect(watched.down).to.deep.equal(down);
    });

  it('asks once, however many connections close at the same time, and again later', async () => {
    const watched = new Watched();
    const connections = [watched.connection(), watched.connection(), watched.connection()];
    connections[0]?.emit('close');
    connections[1]?.emit('close');
    expect(watched.asked).to.have.length(1);
    await watched.answered('up');
    connections[2]?.emit('close');
    expect(watched.asked).to.have.length(2);
  });

  it('watches a connection once, however many messages come over it', () => {
    const watched = new Watched();
    const connection = watched.connection();
    for (let message = 0; message < 5; message += 1) watched.watch.heard(LEADER, connection);
    expect(connection.listenerCount('close')).to.equal(1);
  });

  it('does not ask for a server that is not the leader', () => {
    const watched = new Watched();
    watched.connection(1).emit('close');
    expect(watched.asked).to.deep.equal([]);
  });
});
