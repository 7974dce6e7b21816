import { expect } from 'chai';
import { Service } from './service.js';

const BEYOND = '\u{1f600}';

describe('characters of names', () => {
  const updates: Readonly<Record<string, [string, string[]]>> = {
    'a name': [`a${BEYOND}`, ['h']],
    'a hash': ['a', ['h', `h${BEYOND}`]],
  };
  for (const [what, [name, hashes]] of Object.entries(updates)) {
    it(`${what} beyond the Basic Multilingual Plane is stored, unless the server was told to refuse it`, async () => {
      const lenient = await Service.leading();
      expect(await lenient.call('updatefile', name, 1, hashes)).to.equal(true);
      const strict = await Service.leading({ names: 'bmp' });
      const fault = await strict.fault('updatefile', name, 1, hashes);
      expect(fault).to.include({ faultCode: -32602 });
      expect(fault.faultString).to.include('U+1F600').and.include('--names bmp');
      expect(await strict.call('updatefile', 'ä€', 1, ['h\uffee'])).to.equal(true);
    });
  }
});

describe('methods for peers on a crashed server', () => {
  it('answer nothing to a server that it is cut off from', async () => {
    const service = await Service.leading();
    await service.call('makeUnreachableFrom', [1]);
    await service.call('crash');
    let isAnswered = false;
    const vote = { type: 'requestVote', from: 1, to: 0, term: 9, lastLogIndex: 0, lastLogTerm: 0 };
    void service.fault('requestVote', JSON.stringify(vote)).finally(() => (isAnswered = true));
    const heard = { ...vote, from: 2 };
    expect(await service.fault('requestVote', JSON.stringify(heard))).to.include({ faultCode: 2 });
    expect(isAnswered).to.equal(false);
  });

  for (const name of ['requestVote', 'appendEntries', 'installSnapshot', 'propose', 'readIndex']) {
    it(`${name} says that it is crashed, whatever the arguments are`, async () => {
      const service = await Service.leading();
      await service.call('crash');
      for (const args of [[], [1, 2], ['{}']])
        expect(await service.fault(name, ...args)).to.include({ faultCode: 2 });
      await service.call('restore');
      expect(await service.fault(name)).to.include({ faultCode: -32602 });
    });
  }
});
