import { expect } from 'chai';
import { once } from 'node:events';
import xmlrpc from 'xmlrpc';
import { Client } from '../../chaos/clients/client.js';
import { ClientLog } from '../../chaos/clients/clientLog.js';
import { findDialect } from '../../chaos/cluster/attached.js';
import { storyFrom } from '../../chaos/story.js';
import { UsageError } from '../../chaos/usageError.js';
import type { ServerAddress } from '../../src/config/clusterFile.js';
import { atEnd, stopEverything } from '../e2e/support/cluster.js';
import { freePorts } from '../e2e/support/ports.js';

type Methods = Readonly<Record<string, () => unknown>>;

/** A server with these methods and no others; what a method throws is a fault, with the code of Python's exceptions. */
async function serverWith(methods: Methods): Promise<ServerAddress> {
  const [port = 0] = await freePorts(1);
  const server = xmlrpc.createServer({ host: '127.0.0.1', port });
  await once(server.httpServer, 'listening');
  atEnd(() => {
    server.httpServer.closeAllConnections();
    server.httpServer.close();
  });
  for (const [name, method] of Object.entries(methods)) {
    server.on(
      `surfstore.${name}`,
      (_error: unknown, _params: unknown, answer: (error: unknown, value?: unknown) => void) => {
        try {
          answer(null, method());
        } catch (error) {
          answer(Object.assign(new Error(String(error)), { faultCode: 1, faultString: String(error) }));
        }
      },
    );
  }
  return { id: 0, label: 'metadata0', host: '127.0.0.1', port };
}

function fail(text: string): never {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- no Error: its text is to stand alone in the fault
  throw text;
}

describe('chaos: clients of servers of another product', () => {
  after(stopEverything);

  async function outcomeOf(methods: Methods): Promise<string | undefined> {
    const address = await serverWith(methods);
    const log = new ClientLog(() => performance.now());
    const client = new Client('c1', { servers: [address], dialect: 'assignment' }, log, {
      ...{ patienceMs: 1_000, retryMs: 0 },
    });
    await client.update('a');
    client.hangUp();
    return log.operations()[0]?.outcome.status;
  }

  const follows = { isLeader: () => false, isCrashed: () => false };

  it('know that nothing was done when a server that does not lead refuses at once', async () => {
    expect(await outcomeOf({ ...follows, updatefile: () => fail('ask another') })).to.equal('failed');
  });

  it("know nothing of a leader's fault, though it has the code and the word of this product", async () => {
    const leads = { isLeader: () => true, isCrashed: () => false };
    expect(await outcomeOf({ ...leads, updatefile: () => fail('notLeader: not me') })).to.equal('unknown');
    let crashed = false;
    const crashes = {
      isLeader: () => false,
      isCrashed: () => crashed,
      updatefile: () => {
        crashed = true;
        return fail('isCrashed');
      },
    };
    expect(await outcomeOf(crashes), 'crashed while it was asked').to.equal('unknown');
  });

  it('know nothing when the server does not say whether it leads', async () => {
    const silent = { isLeader: () => fail('no'), isCrashed: () => fail('no') };
    expect(await outcomeOf({ ...silent, updatefile: () => fail('no') })).to.equal('unknown');
  });

  it('do not tell stories that cut links, which such servers do not have', () => {
    const flags = { duration: 10, clients: 1, files: 1 };
    expect(() => storyFrom({ ...flags, scenario: 'one-way' }, 3, 1, 'assignment')).to.throw(
      UsageError,
      'the servers have no surfstore.makeUnreachableFrom',
    );
    expect(() => storyFrom({ ...flags, faults: 'partition' }, 3, 1, 'assignment')).to.throw(UsageError);
    const { shows } = storyFrom(flags, 3, 1, 'assignment');
    expect(shows).to.contain('crash').and.not.contain('partition');
  });

  it('are told by the methods of a server which calls it has', async () => {
    expect(await findDialect([await serverWith({ ...follows, status: () => fail('KeyError') })])).to.equal(
      'assignment',
    );
    const none = await serverWith({ status: () => fail('no'), isLeader: () => fail('no') });
    const error = await findDialect([none]).catch((thrown: unknown) => thrown);
    expect(String(error)).to.contain('neither surfstore.status nor surfstore.isLeader');
  });
});
