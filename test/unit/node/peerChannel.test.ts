import { expect } from 'chai';
import { PeerChannel } from '../../../src/node/peerChannel.js';
import { PeerHealth } from '../../../src/node/peerHealth.js';
import type { RequestMessage, ResponseMessage } from '../../../src/raft/types.js';
import type { SendOutcome, Transport } from '../../../src/transport/transport.js';

function request(term: number): RequestMessage {
  return { type: 'requestVote', from: 0, to: 1, term, lastLogIndex: 0, lastLogTerm: 0 };
}

function response(term: number): ResponseMessage {
  return { type: 'requestVoteResponse', from: 1, to: 0, term, granted: true };
}

class TestTransport implements Transport {
  readonly sent: number[] = [];
  givenUp = 0;
  finish: (outcome: SendOutcome) => void = () => undefined;

  send(message: RequestMessage, done: (outcome: SendOutcome) => void): () => void {
    this.sent.push(message.term);
    this.finish = done;
    return () => {
      this.givenUp += 1;
    };
  }

  close(): void {
    return undefined;
  }
}

function channel(): { transport: TestTransport; channel: PeerChannel; events: string[] } {
  const transport = new TestTransport();
  const events: string[] = [];
  const peerChannel = new PeerChannel(transport, {
    answered: ({ term }) => events.push(`answered ${term}`),
    failed: ({ term }, reason) => events.push(`failed ${term}: ${reason}`),
  });
  return { transport, channel: peerChannel, events };
}

describe('channel to a peer', () => {
  it('sends at once when nothing is under way', () => {
    const { transport, channel: peer, events } = channel();
    peer.send(request(1));
    transport.finish({ response: response(1) });
    peer.send(request(2));
    transport.finish({ failure: 'down' });
    expect(transport.sent).to.deep.equal([1, 2]);
    expect(events).to.deep.equal(['answered 1', 'failed 2: down']);
  });

  it('has one request in flight, and keeps only the newest of those that wait', () => {
    const { transport, channel: peer } = channel();
    for (const term of [1, 2, 3, 4]) peer.send(request(term));
    expect(transport.sent).to.deep.equal([1]);
    transport.finish({ response: response(1) });
    expect(transport.sent).to.deep.equal([1, 4]);
    transport.finish({ response: response(4) });
    expect(transport.sent).to.deep.equal([1, 4]);
  });

  it('t42 sends what waits after a failure too (etcd heartbeat_resp_recovers_from_probing)', () => {
    const { transport, channel: peer } = channel();
    peer.send(request(1));
    peer.send(request(2));
    transport.finish({ failure: 'timeout' });
    expect(transport.sent).to.deep.equal([1, 2]);
  });

  it('a request made in response to the answer goes before an older one that waited', () => {
    const transport = new TestTransport();
    const peer: PeerChannel = new PeerChannel(transport, {
      answered: ({ term }) => {
        if (term === 1) peer.send(request(9));
      },
      failed: () => undefined,
    });
    peer.send(request(1));
    peer.send(request(2));
    transport.finish({ response: response(1) });
    expect(transport.sent).to.deep.equal([1, 9]);
    transport.finish({ response: response(9) });
    expect(transport.sent).to.deep.equal([1, 9]);
  });

  it('t28 forgets everything on reset: what is in flight is given up, what waits is never sent', () => {
    const { transport, channel: peer, events } = channel();
    peer.send(request(1));
    peer.send(request(2));
    peer.reset();
    expect(transport.givenUp).to.equal(1);
    peer.send(request(3));
    transport.finish({ response: response(3) });
    expect(transport.sent).to.deep.equal([1, 3]);
    expect(events).to.deep.equal(['answered 3']);
  });
});

describe('health of peers', () => {
  it('t53 reports the first answer, an outage once and its end once, however many requests fail (consul#566)', () => {
    const reports: string[] = [];
    const health = new PeerHealth({
      peerUnreachable: (peer, reason) => reports.push(`down ${peer}: ${reason}`),
      peerReachable: (peer) => reports.push(`up ${peer}`),
    });
    health.answered(1);
    for (let attempt = 0; attempt < 100; attempt += 1) health.failed(1, `attempt ${attempt}`);
    health.failed(2, 'other');
    health.answered(1);
    health.answered(1);
    health.failed(1, 'again');
    expect(reports).to.deep.equal(['up 1', 'down 1: attempt 0', 'down 2: other', 'up 1', 'down 1: again']);
  });
});
