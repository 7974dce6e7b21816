import { expect } from 'chai';
import { PeerChannel, PeerHealth } from '../../../src/node/peers.js';
import type { RequestMessage, ResponseMessage } from '../../../src/raft/types.js';
import type { SendOutcome, Transport } from '../../../src/transport/transport.js';

function request(sequence: number, term = 1): RequestMessage {
  const entries = { prevLogIndex: 0, prevLogTerm: 0, entries: [], leaderCommit: 0 };
  return { type: 'appendEntries', from: 0, to: 1, term, ...entries, hasQuorum: true, sequence, readRound: 0 };
}

function heartbeat(sequence: number): RequestMessage {
  const commit = { term: 0, index: 0 };
  return { type: 'heartbeat', from: 0, to: 1, term: 1, commit, hasQuorum: true, sequence, readRound: 0 };
}

function vote(term: number): RequestMessage {
  return { type: 'requestVote', from: 0, to: 1, term, lastLogIndex: 0, lastLogTerm: 0 };
}

function response(sequence: number): ResponseMessage {
  const told = { success: true, matchIndex: 0, commitIndex: 0, readRound: 0, conflict: null };
  return { type: 'appendEntriesResponse', from: 1, to: 0, term: 1, sequence, ...told };
}

function nameOf(message: RequestMessage): number | string {
  if (message.type === 'appendEntries') return message.sequence;
  return message.type === 'heartbeat' ? `heartbeat ${message.sequence}` : `${message.type} ${message.term}`;
}

class TestTransport implements Transport {
  readonly sent: (number | string)[] = [];
  givenUp = 0;
  finish: (outcome: SendOutcome) => void = () => undefined;
  late: (response: ResponseMessage) => void = () => undefined;

  send(
    message: RequestMessage,
    done: (outcome: SendOutcome) => void,
    late: (response: ResponseMessage) => void,
  ): () => void {
    this.sent.push(nameOf(message));
    this.finish = done;
    this.late = late;
    return () => {
      this.givenUp += 1;
    };
  }

  disconnect(): void {
    // It keeps no connections.
  }

  close(): void {
    return undefined;
  }
}

function channel(): { transport: TestTransport; channel: PeerChannel; events: string[] } {
  const transport = new TestTransport();
  const events: string[] = [];
  const peerChannel = new PeerChannel(transport, {
    answered: (message) => events.push(`answered ${nameOf(message)}`),
    failed: (message, reason) => events.push(`failed ${nameOf(message)}: ${reason}`),
    late: ({ term }) => events.push(`late answer of term ${term}`),
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
    for (const sequence of [1, 2, 3, 4]) peer.send(request(sequence));
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
      answered: (message) => {
        if (nameOf(message) === 1) peer.send(request(9));
      },
      failed: () => undefined,
      late: () => undefined,
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

  it('sends heartbeats, pre-votes and votes beside an append in flight, and up to three heartbeats', () => {
    const { transport, channel: peer } = channel();
    peer.send(request(1));
    for (const sequence of [2, 3, 4, 5]) peer.send(heartbeat(sequence));
    peer.send(vote(2));
    expect(transport.sent).to.deep.equal([1, 'heartbeat 2', 'heartbeat 3', 'heartbeat 4', 'requestVote 2']);
    expect(transport.givenUp).to.equal(0);
  });

  it('gives a request up for one of a newer term, whose answer alone has a meaning', () => {
    const { transport, channel: peer } = channel();
    peer.send(vote(2));
    peer.send(vote(3));
    expect(transport.sent).to.deep.equal(['requestVote 2', 'requestVote 3']);
    expect(transport.givenUp).to.equal(1);
    peer.send(request(1, 2));
    peer.send(request(2, 2));
    peer.send(request(1, 3));
    expect(transport.sent.slice(2)).to.deep.equal([1, 1]);
    transport.finish({ response: response(1) });
    expect(transport.sent.slice(2)).to.deep.equal([1, 1]);
  });

  it('hands over an answer that comes late, but none of before a reset', () => {
    const { transport, channel: peer, events } = channel();
    peer.send(request(1));
    transport.finish({ failure: 'no response' });
    transport.late(response(1));
    expect(events).to.deep.equal(['failed 1: no response', 'late answer of term 1']);
    peer.reset();
    transport.late(response(1));
    expect(events).to.have.length(2);
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
