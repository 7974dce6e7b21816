import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { CallContext, ParsedValue } from '../../../src/xmlrpc/index.js';
import { eventually, nobody, Service, turn } from './service.js';

const sha256 = (block: string): string => createHash('sha256').update(block).digest('hex');

describe('api: the methods of the service', () => {
  let service: Service;

  beforeEach(async () => {
    service = await Service.leading();
  });

  describe('on a server that leads', () => {
    it('ping is true', async () => {
      expect(await service.call('surfstore.ping')).to.equal(true);
    });

    it('updatefile is true for the next version and false for any other, which changes nothing', async () => {
      expect(await service.call('updatefile', 'Test.txt', 3, [1, 2, 3])).to.equal(false);
      expect(await service.call('updatefile', 'Test.txt', 1, [1, 2, 3])).to.equal(true);
      expect(await service.call('updatefile', 'Test.txt', 1, [4])).to.equal(false);
      expect(await service.call('updatefile', 'Test.txt', 5, [4])).to.equal(false);
      expect(await service.call('tester_getversion', 'Test.txt')).to.equal(1);
      expect(service.files.list()).to.deep.equal([['Test.txt', { version: 1, hashList: [1, 2, 3] }]]);
    });

    it('of two updates with the same version at the same time exactly one is true', async () => {
      const both = [service.call('updatefile', 'a', 1, ['x']), service.call('updatefile', 'a', 1, ['y'])];
      expect(await Promise.all(both)).to.have.members([true, false]);
    });

    it('a deleted file keeps counting versions', async () => {
      for (const [version, hashes] of [
        [1, ['h']],
        [2, ['0']],
        [3, ['h']],
      ] as const) {
        expect(await service.call('updatefile', 'a', version, [...hashes])).to.equal(true);
      }
      expect(await service.call('tester_getversion', 'a')).to.equal(3);
    });

    it('tester_getversion is 0 for a file never written, whatever its name', async () => {
      for (const name of ['never', '', '__proto__', '\0', 'a'.repeat(10_000)]) {
        expect(await service.call('tester_getversion', name)).to.equal(0);
      }
    });

    it('isLeader is true and isCrashed is false', async () => {
      expect(await service.call('isLeader')).to.equal(true);
      expect(await service.call('isCrashed')).to.equal(false);
    });

    it('restore changes nothing and is true', async () => {
      expect(await service.call('restore')).to.equal(true);
      expect(await service.call('isLeader')).to.equal(true);
    });
  });

  describe('without a majority', () => {
    const waits: readonly (readonly [name: string, ...params: ParsedValue[]])[] = [
      ['updatefile', 'a', 1, ['h']],
      ['updatefile', 'a', 7, ['h']],
      ['getfileinfomap'],
    ];
    for (const [name, ...params] of waits) {
      const shown = `${name}(${JSON.stringify(params).slice(1, -1)})`;

      it(`${shown} waits, and is answered when the majority is back`, async () => {
        service.peers.reachable = false;
        const answers: unknown[] = [];
        const call = service.call(name, ...params).then((answer) => answers.push(answer));
        for (let ticks = 0; ticks < 1000; ticks += 1) service.ticker.tick();
        await turn();
        expect(answers).to.deep.equal([]);
        service.peers.reachable = true;
        await eventually(
          () => answers.length > 0,
          () => service.ticker.tick(),
        );
        await call;
      });

      it(`${shown} ends with isCrashed, code 3, when the server is crashed`, async () => {
        service.peers.reachable = false;
        const waiting = service.fault(name, ...params);
        expect(await service.call('crash')).to.equal(true);
        const fault = await waiting;
        expect(fault.faultCode).to.equal(3);
        expect(fault.faultString).to.match(/^isCrashed: /);
      });

      it(`${shown} gives its place back when its client hangs up`, () => {
        service.peers.reachable = false;
        let hangUp = (): void => undefined;
        const context: CallContext = { ...nobody, onHangUp: (listener) => (hangUp = listener) };
        void service.surface.call(name, [...params], context);
        expect(service.node.status.waitingCalls).to.equal(1);
        hangUp();
        expect(service.node.status.waitingCalls).to.equal(0);
      });
    }

    it('an update whose server stops leading ends with steppedDown, code 4', async () => {
      service.peers.reachable = false;
      const waiting = service.fault('updatefile', 'a', 1, ['h']);
      const heartbeat = { from: 2, to: 0, term: 9, prevLogIndex: 0, prevLogTerm: 0, entries: [] };
      const rest = { type: 'appendEntries', leaderCommit: 0, hasQuorum: true, sequence: 1, readRound: 0 };
      await service.call('appendEntries', JSON.stringify({ ...heartbeat, ...rest }));
      const fault = await waiting;
      expect(fault.faultCode).to.equal(4);
      expect(fault.faultString).to.match(/^steppedDown: /);
    });

    it('more calls than may wait are refused with overloaded, code 6', async () => {
      service.peers.reachable = false;
      for (let calls = 0; calls < 100; calls += 1) void service.call('getfileinfomap');
      const fault = await service.fault('getfileinfomap');
      expect(fault.faultCode).to.equal(6);
      expect(fault.faultString).to.match(/^overloaded: /);
    });
  });

  describe('on a crashed server', () => {
    beforeEach(async () => {
      await service.call('updatefile', 'a', 1, ['h']);
      await service.call('putblock', Buffer.from('block'));
      expect(await service.call('crash')).to.equal(true);
    });

    it('ping, tester_getversion, isLeader, isCrashed, status and crash still answer', async () => {
      expect(await service.call('ping')).to.equal(true);
      expect(await service.call('tester_getversion', 'a')).to.equal(1);
      expect(await service.call('tester_getversion', 'never')).to.equal(0);
      expect(await service.call('isLeader')).to.equal(false);
      expect(await service.call('isCrashed')).to.equal(true);
      expect(await service.call('status')).to.be.instanceOf(Map);
      expect(await service.call('crash')).to.equal(true);
    });

    const refused: readonly (readonly [name: string, ...params: ParsedValue[]])[] = [
      ['updatefile', 'a', 2, ['h']],
      ['getfileinfomap'],
      ['putblock', Buffer.from('other')],
      ['getblock', sha256('block')],
      ['hasblocks', [sha256('block')]],
      ['requestVote', '{"type":"requestVote","from":1,"to":0,"term":9,"lastLogIndex":9,"lastLogTerm":9}'],
    ];
    for (const [name, ...params] of refused) {
      it(`${name} is refused with isCrashed, code 2, and has no effect`, async () => {
        const before = service.node.status;
        const fault = await service.fault(name, ...params);
        expect(fault.faultCode).to.equal(2);
        expect(fault.faultString).to.match(/^isCrashed: /);
        expect(service.node.status).to.deep.equal(before);
        expect(service.files.versionOf('a')).to.equal(1);
      });
    }

    it('restore is true, and the server comes back as a follower with its files and blocks', async () => {
      expect(await service.call('restore')).to.equal(true);
      expect(await service.call('isCrashed')).to.equal(false);
      expect(await service.call('isLeader')).to.equal(false);
      expect(await service.call('tester_getversion', 'a')).to.equal(1);
      expect(await service.call('hasblocks', [sha256('block')])).to.deep.equal([sha256('block')]);
    });

    it('a wrong argument is still called a wrong argument', async () => {
      expect((await service.fault('updatefile', 'a')).faultCode).to.equal(-32602);
    });
  });

  describe('blocks', () => {
    it('come back byte for byte under the SHA-256 of their bytes', async () => {
      const block = Buffer.from([0, 1, 2, 253, 254, 255, 13, 10]);
      expect(await service.call('putblock', block)).to.equal(true);
      const hash = createHash('sha256').update(block).digest('hex');
      expect(await service.call('getblock', hash)).to.deep.equal(new Uint8Array(block));
      expect(await service.call('getblock', hash.toUpperCase())).to.deep.equal(new Uint8Array(block));
    });

    it('hasblocks gives those that are stored, in the order asked', async () => {
      for (const block of ['a', 'b']) await service.call('putblock', Buffer.from(block));
      const asked = [sha256('b'), sha256('c'), sha256('a'), 'no hash'];
      expect(await service.call('hasblocks', asked)).to.deep.equal([sha256('b'), sha256('a')]);
      expect(await service.call('hasblocks', [])).to.deep.equal([]);
    });

    it('hasblocks finds every hash that getblock finds', async () => {
      await service.call('putblock', Buffer.from('a'));
      const upper = sha256('a').toUpperCase();
      expect(await service.call('getblock', upper)).to.deep.equal(new Uint8Array(Buffer.from('a')));
      expect(await service.call('hasblocks', [upper])).to.deep.equal([upper]);
    });

    it('that are not stored are a fault blockNotFound, code 20', async () => {
      const fault = await service.fault('getblock', sha256('gone'));
      expect(fault.faultCode).to.equal(20);
      expect(fault.faultString).to.match(/^blockNotFound: /);
    });

    it('that are too large are a wrong argument', async () => {
      const fault = await service.fault('putblock', Buffer.alloc(1001));
      expect(fault.faultCode).to.equal(-32602);
      expect(fault.faultString).to.contain('1001 bytes').and.contain('1000');
    });

    it('for which there is no room are a fault blockStoreFull, code 21', async () => {
      const small = new Service({ blockStoreBytesMax: 10 });
      await small.call('putblock', Buffer.alloc(8));
      const fault = await small.fault('putblock', Buffer.alloc(3));
      expect(fault.faultCode).to.equal(21);
      expect(fault.faultString).to.match(/^blockStoreFull: /);
    });

    it('are served by a server that does not lead', async () => {
      const follower = new Service();
      expect(await follower.call('putblock', Buffer.from('a'))).to.equal(true);
      expect(await follower.call('hasblocks', [sha256('a')])).to.deep.equal([sha256('a')]);
    });
  });
});
