import { expect } from 'chai';
import type { Page } from '../../../src/api/pages.js';
import { probePages } from '../../../src/api/probes.js';
import type { StatusSource } from '../../../src/api/status.js';
import { servers as ours, Service } from './service.js';

function pagesOf(service: Service, servers: StatusSource['servers'] = ours): (path: string) => Page {
  const source: StatusSource = {
    id: 0,
    servers,
    node: service.node,
    tickMs: 10,
    version: '1.2.3',
    counts: () => ({ files: 0, keys: 0, sessions: 0, stateBytes: 0, stateBytesMax: 1 }),
    uptimeSeconds: () => 0,
  };
  const pages = probePages(source, ['surfstore.ping', 'surfstore.updatefile']);
  return (path) => {
    const page = pages.get(path);
    if (page === undefined) throw new Error(`there is no ${path}`);
    return page();
  };
}

describe('api: probes', () => {
  it('/livez is ok whatever the server does', async () => {
    const service = new Service();
    expect(pagesOf(service)('/livez')).to.include({ status: 200, body: 'ok\n' });
    const leading = await Service.leading();
    await leading.call('crash');
    expect(pagesOf(leading)('/livez')).to.include({ status: 200, body: 'ok\n' });
  });

  it('/readyz is ok on a server that knows a leader', async () => {
    expect(pagesOf(await Service.leading())('/readyz')).to.include({ status: 200, body: 'ok\n' });
  });

  it('/readyz is 503, with the reason, without a leader, crashed, and stopped', async () => {
    const ready = pagesOf(new Service());
    expect(ready('/readyz').status).to.equal(503);
    expect(ready('/readyz').body).to.match(/^no leader: /);
    const leading = await Service.leading();
    await leading.call('crash');
    expect(pagesOf(leading)('/readyz').status).to.equal(503);
    expect(pagesOf(leading)('/readyz').body).to.match(/^crashed: /);
    await leading.call('restore');
    leading.node.stop();
    expect(pagesOf(leading)('/readyz').body).to.match(/^stopped: /);
  });

  it('/version names the program, its version and that of Node.js', () => {
    const { contentType, body } = pagesOf(new Service())('/version');
    expect(contentType).to.equal('application/json; charset=utf-8');
    expect(JSON.parse(body)).to.deep.equal({ name: 'surfstore', version: '1.2.3', node: process.version });
  });

  it('/ says which server this is, who leads, what can be called, and where the others are', async () => {
    const { status, contentType, body } = pagesOf(await Service.leading())('/');
    expect([status, contentType]).to.deep.equal([200, 'text/html; charset=utf-8']);
    for (const text of [
      'SurfStore server 0 of 3',
      '<strong>leader</strong> in term 1; server 0 leads',
      '<li>surfstore.updatefile</li>',
      '<a href="/readyz">/readyz</a>',
      '(this one)',
    ])
      expect(body).to.include(text);
  });

  it('/ links to what a person or a monitor reads, and says where keys and messages go', async () => {
    const { body } = pagesOf(await Service.leading())('/');
    const links = [...body.matchAll(/<a href="(\/[^"]*)">([^<]*)<\/a>/g)].map(([, target, text]) => [
      target,
      text,
    ]);
    const paths = ['/livez', '/readyz', '/version', '/metrics', '/admin/status'];
    expect(links).to.deep.equal([['/ui/', 'The dashboard'], ...paths.map((path) => [path, path])]);
    for (const text of ['/keys/KEY', '/messages', 'JSON lines on the same port', 'nc localhost 9000'])
      expect(body).to.include(text);
  });

  it('/ lets no host of the cluster file become markup', () => {
    const hosts = ['a', '<b>"x', 'c'].map((host, id) => ({ id, host, port: 9001 + id }));
    const { body } = pagesOf(new Service(), hosts)('/');
    expect(body).not.to.include('<b>');
    expect(body).to.include('href="http://%3Cb%3E%22x:9002/"');
  });
});
