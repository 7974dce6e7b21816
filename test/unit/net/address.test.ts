import { expect } from 'chai';
import { addressOf, connectionFailureText } from '../../../src/net/address.js';

function refused(address: string, port = 9001): Error {
  const text = `connect ECONNREFUSED ${address}:${port}`;
  return Object.assign(new Error(text), { code: 'ECONNREFUSED', syscall: 'connect', address, port });
}

describe('net: an address', () => {
  it('has an IPv6 host in brackets, and any other as it is', () => {
    expect(addressOf({ host: '::1', port: 9001 })).to.equal('[::1]:9001');
    expect(addressOf({ host: '127.0.0.1', port: 9001 })).to.equal('127.0.0.1:9001');
    expect(addressOf({ host: 'localhost', port: 80 })).to.equal('localhost:80');
  });
});

describe('net: why a connection failed', () => {
  it('names each address of the host and its reason, an AggregateError having no message', () => {
    const both = new AggregateError([refused('::1'), refused('127.0.0.1')]);
    expect(connectionFailureText(both)).to.equal(
      'connect ECONNREFUSED [::1]:9001; connect ECONNREFUSED 127.0.0.1:9001',
    );
    expect(connectionFailureText(new AggregateError([refused('::1'), refused('::1')]))).to.equal(
      'connect ECONNREFUSED [::1]:9001',
    );
  });

  it('is the message of any other error, or its name', () => {
    expect(connectionFailureText(new Error('socket hang up'))).to.equal('socket hang up');
    expect(connectionFailureText(new TypeError())).to.equal('TypeError');
    expect(connectionFailureText('thrown')).to.equal('thrown');
  });
});
