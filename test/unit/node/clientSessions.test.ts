import { expect } from 'chai';
import fc from 'fast-check';
import { ClientSessions, type NumberedCall, type RequestEnd } from '../../../src/node/clientSessions.js';

/** The sessions of a process that opens c1, c2 and so on, each when it needs one. */
class Opening {
  private readonly sessions = new ClientSessions();
  private opened = 0;

  begin(): NumberedCall {
    return this.sessions.begin() ?? this.sessions.beginIn(`c${(this.opened += 1)}`);
  }
}

function shown({ request }: NumberedCall): string {
  return `${request.clientId} ${request.sequence}`;
}

describe('sessions of a client', () => {
  it('number the requests of one session from 1 on, when one follows the other', () => {
    const sessions = new Opening();
    const numbers = Array.from({ length: 4 }, () => {
      const call = sessions.begin();
      call.end('used');
      return shown(call);
    });
    expect(numbers).to.deep.equal(['c1 1', 'c1 2', 'c1 3', 'c1 4']);
  });

  it('give each request of those at the same time a session of its own', () => {
    const sessions = new Opening();
    expect([sessions.begin(), sessions.begin(), sessions.begin()].map(shown)).to.deep.equal([
      'c1 1',
      'c2 1',
      'c3 1',
    ]);
  });

  it('use a session again as soon as its request has ended, the one used last before the others', () => {
    const sessions = new Opening();
    const [one, two, three] = [sessions.begin(), sessions.begin(), sessions.begin()];
    three.end('used');
    one.end('used');
    expect([sessions.begin(), sessions.begin(), sessions.begin()].map(shown)).to.deep.equal([
      'c1 2',
      'c3 2',
      'c4 1',
    ]);
    two.end('used');
    expect(shown(sessions.begin())).to.equal('c2 2');
  });

  it('give a number that has certainly no effect to the next request', () => {
    const sessions = new Opening();
    sessions.begin().end('unused');
    const second = sessions.begin();
    expect(shown(second)).to.equal('c1 1');
    second.end('used');
    sessions.begin().end('unused');
    expect(shown(sessions.begin())).to.equal('c1 2');
  });

  it('never use a session again that is forgotten', () => {
    const sessions = new Opening();
    sessions.begin().end('used');
    sessions.begin().end('expired');
    expect([sessions.begin(), sessions.begin()].map(shown)).to.deep.equal(['c2 1', 'c3 1']);
  });

  const ends: RequestEnd[] = ['used', 'unused', 'expired'];
  for (const first of ends) {
    for (const second of ends) {
      it(`of two ends of a request the first one counts: ${first}, then ${second}`, () => {
        const next = { used: 'c1 2', unused: 'c1 1', expired: 'c2 1' }[first];
        const other = first === 'expired' ? 'c3 1' : 'c2 1';
        const sessions = new Opening();
        const call = sessions.begin();
        call.end(first);
        call.end(second);
        expect([sessions.begin(), sessions.begin()].map(shown)).to.deep.equal([next, other]);
      });
    }
  }

  it('a late second end does not disturb the request that has the session by then', () => {
    const sessions = new Opening();
    const call = sessions.begin();
    call.end('used');
    sessions.begin();
    call.end('used');
    expect(shown(sessions.begin())).to.equal('c2 1');
  });

  it('never have two requests of a session under way, nor give a number again that may have had an effect', () => {
    const action = fc.oneof(
      fc.constant('begin' as const),
      fc.record({ call: fc.nat(9), how: fc.constantFrom(...ends) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const sessions = new Opening();
        const underWay: NumberedCall[] = [];
        const usedUp = new Set<string>();
        const lastOf = new Map<string, number>();
        for (const act of actions) {
          if (act === 'begin') {
            const call = sessions.begin();
            const { clientId, sequence } = call.request;
            expect(underWay.map(({ request }) => request.clientId)).not.to.include(clientId);
            expect([...usedUp]).not.to.include(shown(call));
            expect(sequence).to.equal((lastOf.get(clientId) ?? 0) + 1);
            underWay.push(call);
            continue;
          }
          const [call] = underWay.splice(act.call, 1);
          if (call === undefined) continue;
          call.end(act.how);
          if (act.how === 'unused') continue;
          usedUp.add(shown(call));
          lastOf.set(call.request.clientId, act.how === 'used' ? call.request.sequence : Number.NaN);
        }
      }),
    );
  });
});
