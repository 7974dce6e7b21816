import { expect } from 'chai';
import type { ParsedValue } from '../../../src/xmlrpc/index.js';
import { Service } from './service.js';

/** A request id in the form of a struct. */
function id(clientId: ParsedValue, sequence: ParsedValue): ParsedValue {
  return new Map([
    ['clientId', clientId],
    ['sequence', sequence],
  ]);
}

describe('api: openSession', () => {
  it('gives the index of its entry as text, another one each time', async () => {
    const service = await Service.leading();
    for (let times = 0; times < 2; times += 1) {
      const id = await service.call('openSession');
      expect(id).to.equal(String(service.node.status.core.lastIndex));
    }
  });

  it('is refused where no leader is, and counts for nothing', async () => {
    const service = new Service();
    expect((await service.fault('openSession')).faultCode).to.equal(1);
    expect(service.state.sessions.size).to.equal(0);
  });
});

describe('api: updatefile with a request', () => {
  let service: Service;
  /** A session. */
  let me: string;

  beforeEach(async () => {
    service = await Service.leading();
    me = (await service.call('openSession')) as string;
  });

  for (const [form, requestOf] of [
    ['the name of this call', () => 'my call'],
    ['a struct {clientId, sequence}', () => id(me, 1)],
    [
      'a struct with more in it',
      () => new Map<string, ParsedValue>([...(id(me, 1) as Map<string, ParsedValue>), ['x', 1]]),
    ],
  ] as const) {
    describe(form, () => {
      let request: ParsedValue;

      beforeEach(() => {
        request = requestOf();
      });

      it('that was applied gives true when it is sent again, and takes effect once', async () => {
        for (let times = 0; times < 3; times += 1)
          expect(await service.call('updatefile', 'a', 1, ['h'], request)).to.equal(true);
        expect(await service.call('tester_getversion', 'a')).to.equal(1);
        expect(await service.call('updatefile', 'a', 2, ['g'])).to.equal(true);
        expect(await service.call('updatefile', 'a', 1, ['h'], request)).to.equal(true);
        expect(service.files.list()).to.deep.equal([['a', { version: 2, hashList: ['g'] }]]);
      });

      it('that was refused gives false when it is sent again, though it would be right by now', async () => {
        expect(await service.call('updatefile', 'a', 2, ['h'], request)).to.equal(false);
        expect(await service.call('updatefile', 'a', 1, ['h'])).to.equal(true);
        expect(await service.call('updatefile', 'a', 2, ['h'], request)).to.equal(false);
        expect(await service.call('tester_getversion', 'a')).to.equal(1);
      });

      it('that comes with another update is requestReused, code 15, and does nothing', async () => {
        await service.call('updatefile', 'a', 1, ['h'], request);
        for (const other of [
          ['b', 1, ['h']],
          ['a', 2, ['h']],
          ['a', 1, ['g']],
        ] satisfies ParsedValue[][]) {
          const fault = await service.fault('updatefile', ...other, request);
          expect(fault.faultCode).to.equal(15);
          expect(fault.faultString).to.match(/^requestReused: /);
        }
        expect(service.files.list()).to.deep.equal([['a', { version: 1, hashList: ['h'] }]]);
      });
    });
  }

  it('by a name of its own is no request of a session of that name', async () => {
    expect(await service.call('updatefile', 'a', 1, ['h'], me)).to.equal(true);
    expect(await service.call('updatefile', 'a', 2, ['h'], id(me, 1))).to.equal(true);
    expect(await service.call('updatefile', 'a', 1, ['h'], me)).to.equal(true);
    expect(service.state.sessions.size).to.equal(2);
  });

  it('of nil is no request: some clients write that for what they leave out', async () => {
    expect(await service.call('updatefile', 'a', 1, ['h'], null)).to.equal(true);
    expect(await service.call('updatefile', 'a', 1, ['h'], null)).to.equal(false);
  });

  it('sent twice at the same time takes effect once and answers both', async () => {
    const both = [1, 2].map(() => service.call('updatefile', 'a', 1, ['h'], 'me'));
    expect(await Promise.all(both)).to.deep.equal([true, true]);
    expect(await service.call('tester_getversion', 'a')).to.equal(1);
  });

  it('before the last one of its client is staleRequest, code 14, and does nothing', async () => {
    await service.call('updatefile', 'a', 1, ['h'], id(me, 1));
    await service.call('updatefile', 'a', 2, ['h'], id(me, 2));
    for (const version of [1, 3]) {
      const fault = await service.fault('updatefile', 'a', version, ['h'], id(me, 1));
      expect(fault.faultCode).to.equal(14);
      expect(fault.faultString).to.match(/^staleRequest: /);
    }
    expect(await service.call('tester_getversion', 'a')).to.equal(2);
  });

  it('of a session that was never opened is sessionExpired, code 13, whatever its number, and does nothing', async () => {
    for (const sequence of [1, 2]) {
      const fault = await service.fault('updatefile', 'a', 1, ['h'], id('me', sequence));
      expect(fault.faultCode).to.equal(13);
      expect(fault.faultString).to.match(/^sessionExpired: .*openSession opens a session$/);
    }
    expect(await service.call('tester_getversion', 'a')).to.equal(0);
  });

  it('of a session that is forgotten is sessionExpired too, and is not done again', async () => {
    service = await Service.leading({ sessionsMax: 2 });
    const [a, b] = [await service.call('openSession'), await service.call('openSession')] as [string, string];
    expect(await service.call('updatefile', 'a', 1, ['h'], id(a, 1))).to.equal(true);
    expect(await service.call('updatefile', 'b', 1, ['h'], id(b, 1))).to.equal(true);
    await service.call('openSession');
    expect((await service.fault('updatefile', 'a', 1, ['h'], id(a, 1))).faultCode).to.equal(13);
    expect((await service.fault('updatefile', 'a', 2, ['h'], id(a, 2))).faultCode).to.equal(13);
    expect(await service.call('tester_getversion', 'a')).to.equal(1);
    expect(await service.call('updatefile', 'b', 2, ['h'], id(b, 2))).to.equal(true);
  });

  it('of the largest sequence that there can be is the last one', async () => {
    await service.call('updatefile', 'a', 1, ['h'], id(me, 1));
    const last = id(me, Number.MAX_SAFE_INTEGER);
    expect(await service.call('updatefile', 'a', 2, ['h'], last)).to.equal(true);
    expect((await service.fault('updatefile', 'a', 3, ['h'], id(me, 2))).faultCode).to.equal(14);
  });

  const wrong: readonly (readonly [ParsedValue, string])[] = [
    [7, 'request must be of type string or struct, got int'],
    [true, 'request must be of type string or struct, got boolean'],
    [['me', 1], 'request must be of type string or struct, got array'],
    [Buffer.from('me'), 'request must be of type string or struct, got base64'],
    ['', 'the name of a client or request must be 1 to 256 characters'],
    ['x'.repeat(257), 'the name of a client or request must be 1 to 256 characters'],
    ['a\nb', 'without control characters'],
    [new Map(), 'request must have a clientId and a sequence'],
    [new Map([['clientId', 'me']]), 'sequence must be a whole number'],
    [new Map([['sequence', 1]]), 'request must have a clientId and a sequence'],
    [id(7, 1), 'the name of a client or request'],
    [id('', 1), 'the name of a client or request'],
    [id('me', '1'), 'sequence must be a whole number from 1'],
    [id('me', 0), 'sequence must be a whole number from 1'],
    [id('me', -1), 'sequence must be a whole number from 1'],
    [id('me', true), 'sequence must be a whole number from 1'],
    [id('me', 2n ** 53n), 'sequence must be a whole number from 1'],
    [new Map([['__proto__', id('me', 1)]]), 'request must have a clientId and a sequence'],
  ];
  for (const [position, [request, text]] of wrong.entries()) {
    it(`of a wrong kind (${position}) is -32602 and does nothing: ${text}`, async () => {
      const { lastIndex } = service.node.status.core;
      const fault = await service.fault('updatefile', 'a', 1, ['h'], request);
      expect(fault.faultCode).to.equal(-32602);
      expect(fault.faultString).to.contain(text);
      expect(service.node.status.core.lastIndex).to.equal(lastIndex);
    });
  }

  it('counts in the status among the sessions', async () => {
    await service.call('updatefile', 'a', 1, ['h'], 'one');
    await service.call('updatefile', 'a', 2, ['h'], 'two');
    expect(((await service.call('status')) as Map<string, unknown>).get('sessions')).to.equal(3);
  });
});
