import { expect } from 'chai';
import { FAULT_CODES, XmlRpcClient, XmlRpcFault, type XmlRpcValue } from '../../src/xmlrpc/index.js';
import { atEnd, Cluster, stopEverything, type PeerRoute } from './support/cluster.js';
import { PeerProxy, portOf } from './support/peerProxy.js';
import { until } from './support/waiting.js';

describe('updatefile and the map', function () {
  this.timeout(30_000);

  let cluster: Cluster;
  let leader: number;

  before(async () => {
    ({ cluster, leader } = await Cluster.startWithLeader(5));
  });
  after(stopEverything);

  it('a version that is not exactly the next one is false, and changes nothing', async () => {
    expect(await cluster.update(leader, 'v', 1, ['one'])).to.equal(true);
    expect(await cluster.update(leader, 'v', 2, ['two'])).to.equal(true);
    const wrong = [2, 1, 0, -1, 4, 5, 2_147_483_647, -2_147_483_648, 2 ** 40, 2n ** 62n, -(2n ** 62n)];
    for (const version of wrong) {
      expect(await cluster.call(leader, 'updatefile', ['v', version, ['wrong']]), String(version)).to.equal(
        false,
      );
    }
    expect((await map()).get('v')).to.deep.equal([2, ['two']]);
    expect(await cluster.version(leader, 'v')).to.equal(2);
  });

  it('of fifty concurrent updates with the same version exactly one is true, and it is the one stored', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, client) => cluster.update(leader, 'raced', 1, [`client ${client}`])),
    );
    const winners = answers.flatMap((answer, client) => (answer === true ? [client] : []));
    expect(winners).to.have.length(1);
    expect(answers.filter((answer) => answer === false)).to.have.length(49);
    expect((await map()).get('raced')).to.deep.equal([1, [`client ${winners[0] ?? ''}`]]);
  });

  it('a deleted file stays in the map and keeps counting versions', async () => {
    expect(await cluster.update(leader, 'deleted', 1, ['h'])).to.equal(true);
    expect(await cluster.update(leader, 'deleted', 2, ['0'])).to.equal(true);
    expect((await map()).get('deleted')).to.deep.equal([2, ['0']]);
    expect(await cluster.update(leader, 'deleted', 1, ['h'])).to.equal(false);
    expect(await cluster.update(leader, 'deleted', 3, ['h'])).to.equal(true);
  });

  const hashLists: Readonly<Record<string, XmlRpcValue>> = {
    'of strings': ['a', 'b'.repeat(100_000), '', ' blanks ', '<&>"\'', 'ünïcode 😀', 'line\nfeed\ttab'],
    'of ints': [1, 2, 3, -2_147_483_648, 2_147_483_647],
    'of ints beyond 32 bits': [2 ** 40, -(2n ** 62n)],
    'of base64': [Buffer.from([0, 1, 2, 255]), Buffer.alloc(0)],
    'of booleans': [true, false],
    'of several types': ['1', 1, Buffer.from('1'), true],
    'of arrays in arrays': [['a', ['b', [1, []]]], []],
    'of structs': [
      new Map<string, XmlRpcValue>([
        ['b', 1],
        ['a', ['x']],
      ]),
    ],
    'that is empty': [],
    'that is the tombstone ["0"]': ['0'],
    'that is the bare tombstone "0"': '0',
    'that is the bare tombstone 0': 0,
    'that is an empty string': '',
  };
  for (const [kind, hashList] of Object.entries(hashLists)) {
    it(`a hash list ${kind} comes back with the same types in the same order`, async () => {
      expect(await cluster.update(leader, kind, 1, hashList)).to.equal(true);
      expect((await map()).get(kind)).to.deep.equal([1, hashList]);
    });
  }

  it('file names of any characters that XML can carry come back unchanged', async () => {
    const names = [
      'a b',
      'ä/ö\\ü',
      '😀',
      '<&>"\']]>',
      '__proto__',
      'constructor',
      'line\nfeed',
      ' ',
      'n'.repeat(4096),
    ];
    for (const name of names) expect(await cluster.update(leader, name, 1, [name])).to.equal(true);
    const files = await map();
    for (const name of names) expect(files.get(name), name).to.deep.equal([1, [name]]);
    for (const name of names) expect(await cluster.version(leader, name), name).to.equal(1);
  });

  it('a map of 3,000 files is whole, and reading it does not cost the leader its leadership', async () => {
    const clients = Array.from(
      { length: 16 },
      () => new XmlRpcClient({ host: '127.0.0.1', port: cluster.port(leader) }),
    );
    const hashes = Array.from({ length: 4 }, (_, block) => `${block}`.repeat(64));
    await Promise.all(
      clients.map(async (client, first) => {
        for (let file = first; file < 3_000; file += clients.length) {
          await client.call('surfstore.updatefile', [`many/${file}`, 1, hashes]);
        }
      }),
    );
    const listings = await Promise.all(
      clients.slice(0, 4).map((client) => client.call('surfstore.getfileinfomap')),
    );
    for (const client of clients) client.close();
    for (const listing of listings) {
      const many = [...(listing as Map<string, unknown>)].filter(([name]) => name.startsWith('many/'));
      expect(many).to.have.length(3_000);
    }
    expect(await cluster.leaders()).to.deep.equal([leader]);
    await until('all servers have the last file', async () =>
      (await cluster.versions('many/2999')).every((version) => version === 1),
    );
  });

  async function map(): Promise<Map<string, unknown>> {
    return (await cluster.call(leader, 'getfileinfomap')) as Map<string, unknown>;
  }
});

