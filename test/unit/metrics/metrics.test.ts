import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { MeteredServer, stopServers } from './meteredServer.js';
import type { Scrape } from './scrape.js';

const TYPES = ['gauge', 'counter', 'histogram'];
const PUT = { type: 'put', payload: { key: 'k', value: 1 } };

/** A server that leads and that has seen a bit of everything. */
async function busyServer(): Promise<MeteredServer> {
  const server = await MeteredServer.leading();
  await server.call('surfstore.updatefile', 'a', 1, ['x']);
  await server.call('UpdateFile', 'a', 1, ['x']);
  await server.call('getfileinfomap');
  await server.fault('surfstore.updatefile', 'a');
  await server.post('/keys/one', { type: 'PUT', value: ['x'] });
  await server.http('/keys/one');
  await server.http('/keys/two');
  await server.post('/messages', PUT);
  await server.line({ ...PUT, type: 'get' });
  await server.line({ ...PUT, type: 'get', payload: { key: 'nothing' } });
  return server;
}

/** Label names by metric, as they stand in the output. */
function labelsIn({ ours, values }: Scrape): Map<string, string> {
  const labels = new Map<string, string>();
  for (const name of ours) {
    const series = [...values.keys()].find(
      (key) => key.replace(/_(?:bucket|sum|count)(?=[{]|$)/, '').split('{')[0] === name,
    );
    const names = [...(series ?? '').matchAll(/([a-z_]+)="/g)]
      .map(([, label]) => label)
      .filter((label) => label !== 'le');
    labels.set(name, names.sort().join(', '));
  }
  return labels;
}

/** The rows of the tables of docs/metrics.md that tell of a metric: the cells without backquotes. */
function documented(prefix: RegExp): string[][] {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'metrics.md'), 'utf8');
  return text
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.replaceAll('`', '').trim()),
    )
    .filter(([name = '', type = '']) => prefix.test(name) && TYPES.includes(type));
}

