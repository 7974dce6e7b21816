import { expect } from 'chai';
import { shownLog } from '../../../src/dashboard/logTails.js';
import type { NoAnswerError } from '../../../src/dashboard/peerCaller.js';
import { PeerCaller } from '../../../src/dashboard/peerCaller.js';
import type { XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { closeFronts, freePort, frontOf, listen } from '../../unit/api/fronts.js';
import { Service } from '../../unit/api/service.js';
import { serverSample } from './samples.js';

describe('dashboard: asking another server', () => {
  const callers: PeerCaller[] = [];

  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.close();
    await closeFronts();
  });

  async function serverThat(answer: () => XmlRpcValue | Promise<XmlRpcValue>): Promise<PeerCaller> {
    return callerOf(await listen(frontOf({ xmlrpc: { dispatch: answer } })));
  }

  function callerOf(port: number): PeerCaller {
    const caller = new PeerCaller([{ id: 1, host: '127.0.0.1', port }]);
    callers.push(caller);
    return caller;
  }

  async function failureOf(caller: PeerCaller): Promise<NoAnswerError | Error> {
    try {
      await caller.sampleOf(1);
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error('there was an answer');
  }

  it('gives its sample', async () => {
    const sample = serverSample(1);
    const caller = await serverThat(() => JSON.stringify(sample));
    expect(await caller.sampleOf(1)).to.deep.equal(sample);
  });

  it('gives the end of its log, and takes nothing else for one', async () => {
    const { node } = await Service.leading();
    const log = { ...shownLog(node), id: 1 };
    expect(await (await serverThat(() => JSON.stringify(log))).logOf(1)).to.deep.equal(log);
    const { entries, ...others } = log;
    expect(entries).to.have.length(1);
    for (const answer of [true, JSON.stringify(others), JSON.stringify({ ...log, id: 2 }), '[]']) {
      const caller = await serverThat(() => answer);
      const failure = await caller.logOf(1).catch((error: unknown) => error);
      expect(failure)
        .to.have.property('message')
        .that.matches(/^its answer is no log/);
    }
  });

  it('says why there is none: nobody listens, or nothing came in time', async () => {
    expect(await failureOf(callerOf(await freePort()))).to.include({
      message: 'connection refused',
      isSilent: false,
    });
    expect(await failureOf(await serverThat(() => new Promise(() => undefined)))).to.include({
      message: 'no answer within 1000 ms',
      isSilent: true,
    });
  });

  it('takes nothing else for a sample', async () => {
    const { term, ...others } = serverSample(1);
    expect(term).to.equal(7);
    for (const answer of [true, 'true', JSON.stringify(others), JSON.stringify(serverSample(2)), '[]'])
      expect((await failureOf(await serverThat(() => answer))).message).to.match(/^its answer is no sample/);
  });
});
