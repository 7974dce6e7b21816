import { expect } from 'chai';
import { Cluster, quickElections, stopEverything } from './support/cluster.js';
import { DescribedApi } from './support/describedApi.js';
import { until } from './support/waiting.js';

interface Change {
  readonly index: number;
  readonly epoch: number;
  readonly changed: boolean;
}

describe('the long poll for changes of files', function () {
  this.timeout(60_000);

  let api: DescribedApi;
  let cluster: Cluster;
  let leader: number;
  let follower: number;
  let files = 0;

  before(async () => {
    api = await DescribedApi.load();
    cluster = await Cluster.start(3, { flags: quickElections, durable: true });
  });
  beforeEach(async () => {
    leader = await cluster.heal();
    follower = cluster.others(leader)[0] ?? -1;
  });
  after(stopEverything);

  const ask = async (server: number, since: number, timeoutMs = 20_000): Promise<Change> => {
    const path = `/changes?since=${since}&timeout_ms=${timeoutMs}`;
    const answer = await api.ask(cluster.port(server), 'GET', path);
    expect(answer.status, answer.text).to.equal(200);
    return answer.json() as Change;
  };
  const update = async (): Promise<void> => {
    files += 1;
    expect(await cluster.update(leader, `file ${files}`, 1)).to.equal(true);
  };
  const waiting = async (server: number): Promise<number> => {
    const { text } = await api.ask(cluster.port(server), 'GET', '/metrics');
    return Number(/^surfstore_changes_waiting (\d+)/m.exec(text)?.[1]);
  };

  it('is answered by an update on every server, and by nothing before', async () => {
    await update();
    const indexes = await Promise.all(cluster.ids.map(async (id) => (await ask(id, 0)).index));
    let answers = 0;
    const asked = cluster.ids.map(async (id) => {
      const change = await ask(id, Math.max(...indexes));
      answers += 1;
      return change;
    });
    await until('all wait', async () => (await waiting(follower)) + (await waiting(leader)) === 2);
    const body = { type: 'PUT', value: ['no file'] };
    await api.ask(cluster.port(follower), 'POST', '/keys/k', { body });
    expect(answers).to.equal(0);
    await update();
    for (const change of await Promise.all(asked)) {
      expect(change).to.include({ changed: true, epoch: 0 });
      expect(change.index).to.be.above(Math.max(...indexes));
    }
    expect(await waiting(follower)).to.equal(0);
  });

  it('is answered at once when something has changed since, or the index is of another log', async () => {
    await update();
    const { index } = await ask(leader, 0);
    expect(await ask(leader, index - 1)).to.deep.equal({ index, epoch: 0, changed: true });
    expect(await ask(leader, index + 1_000)).to.deep.equal({ index, epoch: 0, changed: true });
  });

  it('ends without a change when its time is up', async () => {
    const { index } = await ask(leader, 0);
    expect(await ask(leader, index, 50)).to.deep.equal({ index, epoch: 0, changed: false });
  });

  it('ends when the server crashes, and is answered again after a restart', async () => {
    await update();
    const { index } = await ask(follower, 0);
    const asked = api.ask(cluster.port(follower), 'GET', `/changes?since=${index}`);
    await until('it waits', async () => (await waiting(follower)) === 1);
    await cluster.call(follower, 'crash');
    const answer = await asked;
    expect([answer.status, answer.text.split(':')[0]]).to.deep.equal([503, 'isCrashed']);
    await cluster.kill(follower);
    await cluster.restart(follower);
    await update();
    expect(await ask(follower, index)).to.have.property('changed', true);
  });

  it('leaves with its client', async () => {
    const { index } = await ask(follower, 0);
    const controller = new AbortController();
    const { signal } = controller;
    const asked = api
      .ask(cluster.port(follower), 'GET', `/changes?since=${index}`, { signal })
      .catch(() => 'gone');
    await until('it waits', async () => (await waiting(follower)) === 1);
    controller.abort();
    expect(await asked).to.equal('gone');
    await until('its place is free', async () => (await waiting(follower)) === 0);
  });

  it('wants an index', async () => {
    for (const query of ['', '?since=', '?since=-1', '?since=x', '?since=1&timeout_ms=0'])
      expect((await api.ask(cluster.port(leader), 'GET', `/changes${query}`)).status).to.equal(400);
  });
});
