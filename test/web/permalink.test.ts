import { expect } from 'chai';
import { linkTo, readLink, type LinkedMoment } from '../../src/web/raft/permalink.js';

const moment: LinkedMoment = {
  seed: 4_000_000_000,
  servers: 5,
  mode: 'paper',
  position: 1234,
  actions: [
    { at: 0, action: { kind: 'crash', server: 1 } },
    { at: 17, action: { kind: 'restore', server: 1 } },
    { at: 600, action: { kind: 'request', server: 4 } },
    { at: 601, action: { kind: 'stop', server: 4 } },
    { at: 602, action: { kind: 'start', server: 4 } },
    { at: 603, action: { kind: 'timeout', server: 0 } },
    { at: 700, action: { kind: 'cut', from: 0, to: 3 } },
    { at: 900, action: { kind: 'heal', from: 0, to: 3 } },
    { at: 901, action: { kind: 'lossy', from: 3, to: 0 } },
    { at: 902, action: { kind: 'retry', server: 2, client: 1 } },
    { at: 903, action: { kind: 'hold', message: 77 } },
    { at: 904, action: { kind: 'pause', server: 2 } },
  ],
};

async function problemWith(hash: string): Promise<string> {
  try {
    await readLink(hash);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  return 'none';
}

describe('a link to a moment', () => {
  it('leads back to it, and needs no escaping in an address', async () => {
    const link = await linkTo(moment);
    expect(link).to.match(/^#v1\.[\w-]+$/);
    expect(await readLink(link)).to.deep.equal(moment);
  });

  it('carries the selection, the bug that is planted, and when snapshots are taken', async () => {
    for (const selection of [
      { kind: 'server', id: 4 },
      { kind: 'link', from: 1, to: 2 },
      { kind: 'message', number: 12 },
    ] as const) {
      const more = { ...moment, selection, bug: 'votes-twice', snapshotEvery: 5 };
      expect(await readLink(await linkTo(more))).to.deep.equal(more);
    }
    expect(await problemWith(await linkTo({ ...moment, bug: 'no such bug' }))).to.contain('something else');
    const outside = { kind: 'server', id: 5 } as const;
    expect(await problemWith(await linkTo({ ...moment, selection: outside }))).to.contain('something else');
  });

  it('that is damaged, foreign or impossible says so', async () => {
    const link = await linkTo(moment);
    expect(await problemWith('#v2.abc')).to.contain('another version');
    expect(await problemWith(link.slice(0, -8))).to.contain('damaged');
    expect(await problemWith(`${link.slice(0, 12)}!!`)).to.contain('damaged');
    expect(await problemWith(await linkTo({ ...moment, servers: 11 }))).to.contain('something else');
    expect(await problemWith(await linkTo({ ...moment, servers: 4 }))).to.contain('something else');
    expect(await problemWith(await linkTo({ ...moment, position: -1 }))).to.contain('something else');
  });
});
