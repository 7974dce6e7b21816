import { expect } from 'chai';
import { statusStruct } from '../../../src/api/status.js';
import { serializeValue, type XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { Service, servers } from './service.js';

type Struct = ReadonlyMap<string, XmlRpcValue>;

async function statusOf(service: Service): Promise<Struct> {
  const status = await service.call('surfstore.status');
  if (status instanceof Map) return status;
  throw new Error('the status is a struct');
}

function peersOf(status: Struct): Struct[] {
  return status.get('peers') as Struct[];
}

/** Everything in the value that is not a struct or an array. */
function leaves(value: XmlRpcValue): XmlRpcValue[] {
  if (value instanceof Map) return [...(value as Struct).values()].flatMap(leaves);
  return Array.isArray(value) ? (value as readonly XmlRpcValue[]).flatMap(leaves) : [value];
}

const memberNames = [
  'id',
  'address',
  'role',
  'crashed',
  'lifecycle',
  'term',
  'leader',
  'votedFor',
  'commitIndex',
  'lastApplied',
  'lastIndex',
  'snapshotIndex',
  'logLength',
  'waitingCalls',
  'unreachableFrom',
  'cluster',
  'standing',
  'learners',
  'estranged',
  'files',
  'keys',
  'sessions',
  'stateBytes',
  'stateBytesMax',
  'uptimeSeconds',
  'version',
  'peers',
];

describe('api: the status of a server', () => {
  it('has always the same members', async () => {
    const leading = await Service.leading();
    const crashed = await Service.leading();
    crashed.node.crash();
    for (const service of [new Service(), leading, crashed]) {
      expect([...(await statusOf(service)).keys()]).to.deep.equal(memberNames);
    }
  });

  it('holds nothing but integers of 32 bits, strings, booleans, arrays and structs', async () => {
    const leading = await Service.leading();
    await leading.call('updatefile', 'a', 1, ['h']);
    const crashed = await Service.leading();
    crashed.node.crash();
    for (const service of [new Service(), leading, crashed]) {
      const status = await statusOf(service);
      for (const leaf of leaves(status)) {
        expect(leaf).to.satisfy(
          (value: unknown) => ['string', 'boolean'].includes(typeof value) || Number.isInteger(value),
        );
      }
      expect(serializeValue(status)).not.to.match(/<(i8|double|nil)/);
    }
  });

  it('says -1 where the leader and the vote are not known', async () => {
    const status = await statusOf(new Service());
    expect(Object.fromEntries(status)).to.deep.include({
      id: 0,
      address: 'localhost:9000',
      role: 'follower',
      crashed: false,
      lifecycle: 'running',
      term: 0,
      leader: -1,
      votedFor: -1,
      commitIndex: 0,
      lastApplied: 0,
      lastIndex: 0,
      snapshotIndex: 0,
      logLength: 0,
      waitingCalls: 0,
      unreachableFrom: [],
      cluster: '',
      standing: '',
      learners: [],
      estranged: [],
      files: 0,
      keys: 0,
      sessions: 0,
      stateBytes: 0,
      stateBytesMax: 1_000_000,
      uptimeSeconds: 7,
      version: '1.2.3',
    });
    expect(peersOf(status)).to.deep.equal([]);
  });

  it('of a leader names itself as leader and shows each peer', async () => {
    const service = await Service.leading();
    await service.call('updatefile', 'a', 1, ['h']);
    for (let ticks = 0; ticks < 3; ticks += 1) service.ticker.tick();
    const status = await statusOf(service);
    expect(Object.fromEntries(status)).to.deep.include({
      role: 'leader',
      term: 1,
      leader: 0,
      votedFor: 0,
      commitIndex: 2,
      lastApplied: 2,
      lastIndex: 2,
      snapshotIndex: 0,
      logLength: 2,
      files: 1,
    });
    expect(peersOf(status).map((peer) => Object.fromEntries(peer))).to.deep.equal([
      { id: 1, address: 'server-one.example:9001', matchIndex: 2, nextIndex: 3, lastContactMs: 30 },
      { id: 2, address: '[::1]:9002', matchIndex: 2, nextIndex: 3, lastContactMs: 30 },
    ]);
  });

  it('says -1 for a peer that has never answered this leader', async () => {
    const service = new Service();
    const silentLater = service.peers.send.bind(service.peers);
    service.peers.send = (request, done) => {
      if (request.type === 'appendEntries') service.peers.reachable = false;
      return silentLater(request, done);
    };
    await service.lead();
    const contacts = peersOf(await statusOf(service)).map((peer) => peer.get('lastContactMs'));
    expect(contacts).to.deep.equal([-1, -1]);
  });

  it('counts the calls that wait', async () => {
    const service = await Service.leading();
    service.peers.reachable = false;
    void service.call('getfileinfomap');
    void service.call('updatefile', 'a', 1, ['h']);
    expect((await statusOf(service)).get('waitingCalls')).to.equal(2);
  });

  it('of a crashed server keeps term, vote and log, and claims no leader', async () => {
    const service = await Service.leading();
    await service.call('updatefile', 'a', 1, ['h']);
    service.node.crash();
    const status = await statusOf(service);
    expect(Object.fromEntries(status)).to.deep.include({
      role: 'follower',
      crashed: true,
      lifecycle: 'crashed',
      term: 1,
      leader: -1,
      votedFor: 0,
      lastIndex: 2,
      files: 1,
      waitingCalls: 0,
      unreachableFrom: [],
      cluster: '',
      standing: '',
      learners: [],
      estranged: [],
    });
    expect(peersOf(status)).to.deep.equal([]);
  });

  it('has an empty address for a server that is not in the list', () => {
    const service = new Service();
    const status = statusStruct({
      id: 9,
      servers,
      node: service.node,
      tickMs: 10,
      version: '',
      counts: () => ({ files: 0, keys: 0, sessions: 0, stateBytes: 0, stateBytesMax: 1 }),
      uptimeSeconds: () => 0,
    });
    expect((status as Struct).get('address')).to.equal('');
  });
});

describe('api: the trace of a server', () => {
  it('says what it did and why, also when crashed', async () => {
    const service = await Service.leading();
    service.node.crash();
    const trace = (await service.call('surfstore.trace')) as Struct[];
    expect(trace.map((step) => step.get('text'))).to.deep.equal([
      'running',
      'asks whether it would win term 1: it was asked to, no leader was heard since it started',
      'pre-candidate in term 0',
      'candidate in term 1',
      'elected in term 1 by the votes of 0, 1',
      'leader in term 1, server 0 leads',
      'crashed',
    ]);
    expect(Object.fromEntries(trace.at(-1) ?? [])).to.include({
      time: '1970-01-01T00:00:00.000Z',
      kind: 'lifecycle',
    });
  });
});
