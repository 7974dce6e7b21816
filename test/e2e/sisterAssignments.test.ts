import { Cluster, stopEverything } from './support/cluster.js';
import { python } from './support/python.js';

describe('the steps of the sister assignments, from Python', function () {
  this.timeout(60_000);

  after(stopEverything);

  it('a key/value service over HTTP: put, append, get, and servers that are shut down', async () => {
    const { configFile, addresses } = await Cluster.prepare(3);
    await python('key_value_service.py', [configFile, ...addresses]);
  });

  it('a key/value service of JSON messages: any value, redirects, and leaders that are removed', async () => {
    const { configFile, addresses } = await Cluster.prepare(3);
    await python('json_messages.py', [configFile, ...addresses]);
  });
});