describe('metrics', () => {
  afterEach(stopServers);

  it('are in the text format, each with its help and its type, named as the convention wants', async () => {
    const scrape = await (await busyServer()).scrape();
    expect([...scrape.helps.keys()]).to.deep.equal([...scrape.types.keys()]);
    for (const name of scrape.ours) {
      const type = scrape.types.get(name);
      expect(name).to.match(/^[a-z_]+$/);
      expect(type).to.be.oneOf(TYPES);
      expect(name.endsWith('_total'), name).to.equal(type === 'counter');
    }
    for (const series of scrape.values.keys()) {
      const name = series.replace(/\{.*/, '');
      expect(
        scrape.types.has(name) ||
          scrape.types.get(name.replace(/_(?:bucket|sum|count)$/, '')) === 'histogram',
        series,
      ).to.equal(true);
    }
  });

  it('are all in the table of docs/metrics.md, with their types and labels', async () => {
    const scrape = await (await busyServer()).scrape();
    const labels = labelsIn(scrape);
    const ours = scrape.ours.map((name) => [name, scrape.types.get(name), labels.get(name)].join(' '));
    const table = documented(/^surfstore_/).map(([name = '', type, names = '']) =>
      [name, type, names.split(', ').sort().join(', ')].join(' '),
    );
    expect(ours.sort()).to.deep.equal(table.sort());
    const others = [...scrape.types.keys()].filter((name) => !name.startsWith('surfstore_'));
    expect(documented(/^(?:process|nodejs)_/).map(([name]) => name)).to.include.members(others);
    expect(others).to.include('nodejs_eventloop_lag_p99_seconds');
  });

  it('tell what the status tells', async () => {
    const server = await busyServer();
    const scrape = await server.scrape();
    const { core, lastApplied } = server.node.status;
    for (const [name, value] of [
      ['server_has_leader', 1],
      ['server_is_leader', 1],
      ['server_crashed', 0],
      ['server_id', 0],
      ['server_waiting_calls', 0],
      ['server_files', 1],
      ['server_keys', 2],
      ['raft_term', 1],
      ['raft_commit_index', core.commitIndex],
      ['raft_applied_index', lastApplied],
      ['raft_last_index', 6],
      ['raft_first_index', 1],
      ['raft_snapshot_index', 0],
      ['raft_peer_match_index{peer="1"}', 6],
      ['network_peer_reachable{peer="2"}', 1],
      [`version_info{version="1.2.3",node="${process.version}"}`, 1],
    ] as const)
      expect(scrape.values.get(`surfstore_${name}`), name).to.equal(value);
  });

  it('count proposals, reads, elections and entries, and time them', async () => {
    const scrape = await (await busyServer()).scrape();
    for (const [series, count] of [
      ['server_proposals_total{outcome="applied"}', 3],
      ['server_proposals_total{outcome="refused"}', 1],
      ['server_proposals_total{outcome="opened"}', 1],
      ['server_proposal_duration_seconds_count', 5],
      ['server_proposal_duration_seconds_bucket{le="+Inf"}', 5],
      ['server_reads_total{outcome="ok"}', 5],
      ['server_read_duration_seconds_count', 5],
      ['server_elections_won_total', 1],
      ['server_leader_changes_seen_total', 1],
      ['raft_entries_applied_total', 6],
      ['raft_snapshots_taken_total', 0],
    ] as const)
      expect(scrape.value(`surfstore_${series}`), series).to.equal(count);
    expect(scrape.value('surfstore_storage_persist_duration_seconds_count')).to.be.greaterThan(4);
    const appends = 'surfstore_network_peer_sent_total{peer="1",type="appendEntries",outcome="answered"}';
    expect(scrape.value(appends)).to.be.greaterThan(3);
    expect(scrape.value('surfstore_network_peer_round_trip_time_seconds_count{peer="1"}')).to.be.greaterThan(
      4,
    );
  });

  it('count calls by surface, canonical name and outcome', async () => {
    const scrape = await (await busyServer()).scrape();
    for (const [surface, method, outcome, count] of [
      ['xmlrpc', 'surfstore.updatefile', 'ok', 2],
      ['xmlrpc', 'surfstore.updatefile', 'invalid', 1],
      ['xmlrpc', 'surfstore.getfileinfomap', 'ok', 1],
      ['keys', 'POST', '204', 1],
      ['keys', 'GET', '200', 1],
      ['keys', 'GET', '404', 1],
      ['messages', 'put', 'ok', 1],
      ['lines', 'get', 'ok', 1],
      ['lines', 'get', 'notFound', 1],
    ] as const) {
      const series = `surfstore_rpc_handled_total{surface="${surface}",method="${method}",outcome="${outcome}"}`;
      expect(scrape.value(series), series).to.equal(count);
    }
    const updates = 'surfstore_rpc_duration_seconds_count{surface="xmlrpc",method="surfstore.updatefile"}';
    expect(scrape.value(updates)).to.equal(3);
  });

  it('count snapshots', async () => {
    const server = await MeteredServer.leading();
    for (let version = 1; version <= 12; version += 1) await server.call('updatefile', 'a', version, []);
    while ((await server.scrape()).value('surfstore_raft_snapshots_taken_total') === 0);
    expect((await server.scrape()).value('surfstore_raft_snapshot_index')).to.be.greaterThan(9);
  });

  it('have answers on a crashed server, which knows no leader', async () => {
    const server = await busyServer();
    await server.call('crash');
    await server.fault('updatefile', 'a', 2, []);
    const scrape = await server.scrape();
    expect(scrape.value('surfstore_server_crashed')).to.equal(1);
    expect(scrape.value('surfstore_server_has_leader') + scrape.value('surfstore_server_is_leader')).to.equal(
      0,
    );
    expect(scrape.value('surfstore_raft_last_index')).to.equal(6);
    expect(scrape.value('surfstore_server_proposals_total{outcome="isCrashed"}')).to.equal(1);
    expect(scrape.text).not.to.include('surfstore_raft_peer_match_index{');
    await server.call('restore');
    expect((await server.scrape()).value('surfstore_server_crashed')).to.equal(0);
  });

  it('count a waiting call whose client goes away as abandoned, and time it nowhere', async () => {
    const server = await MeteredServer.leading();
    server.peers.reachable = false;
    const body = '<methodCall><methodName>surfstore.getfileinfomap</methodName></methodCall>';
    const socket = connect(server.port, 'localhost');
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    while ((await server.scrape()).value('surfstore_server_waiting_calls') === 0);
    socket.destroy();
    while ((await server.scrape()).value('surfstore_server_waiting_calls') === 1);
    const scrape = await server.scrape();
    expect(scrape.value('surfstore_server_reads_total{outcome="abandoned"}')).to.equal(1);
    expect(scrape.value('surfstore_server_read_duration_seconds_count')).to.equal(0);
    const call = 'surface="xmlrpc",method="surfstore.getfileinfomap"';
    expect(scrape.value(`surfstore_rpc_handled_total{${call},outcome="abandoned"}`)).to.equal(1);
    expect(scrape.value(`surfstore_rpc_duration_seconds_count{${call}}`)).to.equal(0);
  });

  it('get no longer by what clients send: unknown names, paths, methods and types share a label', async () => {
    const server = await busyServer();
    const odd = async (number: number): Promise<void> => {
      await server.fault(`surfstore.nothing${number}`);
      await server.call('tester_getversion', `file${number}`);
      await server.line({ ...PUT, type: `type${number}` });
      await (await server.http(`/path${number}`)).text();
      await (await server.http(`/keys/key${number}`, { method: 'PATCH' })).text();
    };
    await odd(0);
    await server.scrape();
    const before = [...(await server.scrape()).values.keys()].filter((key) => key.startsWith('surfstore_'));
    const numbers = Array.from({ length: 50 }, (_, number) => number + 1);
    for (let base = 0; base < 1_000; base += 50)
      await Promise.all(numbers.map((number) => odd(base + number)));
    const scrape = await server.scrape();
    expect([...scrape.values.keys()].filter((key) => key.startsWith('surfstore_'))).to.deep.equal(before);
    const unknown = 'surface="xmlrpc",method="unknown",outcome="methodNotFound"';
    expect(scrape.value(`surfstore_rpc_handled_total{${unknown}}`)).to.equal(1_001);
    const patched = 'surface="keys",method="unknown",outcome="405"';
    expect(scrape.value(`surfstore_rpc_handled_total{${patched}}`)).to.equal(1_001);
  });

  it('belong to one server, however many live in a process', async () => {
    const [one, other] = [await busyServer(), await MeteredServer.start()];
    expect((await one.scrape()).value('surfstore_server_proposals_total{outcome="applied"}')).to.equal(3);
    expect((await other.scrape()).value('surfstore_server_proposals_total{outcome="applied"}')).to.equal(0);
  });

  it('are read with GET and HEAD only, and never from a cache', async () => {
    const server = await MeteredServer.start();
    const { headers } = await server.http('/metrics');
    expect(headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8');
    expect(headers.get('cache-control')).to.equal('no-store');
    expect(await (await server.http('/metrics', { method: 'HEAD' })).text()).to.equal('');
    const refused = await server.http('/metrics', { method: 'POST', body: 'x' });
    expect([refused.status, refused.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD']);
  });

  it('are collected once for all who ask at the same time', () => {
    const { metrics } = new MeteredServer();
    expect(metrics.text()).to.equal(metrics.text());
  });
});
