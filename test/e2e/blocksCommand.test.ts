import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { placementOf } from '../../src/blocks/placement.js';
import type { XmlRpcValue } from '../../src/xmlrpc/index.js';
import { Cluster, quickElections, stopEverything, temporaryFolder } from './support/cluster.js';
import { DescribedApi } from './support/describedApi.js';
import { surfstore, type Program } from './support/program.js';

const hashOf = (block: Uint8Array): string => createHash('sha256').update(block).digest('hex');

interface Ended {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

describe('surfstore blocks', function () {
  this.timeout(60_000);

  let api: DescribedApi;
  let cluster: Cluster;
  let leader: number;

  beforeEach(async () => {
    api = await DescribedApi.load();
    ({ cluster, leader } = await Cluster.startWithLeader(3, { flags: quickElections, durable: true }));
  });
  afterEach(stopEverything);

  const run = async (name: string, ...args: readonly string[]): Promise<Ended> => {
    const program: Program = surfstore(['blocks', name, cluster.configFile, ...args]);
    const code = await program.closed;
    return { code, stdout: program.stdout, stderr: program.stderr };
  };
  const store = async (text: string): Promise<string> => {
    expect(await cluster.call(leader, 'putblock', [Buffer.from(text)])).to.equal(true);
    return hashOf(Buffer.from(text));
  };
  const update = (
    name: string,
    version: number,
    hashes: XmlRpcValue,
    more: XmlRpcValue[] = [],
  ): Promise<unknown> => cluster.call(leader, 'updatefile', [name, version, hashes, ...more]);
  const isStored = async (hash: string): Promise<boolean> =>
    (await api.ask(cluster.port(leader), 'GET', `/blocks/${hash}`)).status === 200;
  const epochAt = async (server: number, ...hashes: string[]): Promise<number> => {
    const answer = await api.ask(cluster.port(server), 'POST', '/blocks/stored', { body: { hashes } });
    return (answer.json() as { readonly epoch: number }).epoch;
  };
  const fileOf = (server: number, hash: string): string =>
    join(cluster.dataDir(server), 'blocks', hash.slice(0, 2), hash);

  it('gc removes what no file needs, and refuses updates of clients that asked before', async () => {
    const needed = await store('needed');
    const inBase64 = await store('needed, too');
    const replaced = await store('an old version');
    const orphan = await store('an orphan');
    await update('a', 1, [needed, needed.toUpperCase()]);
    await update('b', 1, [Buffer.from(inBase64, 'hex').toString('base64')]);
    await update('c', 1, [replaced]);
    await update('c', 2, ['0']);
    const before = await epochAt(leader, orphan);
    expect(before).to.equal(0);

    const dry = await run('gc', '--dry-run', '--grace', '0s');
    expect(dry.code, dry.stderr).to.equal(0);
    expect(dry.stdout).to.contain('4 copies of blocks, 46 bytes, would be removed; nothing was changed');
    for (const hash of [orphan, replaced]) expect(await isStored(hash)).to.equal(true);
    expect(await epochAt(leader)).to.equal(0);

    const spared = await run('gc');
    expect(spared.code, spared.stderr).to.equal(0);
    expect(spared.stdout).to.contain('0 copies of blocks, 0 bytes, were removed');
    expect(await isStored(orphan)).to.equal(true);
    expect(
      (await cluster.faultOf(leader, 'updatefile', ['d', 1, [orphan], 'a name', before])).faultCode,
    ).to.equal(22);
    const between = await epochAt(leader, orphan);
    expect(between).to.equal(1);
    expect(await update('d', 1, [orphan], ['another name', between])).to.equal(true);

    const swept = await run('gc', '--grace', '0s', '-o', 'json');
    expect(swept.code, swept.stderr).to.equal(0);
    const { servers } = JSON.parse(swept.stdout) as { servers: { result: { removed: number } }[] };
    expect(servers.reduce((sum, { result }) => sum + result.removed, 0)).to.equal(2);
    for (const hash of [needed, inBase64, orphan]) expect(await isStored(hash)).to.equal(true);
    expect(await isStored(replaced)).to.equal(false);
    expect(
      (await cluster.faultOf(leader, 'updatefile', ['e', 1, [replaced], 'a third name', between])).faultCode,
    ).to.equal(22);
    expect(await update('f', 1, ['no epoch'])).to.equal(true);

    await cluster.kill(...cluster.ids);
    await cluster.restart(...cluster.ids);
    leader = await cluster.leader();
    expect(await epochAt(leader)).to.equal(2);
  });

  it('gc spares a server that is down, says so, and only one of two collections goes on', async () => {
    const orphan = await store('an orphan');
    const down = cluster.others(leader)[0] ?? -1;
    await cluster.kill(down);
    const { code, stdout } = await run('gc', '--grace', '0s');
    expect(code).to.equal(1);
    expect(stdout).to.contain(`server ${down} does not answer`);
    await cluster.restart(down);
    const step = (body: object): Promise<number> =>
      api.ask(cluster.port(leader), 'POST', '/blocks/collection', { body }).then(({ status }) => status);
    expect(await step({ step: 'raise', epoch: 1 })).to.equal(409);
    expect(await step({ step: 'begin', collection: 'the first one' })).to.equal(400);
    expect(await step({ step: 'begin', collection: 'the-first' })).to.equal(200);
    expect(await step({ step: 'sweep', collection: 'the-first', epoch: 7 })).to.equal(409);
    expect(await step({ step: 'begin', collection: 'the-second' })).to.equal(200);
    expect(await step({ step: 'raise', epoch: 2 })).to.equal(200);
    expect(await step({ step: 'sweep', collection: 'the-first', epoch: 2, grace_ms: 0 })).to.equal(409);
    expect(await step({ step: 'sweep', collection: 'the-second', epoch: 2, grace_ms: 0 })).to.equal(200);
    expect(await step({ step: 'end', collection: 'the-second' })).to.equal(200);
    expect(await step({ step: 'end', collection: 'the-second' })).to.equal(409);
    expect(await step({ step: 'dance' })).to.equal(400);
    expect(await isStored(orphan)).to.be.a('boolean');
  });

  it('verify reads every copy, finds what is lost, and repairs it from a folder', async () => {
    const whole = await store('whole');
    const thin = await store('on one server');
    const lost = await store('lost on every server');
    for (const [name, hash] of Object.entries({ whole, thin, lost })) await update(name, 1, [hash]);
    await update('deleted', 1, ['0']);
    const fine = await run('verify');
    expect(fine.code, fine.stderr).to.equal(0);
    expect(fine.stdout).to.contain('4 files need 3 blocks').and.contain('no file has lost a block');

    const [home = -1] = placementOf(thin, cluster.ids);
    writeFileSync(fileOf(home, thin), 'damaged');
    for (const server of placementOf(lost, cluster.ids).slice(0, 2)) rmSync(fileOf(server, lost));
    const found = await run('verify');
    expect(found.code).to.equal(1);
    expect(found.stdout).to.contain(
      '1 are on every server that should have them, 1 are not, 0 were repaired',
    );
    expect(found.stdout).to.contain(`lost: 1 blocks of "lost", ${lost}`);

    const folder = temporaryFolder();
    writeFileSync(join(folder, 'an old copy'), 'something lost on every server');
    const repaired = await run('verify', '--repair', '--from', folder, '--block-size', '10');
    expect(repaired.code).to.equal(1);
    expect(repaired.stdout).to.contain(' 1 were repaired');
    writeFileSync(join(folder, 'another'), 'lost on every server');
    const rescued = await run('verify', '--repair', '--from', folder, '--block-size', '20');
    expect(rescued.code, rescued.stdout).to.equal(0);
    expect((await run('verify')).code).to.equal(0);
    expect(await isStored(lost)).to.equal(true);
  });

  it('stat shows every store, and which server does not answer', async () => {
    await store('kelp');
    const shown = await run('stat');
    expect(shown.code, shown.stderr).to.equal(0);
    expect(shown.stdout)
      .to.contain('BLOCKS')
      .and.contain(`localhost:${cluster.port(0)}`);
    await cluster.call(leader, 'crash');
    const { code, stdout } = await run('stat', '-o', 'json');
    expect(code).to.equal(1);
    expect((JSON.parse(stdout) as { problem?: string }[])[leader]?.problem).to.contain('isCrashed');
  });

  it('bad usage ends with exit code 2 and one line', async () => {
    for (const args of [
      ['gc', '--grace', 'soon'],
      ['verify', '--block-size', '0'],
      ['verify', '--from', '.'],
      ['dance'],
    ] as const) {
      const [name, ...rest] = args;
      const { code, stderr } = await run(name, ...rest);
      expect(code, args.join(' ')).to.equal(2);
      expect(stderr.trim().split('\n')).to.have.lengthOf(1);
    }
  });
});
