import { expect } from 'chai';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { ask, DescribedApi, type ApiAnswer, type ApiRequest } from './support/describedApi.js';
import { send } from './support/http.js';
import { until } from './support/waiting.js';

describe('the key/value service over HTTP, as docs/openapi.yaml describes it', function () {
  this.timeout(60_000);

  let api: DescribedApi;
  let cluster: Cluster;
  let leader: number;
  let follower: number;
  let keys = 0;

  before(async () => {
    api = await DescribedApi.load();
    cluster = await Cluster.start(3, { flags: [...quickElections, '--body-bytes-max', '100000'] });
  });
  beforeEach(async () => {
    leader = await cluster.heal();
    follower = cluster.others(leader)[0] ?? -1;
    keys += 1;
  });
  after(stopEverything);

  const key = (): string => `/keys/k${keys}`;
  const get = (server: number, path = key()): Promise<ApiAnswer> =>
    api.ask(cluster.port(server), 'GET', path);
  const post = (
    server: number,
    body: unknown,
    headers: ApiRequest['headers'] = {},
    path = key(),
  ): Promise<ApiAnswer> => api.ask(cluster.port(server), 'POST', path, { body, headers });
  const put = (server: number, value: unknown, headers?: ApiRequest['headers']): Promise<ApiAnswer> =>
    post(server, { type: 'PUT', value }, headers);
  const append = (server: number, value: unknown, headers?: ApiRequest['headers']): Promise<ApiAnswer> =>
    post(server, { type: 'APPEND', value }, headers);
  const valueOn = async (server: number, path = key()): Promise<unknown> => (await get(server, path)).json();

  it('the examples of the assignment, on whichever server', async () => {
    for (const server of cluster.ids) {
      expect((await put(server, ['cat', 'dog'])).status).to.equal(204);
      expect((await append(server, ['mouse'])).status).to.equal(204);
      for (const other of cluster.ids) expect(await valueOn(other)).to.deep.equal(['cat', 'dog', 'mouse']);
    }
  });

  it('an append to a key that is missing or empty makes a list of one', async () => {
    expect((await append(follower, 'first')).status).to.equal(204);
    expect(await valueOn(leader)).to.deep.equal(['first']);
    expect((await put(follower, [])).status).to.equal(204);
    expect((await append(leader, 'again')).status).to.equal(204);
    expect(await valueOn(follower)).to.deep.equal(['again']);
  });

  it('an append of several strings adds them in order', async () => {
    await append(follower, ['a', 'b', 'c']);
    expect(await valueOn(follower)).to.deep.equal(['a', 'b', 'c']);
  });

  for (const name of ['a/b', 'ä ö\u2028', '%', '?x=1', '#', '...', 'a+b', '\u0000', '__proto__', '\uffff']) {
    it(`a key may be ${JSON.stringify(name)}`, async () => {
      const path = `/keys/${encodeURIComponent(name)}`;
      expect((await post(follower, { type: 'PUT', value: [name] }, {}, path)).status).to.equal(204);
      for (const server of cluster.ids) expect(await valueOn(server, path)).to.deep.equal([name]);
    });
  }

  it('DELETE removes a key on whichever server, once for an Idempotency-Key, and is 404 for one that is not there', async () => {
    const remove = (server: number, headers: ApiRequest['headers'] = {}): Promise<ApiAnswer> =>
      api.ask(cluster.port(server), 'DELETE', key(), { headers });
    for (const server of [leader, follower]) {
      await put(server, ['cat']);
      const once = { 'Idempotency-Key': `"delete ${keys} ${server}"` };
      expect((await remove(server, once)).status).to.equal(204);
      for (const other of cluster.ids) expect((await get(other)).status).to.equal(404);
      expect((await remove(follower)).status).to.equal(404);
      await put(leader, ['dog']);
      expect((await remove(leader, once)).status).to.equal(204);
      expect(await valueOn(follower)).to.deep.equal(['dog']);
    }
  });

  it('404 for a key that does not exist', async () => {
    for (const server of [leader, follower]) expect((await get(server)).status).to.equal(404);
  });

  it('400 for a value that is no list of strings, to read as to append to', async () => {
    const messages = await api.ask(cluster.port(leader), 'POST', '/messages', {
      body: { type: 'put', payload: { key: `k${keys}`, value: { a: 1 } } },
    });
    expect(messages.json()).to.deep.equal({ code: 'success' });
    for (const server of [leader, follower]) {
      expect((await get(server)).status).to.equal(400);
      expect((await append(server, 'x')).status).to.equal(400);
    }
  });

  const nonsense: readonly (readonly [string, unknown])[] = [
    ['no JSON', '{"type":'],
    ['an empty body', ''],
    ['a list', []],
    ['null', 'null'],
    ['no type', { value: ['a'] }],
    ['another type', { type: 'DELETE', value: ['a'] }],
    ['a type that is no text', { type: 1, value: ['a'] }],
    ['a put of a text', { type: 'PUT', value: 'a' }],
    ['a put of numbers', { type: 'PUT', value: [1] }],
    ['a put of nothing', { type: 'PUT' }],
    ['an append of a number', { type: 'APPEND', value: 1 }],
    ['an append of an empty list', { type: 'APPEND', value: [] }],
    ['an append of lists', { type: 'APPEND', value: [['a']] }],
  ];
  for (const [what, body] of nonsense) {
    it(`400 with a reason for ${what}, and nothing is done`, async () => {
      for (const server of [leader, follower]) {
        const answer = await post(server, body);
        expect([answer.status, answer.contentType]).to.deep.equal([400, 'text/plain']);
        expect(answer.text.length).to.be.greaterThan(10);
      }
      expect((await get(leader)).status).to.equal(404);
    });
  }

  it('400 for a key that is empty, too long or not URL-encoded, a wrong deadline and a wrong consistency', async () => {
    const wrong = [
      `/keys/${'x'.repeat(4097)}`,
      '/keys/%ff',
      `${key()}?timeout_ms=0`,
      `${key()}?timeout_ms=1e3`,
      `${key()}?timeout_ms=600001`,
      `${key()}?consistency=eventual`,
    ];
    for (const path of wrong) expect((await get(follower, path)).status, path).to.equal(400);
    expect((await ask(cluster.port(leader), 'GET', '/keys/')).status).to.equal(400);
  });

  it('405 with the methods that there are, and 404 for what is not there', async () => {
    const port = cluster.port(follower);
    for (const method of ['PUT', 'PATCH']) {
      const answer = await ask(port, method, key(), { body: '{}' });
      expect([answer.status, answer.headers.get('allow')]).to.deep.equal([405, 'GET, HEAD, POST, DELETE']);
    }
    expect((await ask(port, 'GET', '/messages')).status).to.equal(405);
    expect((await ask(port, 'POST', '/admin/status', { body: '{}' })).status).to.equal(405);
    for (const path of ['/keys', '/key/a', '/admin', '/message'])
      expect((await ask(port, 'GET', path)).status, path).to.equal(404);
  });

  it('400 for the keys "." and "..", however they are written, and for JSON that lost its path by them', async () => {
    for (const path of ['/keys/.', '/keys/..', '/keys/%2e', '/keys/%2E%2e', '/keys/.%2e']) {
      const value = '{"type": "PUT", "value": ["a"]}';
      const head = `Host: a\r\nContent-Type: application/json\r\nContent-Length: ${value.length}`;
      for (const method of ['GET', 'DELETE', 'POST']) {
        const answer = await send(
          cluster.port(leader),
          `${method} ${path} HTTP/1.1\r\n${head}\r\n\r\n${value}`,
        );
        expect(answer.status, `${method} ${path}`).to.equal(400);
        if (method !== 'HEAD') expect(answer.body).to.contain('take');
      }
      const lost = await send(cluster.port(leader), `POST / HTTP/1.1\r\n${head}\r\n\r\n${value}`);
      expect(lost.status).to.equal(400);
      expect(lost.body).to.contain('"." and ".." cannot be keys');
    }
  });

  it('413 for a body that is too large, 415 for one that is not JSON or compressed in an unknown way', async () => {
    expect((await put(follower, ['x'.repeat(100_001)])).status).to.equal(413);
    // It fits into a request, but not with what it takes on the way to the other servers.
    expect((await put(follower, ['\\'.repeat(40_000)])).status).to.equal(413);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
      expect((await put(leader, ['a'], { 'Content-Type': type })).status).to.equal(415);
    expect((await put(leader, ['a'], { 'Content-Encoding': 'br' })).status).to.equal(415);
    expect((await put(leader, ['a'], { 'Content-Encoding': 'gzip' })).status).to.equal(400);
    expect((await get(leader)).status).to.equal(404);
    const withCharset = { 'Content-Type': 'application/json; charset=utf-8' };
    expect((await put(leader, ['a'], withCharset)).status).to.equal(204);
  });

  it('with an Idempotency-Key a write takes effect once, on whichever server it arrives again', async () => {
    const once = { 'Idempotency-Key': `"write-${keys}"` };
    for (const server of cluster.ids) expect((await append(server, 'once', once)).status).to.equal(204);
    expect(await valueOn(follower)).to.deep.equal(['once']);
    expect((await append(follower, 'another', once)).status).to.equal(422);
    await append(leader, 'two', { 'Idempotency-Key': `write-${keys}-b` });
    await append(leader, 'two', { 'Idempotency-Key': `write-${keys}-c` });
    expect(await valueOn(leader)).to.deep.equal(['once', 'two', 'two']);
  });

  it('a client that numbers its requests is told when it comes too late, or is not known', async () => {
    const opened = await api.ask(cluster.port(follower), 'POST', '/sessions');
    expect(opened.status).to.equal(201);
    const { clientId } = opened.json() as { clientId: string };
    const numbered = (sequence: number, client = clientId): Record<string, string> => ({
      'Idempotency-Key': `"${client}"; sequence=${sequence}`,
    });
    for (const sequence of [1, 2])
      expect((await append(leader, 'zero', numbered(sequence, `client-${keys}`))).status).to.equal(409);
    expect((await append(leader, 'one', numbered(1))).status).to.equal(204);
    expect((await append(follower, 'two', numbered(2))).status).to.equal(204);
    expect((await append(follower, 'two', numbered(2))).status).to.equal(204);
    expect((await append(leader, 'one', numbered(1))).status).to.equal(409);
    expect(await valueOn(follower)).to.deep.equal(['one', 'two']);
    for (const wrong of ['', '""', 'a b', '"a"; sequence=0', '"a"; sequence=x', `"${'x'.repeat(257)}"`])
      expect((await append(leader, 'x', { 'Idempotency-Key': wrong })).status, wrong).to.equal(400);
  });

  it('a session is opened on every server, another one each time, over HTTP and by a message', async () => {
    const ids = await Promise.all(
      cluster.ids.map(async (id) => (await api.ask(cluster.port(id), 'POST', '/sessions')).json()),
    );
    const message = { type: 'openSession', payload: {} };
    const reply = await api.ask(cluster.port(leader), 'POST', '/messages', { body: message });
    expect(
      new Set([...ids, (reply.json() as { payload: unknown }).payload].map((id) => JSON.stringify(id))).size,
    ).to.equal(cluster.ids.length + 1);
    expect((await api.ask(cluster.port(leader), 'POST', '/sessions?timeout_ms=0')).status).to.equal(400);
    const wrong = await ask(cluster.port(leader), 'GET', '/sessions');
    expect([wrong.status, wrong.headers.get('allow')]).to.deep.equal([405, 'POST']);
  });

  it('a message by POST may have its name in the header, too', async () => {
    const body = { type: 'append', payload: { key: `k${keys}`, value: 'once' } };
    const headers = { 'Idempotency-Key': `message-${keys}` };
    for (let time = 0; time < 2; time += 1) {
      const answer = await api.ask(cluster.port(leader), 'POST', '/messages', { body, headers });
      expect(answer.json()).to.deep.equal({ code: 'success' });
    }
    expect(await valueOn(leader)).to.deep.equal(['once']);
  });

  it('a request may name the whole URL, as the assignment writes it', async () => {
    await put(leader, ['cat']);
    const port = cluster.port(follower);
    const target = `http://localhost:${port}${key()}?timeout_ms=5000`;
    const answer = await send(
      port,
      `GET ${target} HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
    );
    expect([answer.status, answer.body]).to.deep.equal([200, '["cat"]\n']);
  });

  it('a number that no JSON library can keep is refused instead of changed', async () => {
    const body = `{"type":"put","payload":{"key":"k${keys}","value":[1e999]}}`;
    const answer = await api.ask(cluster.port(leader), 'POST', '/messages', { body });
    expect(answer.json()).to.deep.nested.include({ code: 'fail', 'payload.error': 'invalid' });
  });

  it('servers that were made unreachable pass nothing on to each other; the others do', async () => {
    await put(leader, ['before']);
    const other = cluster.others(leader).find((id) => id !== follower) ?? -1;
    await cluster.call(leader, 'makeUnreachableFrom', [[follower]]);
    try {
      expect(
        (await post(follower, { type: 'PUT', value: ['cut'] }, {}, `${key()}?timeout_ms=500`)).status,
      ).to.equal(503);
      expect((await get(follower, `${key()}?timeout_ms=500`)).status).to.equal(503);
      expect(await valueOn(other)).to.deep.equal(['before']);
    } finally {
      await cluster.call(leader, 'makeUnreachableFrom', [[]]);
    }
    await until('the follower is served again', async () => (await get(follower)).status === 200);
  });

  it('the status of a server that reaches no majority says what is missing', async () => {
    await cluster.crash(...cluster.others(leader));
    const status = await api.ask(cluster.port(leader), 'GET', '/admin/status');
    expect(status.json())
      .to.have.property('explanation')
      .that.matches(/^This server reaches 1 of 3 servers.*majority of 2/);
  });

  it('a write on a follower survives the crash of the leader that it was passed on to, and is done once', async () => {
    const writes = Array.from({ length: 20 }, (_, number) => append(follower, `w${number}`));
    await cluster.crash(leader);
    expect((await Promise.all(writes)).map(({ status }) => status)).to.deep.equal(writes.map(() => 204));
    const list = (await valueOn(follower)) as string[];
    expect([...list].sort()).to.deep.equal(writes.map((_, number) => `w${number}`).sort());
  });

  it('503 on a crashed server, at once, also for a local read; its status still answers', async () => {
    await put(leader, ['kept']);
    await cluster.crash(follower);
    for (const path of [key(), `${key()}?consistency=local`]) {
      const answer = await get(follower, path);
      expect([answer.status, answer.text.slice(0, 10)]).to.deep.equal([503, 'isCrashed:']);
    }
    expect((await put(follower, ['x'])).status).to.equal(503);
    const status = await api.ask(cluster.port(follower), 'GET', '/admin/status');
    expect(status.json()).to.include({ crashed: true, lifecycle: 'crashed', state: 0 });
    expect((await get(leader)).json()).to.deep.equal(['kept']);
  });

  it('503 with a reason when the deadline is over without a majority; a local read still answers', async () => {
    await put(leader, ['before']);
    await until('all servers have it', async () => {
      const local = await Promise.all(cluster.ids.map((id) => get(id, `${key()}?consistency=local`)));
      return local.every(({ status }) => status === 200);
    });
    const [one = -1, two = -1] = cluster.others(leader);
    await cluster.crash(one, two);
    const path = `${key()}?timeout_ms=300`;
    const read = await get(leader, path);
    expect(read.status).to.equal(503);
    expect(read.text).to.match(/^noLeader: no majority has confirmed the read within 300 ms/);
    const write = await post(leader, { type: 'PUT', value: ['late'] }, {}, path);
    expect(write.status).to.equal(503);
    expect(write.text).to.match(/^timedOut: .*it may still take effect/);
    expect((await get(leader, `${key()}?consistency=local`)).json()).to.deep.equal(['before']);
    await cluster.heal();
    await until(
      'what was in the log takes effect',
      async () => ((await valueOn(one)) as string[])[0] === 'late',
    );
  });

  it('GET /admin/status tells the same story on every server', async () => {
    const statuses = await Promise.all(
      cluster.ids.map(async (id) => (await api.ask(cluster.port(id), 'GET', '/admin/status')).json()),
    );
    const leaderAddress = `localhost:${cluster.port(leader)}`;
    for (const status of statuses)
      expect(status).to.include({ leader: leaderAddress, partner_nodes_count: 2 });
    expect(statuses[leader]).to.include({ self: leaderAddress, state: 2, next_node_idx_count: 2 });
    expect(statuses[follower]).to.include({ state: 0, next_node_idx_count: 0 });
  });

  it('the other pages are as described, too', async () => {
    for (const page of ['/livez', '/readyz', '/version', '/metrics'])
      expect((await api.ask(cluster.port(follower), 'GET', page)).status, page).to.equal(200);
    await cluster.crash(follower);
    expect((await api.ask(cluster.port(follower), 'GET', '/readyz')).status).to.equal(503);
    expect(api.operations).to.have.lengthOf(16);
  });

  it('a client that hangs up frees its place', async () => {
    await cluster.crash(...cluster.others(leader));
    const controller = new AbortController();
    const hopeless = ask(cluster.port(leader), 'GET', key(), { signal: controller.signal }).catch(
      () => 'aborted',
    );
    await until('it waits', async () => (await cluster.waitingCalls(leader)) === 1);
    controller.abort();
    expect(await hopeless).to.equal('aborted');
    await until('it waits no more', async () => (await cluster.waitingCalls(leader)) === 0);
  });
});
