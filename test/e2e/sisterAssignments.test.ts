import { Cluster, stopEverything } from './support/cluster.js';
import { python } from './support/python.js';
import { OpenCall } from './support/waiting.js';

describe('the steps of the sister assignments, from Python', function () {
  this.timeout(60_000);

  // They spend their time waiting, so they run side by side, each with servers of its own.
  let keyValueService: OpenCall<string>;
  let jsonMessages: OpenCall<string>;

  before(async () => {
    const run = async (script: string): Promise<OpenCall<string>> => {
      const { configFile, addresses } = await Cluster.prepare(3);
      return new OpenCall(python(script, [configFile, ...addresses]));
    };
    keyValueService = await run('key_value_service.py');
    jsonMessages = await run('json_messages.py');
  });
  after(stopEverything);

  it('a key/value service over HTTP: put, append, get, and servers that are shut down', async () => {
    await keyValueService.value(55_000);
  });

  it('a key/value service of JSON messages: any value, redirects, and leaders that are removed', async () => {
    await jsonMessages.value(55_000);
  });
});
