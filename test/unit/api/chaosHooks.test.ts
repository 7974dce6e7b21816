import { expect } from 'chai';
import type { ParsedValue } from '../../../src/xmlrpc/index.js';
import { Service } from './service.js';

describe('the chaos hooks', () => {
  it('makeUnreachableFrom is true, shows in the status, and an empty list heals', async () => {
    const service = await Service.leading();
    expect(await service.call('makeUnreachableFrom', [2, 1])).to.equal(true);
    expect(await service.call('status')).to.satisfy((status: Map<string, unknown>) => {
      expect(status.get('unreachableFrom')).to.deep.equal([1, 2]);
      return status.get('crashed') === false;
    });
    expect(await service.call('makeUnreachableFrom', [])).to.equal(true);
    expect(service.node.status.unreachableFrom).to.deep.equal([]);
  });

  const wrong: readonly (readonly [string, ParsedValue])[] = [
    ['a server that is not there', [3]],
    ['a negative number', [-1]],
    ['a name', ['1']],
    ['no array', 1],
  ];
  for (const [what, argument] of wrong) {
    it(`makeUnreachableFrom refuses ${what} with -32602, and changes nothing`, async () => {
      const service = await Service.leading();
      await service.call('makeUnreachableFrom', [1]);
      expect(await service.fault('makeUnreachableFrom', argument)).to.include({ faultCode: -32602 });
      expect(service.node.status.unreachableFrom).to.deep.equal([1]);
    });
  }

  for (const name of ['crash', 'restore', 'makeUnreachableFrom']) {
    it(`${name} does not exist where hooks are switched off`, async () => {
      const service = await Service.leading({ chaosHooks: false });
      const args = name === 'makeUnreachableFrom' ? [[1]] : [];
      expect(await service.fault(name, ...args)).to.include({ faultCode: -32601 });
      expect(await service.call('isCrashed')).to.equal(false);
      expect(await service.call('isLeader')).to.equal(true);
    });
  }
});
