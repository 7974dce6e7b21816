import { expect } from 'chai';
import fc from 'fast-check';
import { RequestLanes, type NumberedCall, type RequestEnd } from '../../../src/node/requestLanes.js';

/** Lanes whose clients are called c1, c2 and so on. */
function newLanes(): RequestLanes {
  let clients = 0;
  return new RequestLanes(() => {
    clients += 1;
    return `c${clients}`;
  });
}

function shown({ request }: NumberedCall): string {
  return `${request.clientId} ${request.sequence}`;
}

describe('request lanes', () => {
  it('number the requests of one client from 1 on, when one follows the other', () => {
    const lanes = newLanes();
    const numbers = Array.from({ length: 4 }, () => {
      const call = lanes.begin();
      call.end('used');
      return shown(call);
    });
    expect(numbers).to.deep.equal(['c1 1', 'c1 2', 'c1 3', 'c1 4']);
  });

  it('give each request of those at the same time a client of its own', () => {
    const lanes = newLanes();
    expect([lanes.begin(), lanes.begin(), lanes.begin()].map(shown)).to.deep.equal(['c1 1', 'c2 1', 'c3 1']);
  });

  it('use a client again as soon as its request has ended, the one used last before the others', () => {
    const lanes = newLanes();
    const [one, two, three] = [lanes.begin(), lanes.begin(), lanes.begin()];
    three.end('used');
    one.end('used');
    expect([lanes.begin(), lanes.begin(), lanes.begin()].map(shown)).to.deep.equal(['c1 2', 'c3 2', 'c4 1']);
    two.end('used');
    expect(shown(lanes.begin())).to.equal('c2 2');
  });

  it('give a number that has certainly no effect to the next request', () => {
    const lanes = newLanes();
    lanes.begin().end('unused');
    const second = lanes.begin();
    expect(shown(second)).to.equal('c1 1');
    second.end('used');
    lanes.begin().end('unused');
    expect(shown(lanes.begin())).to.equal('c1 2');
  });

  it('never use a client again whose session is forgotten', () => {
    const lanes = newLanes();
    lanes.begin().end('used');
    lanes.begin().end('expired');
    expect([lanes.begin(), lanes.begin()].map(shown)).to.deep.equal(['c2 1', 'c3 1']);
  });

  const ends: RequestEnd[] = ['used', 'unused', 'expired'];
  for (const first of ends) {
    for (const second of ends) {
      it(`of two ends of a request the first one counts: ${first}, then ${second}`, () => {
        const next = { used: 'c1 2', unused: 'c1 1', expired: 'c2 1' }[first];
        const other = first === 'expired' ? 'c3 1' : 'c2 1';
        const lanes = newLanes();
        const call = lanes.begin();
        call.end(first);
        call.end(second);
        expect([lanes.begin(), lanes.begin()].map(shown)).to.deep.equal([next, other]);
      });
    }
  }

  it('a late second end does not disturb the request that has the client by then', () => {
    const lanes = newLanes();
    const call = lanes.begin();
    call.end('used');
    lanes.begin();
    call.end('used');
    expect(shown(lanes.begin())).to.equal('c2 1');
  });

  it('never have two requests of a client under way, nor give a number again that may have had an effect', () => {
    const action = fc.oneof(
      fc.constant('begin' as const),
      fc.record({ call: fc.nat(9), how: fc.constantFrom(...ends) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const lanes = newLanes();
        const underWay: NumberedCall[] = [];
        const usedUp = new Set<string>();
        const lastOf = new Map<string, number>();
        for (const act of actions) {
          if (act === 'begin') {
            const call = lanes.begin();
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
