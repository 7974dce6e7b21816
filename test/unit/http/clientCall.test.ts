import { Socket } from 'node:net';
import { expect } from 'chai';
import { ClientCall, type CallEvents } from '../../../src/http/clientCall.js';

describe('http: a call of a client', () => {
  let told: string[] = [];
  const events: CallEvents = {
    started: ({ surface, method }) => told.push(`${surface} ${method} started`),
    answered: (_call, outcome) => told.push(`answered ${outcome}`),
    failed: (_call, error) => told.push(`failed ${String(error)}`),
    abandoned: () => told.push('abandoned'),
    internalError: (_call, error) => told.push(`internal ${String(error)}`),
  };
  const hangUp = (socket: Socket): unknown => socket.emit('close');

  beforeEach(() => {
    told = [];
  });

  it('starts once and ends once, whatever is said after its answer', () => {
    const socket = new Socket();
    const call = new ClientCall(socket, events);
    call.begin('xmlrpc', 'ping');
    call.answered('ok');
    call.answered('again');
    call.failed(new Error('late'));
    hangUp(socket);
    expect(told).to.deep.equal(['xmlrpc ping started', 'answered ok']);
  });

  it('is abandoned when its client goes away first: then no answer counts', () => {
    const socket = new Socket();
    const call = new ClientCall(socket, events);
    call.begin('keys', 'GET');
    call.onHangUp(() => told.push('heard'));
    hangUp(socket);
    call.answered('200');
    call.onHangUp(() => told.push('heard at once'));
    expect(told).to.deep.equal(['keys GET started', 'abandoned', 'heard', 'heard at once']);
  });

  it('has no events before it has begun', () => {
    const socket = new Socket();
    new ClientCall(socket, events).answered('413');
    const other = new ClientCall(socket, events);
    hangUp(socket);
    expect(told).to.deep.equal([]);
    other.begin('keys', 'GET');
    expect(told).to.deep.equal(['keys GET started', 'abandoned']);
  });

  it('calls every listener although one of them throws, and reports that', () => {
    const socket = new Socket();
    const call = new ClientCall(socket, events);
    call.onHangUp(() => {
      throw new Error('bad');
    });
    call.onHangUp(() => told.push('second'));
    hangUp(socket);
    expect(told).to.deep.equal(['internal Error: bad', 'second']);
  });

  it('of many on one connection hears of its end by one listener', () => {
    const socket = new Socket();
    for (let count = 0; count < 50; count += 1) new ClientCall(socket, events).begin('lines', 'get');
    expect(socket.listenerCount('close')).to.equal(1);
    hangUp(socket);
    expect(told.filter((event) => event === 'abandoned').length).to.equal(50);
  });
});