describe('when updatefile has replied', function () {
  this.timeout(30_000);

  // On this way what a leader sends arrives after any answer that it gives at the same moment.
  const DELAY_MS = 40;
  let cluster: Cluster;
  let leader: number;

  before(async () => {
    const routes = async (ports: readonly number[]): Promise<PeerRoute> => {
      const proxies = await PeerProxy.startAll(ports, DELAY_MS);
      atEnd(() => proxies.forEach((proxy) => proxy.close()));
      return (_from, to) => portOf(proxies[to]);
    };
    cluster = await Cluster.prepare(5, [], { routes });
    await Promise.all(cluster.ids.map((id) => cluster.startServer(id)));
    leader = await cluster.leader();
  });
  after(stopEverything);

  it('a majority gives the new version at once, the leader included, however slow the servers reach each other', async () => {
    for (let version = 1; version <= 10; version += 1) {
      expect(await cluster.update(leader, 'at once', version)).to.equal(true);
      const versions = await cluster.versions('at once');
      expect(versions[leader]).to.equal(version);
      expect(versions.filter((one) => one === version).length, versions.join(' ')).to.be.at.least(3);
    }
  });

  it('a server that had been crashed meanwhile gives it one second after its restore', async () => {
    const [id = -1] = cluster.others(leader);
    await cluster.crash(id);
    expect(await cluster.update(leader, 'missed', 1)).to.equal(true);
    await cluster.restore(id);
    await until('the version', async () => (await cluster.version(id, 'missed')) === 1, 1_000);
  });
});

describe('method names', function () {
  this.timeout(20_000);

  let client: XmlRpcClient;

  before(async () => {
    const { cluster } = await Cluster.startWithLeader(1);
    client = new XmlRpcClient({ host: '127.0.0.1', port: cluster.port(0) });
  });
  after(async () => {
    client.close();
    await stopEverything();
  });

  const calls: Readonly<Record<string, readonly XmlRpcValue[]>> = {
    ping: [],
    getfileinfomap: [],
    updatefile: ['name', 9, []],
    tester_getversion: ['name'],
    isLeader: [],
    isCrashed: [],
    restore: [],
    hasblocks: [[]],
  };

  it('are matched with or without prefix and without regard to letter case', async () => {
    for (const [name, params] of Object.entries(calls)) {
      const answer = await client.call(`surfstore.${name}`, params);
      for (const spelling of [name, name.toLowerCase(), name.toUpperCase()]) {
        for (const prefix of ['', 'surfstore.', 'SurfStore.', 'SURFSTORE.']) {
          expect(await client.call(prefix + spelling, params), prefix + spelling).to.deep.equal(answer);
        }
      }
    }
  });

  it('of the assignment’s prose are understood', async () => {
    for (const name of [
      'getFileInfoMap',
      'getFileinfoMap',
      'updateFile',
      'isleader',
      'iscrashed',
      'hasBlocks',
    ]) {
      const params =
        calls[Object.keys(calls).find((key) => key.toLowerCase() === name.toLowerCase()) ?? ''] ?? [];
      await client.call(`surfstore.${name}`, params);
    }
  });

  it('are listed by system.listMethods as the contract spells them, and each is documented', async () => {
    const listed = (await client.call('system.listMethods')) as string[];
    const contract = [
      ...[
        'ping',
        'getfileinfomap',
        'updatefile',
        'tester_getversion',
        'isLeader',
        'isCrashed',
        'crash',
        'restore',
      ],
      ...['getblock', 'putblock', 'hasblocks', 'appendEntries', 'requestVote'],
    ].map((name) => `surfstore.${name}`);
    expect(listed).to.include.members(contract);
    for (const name of listed) {
      expect(await client.call('system.methodHelp', [name]), name).to.contain(name);
      expect(await client.call('system.methodSignature', [name]), name).to.be.an('array').and.not.to.be.empty;
    }
  });

  it('that are unknown are fault -32601 and leave the connection usable', async () => {
    const error = await client.call('surfstore.nothing').catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(XmlRpcFault).and.to.include({ faultCode: FAULT_CODES.METHOD_NOT_FOUND });
    expect(await client.call('surfstore.ping')).to.equal(true);
  });
});
