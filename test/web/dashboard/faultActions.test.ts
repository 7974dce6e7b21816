import { expect } from 'chai';
import { FaultActions } from '../../../src/dashboard/faultActions.js';
import { serverSample } from './samples.js';

describe('dashboard: the hooks of other servers', () => {
  /** Whom each server ignores; server 0 is the one that is looked at. */
  let ignored: Map<number, readonly number[]>;
  let calls: string[];
  let silent: Set<number>;
  let actions: FaultActions;

  beforeEach(() => {
    ignored = new Map([0, 1, 2, 3].map((id) => [id, []]));
    calls = [];
    silent = new Set();
    const note = (server: number, method: string, params: readonly (readonly number[])[]): void => {
      if (silent.has(server)) throw new Error('connection refused');
      calls.push(`${method} ${server}`);
      if (method === 'makeUnreachableFrom') ignored.set(server, [...(params[0] ?? [])].sort());
    };
    actions = new FaultActions({
      self: 0,
      servers: [0, 1, 2, 3],
      node: {
        crash: () => note(0, 'crash', []),
        restore: () => note(0, 'restore', []),
        makeUnreachableFrom: (peers) => note(0, 'makeUnreachableFrom', [peers]),
        get status() {
          return { unreachableFrom: ignored.get(0) ?? [] } as never;
        },
      },
      peers: {
        call: async (server, method, params) => {
          await Promise.resolve();
          note(server, method, params ?? []);
          return true;
        },
        sampleOf: async (server) => {
          await Promise.resolve();
          if (silent.has(server)) throw new Error('connection refused');
          return serverSample(server, { unreachableFrom: ignored.get(server) ?? [] });
        },
      },
    });
  });

  const links = (): Record<number, readonly number[]> => Object.fromEntries(ignored);

  it('are called on the server itself, here or there', async () => {
    expect(await actions.run('crash', 0)).to.deep.include({ isDone: true, changed: [0] });
    expect(await actions.run('restore', 2)).to.deep.include({ isDone: true, changed: [2] });
    expect(calls).to.deep.equal(['crash 0', 'restore 2']);
  });

  it('isolate makes both ends of each link deaf, and heal undoes that and nothing else', async () => {
    ignored.set(1, [3]);
    expect((await actions.run('isolate', 2)).text).to.equal('server 2: cut off from 0, 1, 3');
    expect(links()).to.deep.equal({ 0: [2], 1: [2, 3], 2: [0, 1, 3], 3: [2] });
    expect((await actions.run('heal', 2)).text).to.equal('server 2: heard again by 0, 1, 3');
    expect(links()).to.deep.equal({ 0: [], 1: [3], 2: [], 3: [] });
  });

  it('say who did not answer', async () => {
    silent.add(3);
    expect(await actions.run('isolate', 2)).to.deep.equal({
      isDone: true,
      text: 'server 2: cut off from 0, 1; 3 did not answer',
      changed: [2, 0, 1],
    });
    expect(await actions.run('crash', 3)).to.deep.equal({
      isDone: false,
      text: 'server 3 does not answer: connection refused',
      changed: [],
    });
  });
});
