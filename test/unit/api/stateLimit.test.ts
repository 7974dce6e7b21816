import { expect } from 'chai';
import { ServiceError } from '../../../src/node/errors.js';
import { StateLimit } from '../../../src/node/stateLimit.js';
import {
  encodeAppend,
  encodeDelete,
  encodePut,
  type CommandResult,
} from '../../../src/stateMachine/command.js';
import { BYTES_PER_CHAR_MAX } from '../../../src/stateMachine/stateBytes.js';
import { Service } from './service.js';

const LIMIT = 10_000;
const VALUE = 'x'.repeat(1_000);

/** A single server that takes so much. */
function limited(stateBytesMax = LIMIT): Promise<Service> {
  return Service.leading({ servers: 1, stateBytesMax });
}

function propose(service: Service, command: string): Promise<CommandResult> {
  return service.node.propose(command).promise;
}

/** Puts values under keys 0, 1, ... until one is refused; how many it took. */
async function fill(service: Service): Promise<number> {
  for (let key = 0; ; key += 1) {
    try {
      await propose(service, encodePut(`k${key}`, VALUE));
    } catch (error) {
      expect((error as ServiceError).kind).to.equal('overloaded');
      expect((error as ServiceError).message).to.match(
        /^overloaded: .* of at most 10000.*--state-bytes-max$/,
      );
      return key;
    }
  }
}

describe('the limit of the state', () => {
  it('refuses what would exceed it, before it is in the log', async () => {
    const service = await limited();
    const taken = await fill(service);
    expect(taken).to.be.within(7, 9);
    expect(service.state.bytes).to.be.at.most(LIMIT);
    const { lastIndex } = service.node.status.core;
    for (const command of [
      encodePut('new', VALUE),
      encodeAppend('list', [VALUE]),
      encodePut('k0', VALUE + VALUE),
    ])
      expect(() => service.node.propose(command)).to.throw(ServiceError, /^overloaded/);
    expect(service.node.status.core.lastIndex).to.equal(lastIndex);
  });

  it('lets reads, deletes and what grows nothing pass, and writes again when there is room', async () => {
    const service = await limited();
    const taken = await fill(service);
    await service.node.read().promise;
    expect(await propose(service, encodePut('k1', 'short'))).to.equal('applied');
    expect(await propose(service, encodePut('k2', VALUE))).to.equal('applied');
    expect(await propose(service, encodeDelete('k0'))).to.equal('applied');
    expect(await propose(service, encodeDelete('k0'))).to.equal('missing');
    expect(await propose(service, encodePut('new', VALUE))).to.equal('applied');
    expect(service.state.keys.size).to.equal(taken);
  });

  it('holds for files, whose tombstones pass', async () => {
    const service = await limited();
    const hashes = Array<string>(8).fill('h'.repeat(64));
    let files = 0;
    const update = (name: string, version: number, list: string[]): Promise<unknown> =>
      service.call('updatefile', name, version, list);
    for (; service.state.bytes + 1_000 < LIMIT; files += 1) await update(`f${files}`, 1, hashes);
    expect(await faultOf(update('f', 1, [...hashes, ...hashes]))).to.match(/^overloaded/);
    expect(await update('f0', 2, ['0'])).to.equal(true);
    expect(await update('f1', 2, ['0'])).to.equal(true);
    expect(await update('f', 1, hashes)).to.equal(true);
  });

  it('counts what is on its way, until it has ended', () => {
    const state = { bytes: 0, growthBy: () => 60 };
    const limit = new StateLimit(state, 100, BYTES_PER_CHAR_MAX);
    const open: { resolve: () => void; cancel: () => void }[] = [];
    const admit = (): void => {
      let resolve = (): void => undefined;
      const promise = new Promise<void>((done) => (resolve = done));
      const { cancel } = limit.admit('a command', () => ({ promise, cancel: () => undefined }));
      open.push({ resolve, cancel });
    };
    admit();
    expect(admit).to.throw(ServiceError, /^overloaded/);
    open[0]?.cancel();
    admit();
    expect(admit).to.throw(ServiceError, /^overloaded/);
  });

  it('lets deletes pass when the state is larger already, as after a restart with a lower limit', () => {
    const state = { bytes: 200, growthBy: (command: string) => (command === 'delete' ? -60 : 1) };
    const limit = new StateLimit(state, 100, BYTES_PER_CHAR_MAX);
    const admit = (command: string): unknown =>
      limit.admit(command, () => ({ promise: Promise.resolve(), cancel: () => undefined }));
    expect(() => admit('put')).to.throw(ServiceError, /^overloaded/);
    admit('delete');
  });

  it('binds the leader alone: a server that does not lead says that, and applies what the leader took', () => {
    const service = new Service({ stateBytesMax: 1 });
    const command = encodePut('k', VALUE);
    expect(service.node.isLeader).to.equal(false);
    const refused = service.node.propose(command).promise.catch((error: unknown) => error);
    service.state.apply({ term: 1, index: 1, kind: 'command', command });
    expect(service.state.keys.get('k')).to.equal(VALUE);
    return refused.then((error) => expect((error as ServiceError).kind).to.equal('notLeader'));
  });
});

async function faultOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no fault',
    (error: unknown) => (error as Error).message,
  );
}
