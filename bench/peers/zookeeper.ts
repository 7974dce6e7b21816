import type { Roles } from '../results.js';
import type { System, SystemServer } from '../results.js';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Connection, type Endpoint } from '../connection.js';
import { freePorts } from '../processes.js';
import { BENCH_KEY } from '../protocols/conversation.js';
import { createNodes } from '../protocols/zookeeper.js';
import { rolesOf } from '../rounds.js';
import { startLogged, temporaryDirectory, whenReady } from './peerServers.js';

const HOST = '127.0.0.1';
const JAVA = '/usr/bin/java';
/** The first one names in its manifest all that it needs, but for something to log with. */
const JARS = ['/usr/share/java/zookeeper.jar', '/usr/share/java/slf4j-simple.jar'];
const MAIN = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

/** A cluster of ZooKeeper on free ports of this machine, with the settings that Debian's package starts it with. */
export class ZooKeeperCluster implements System {
  private constructor(
    private readonly servers: readonly SystemServer[],
    private readonly logFile: string,
  ) {}

  /** Why it cannot be measured here; undefined when it can. */
  static missing(): string | undefined {
    const file = [JAVA, ...JARS].find((path) => !existsSync(path));
    return file === undefined ? undefined : `there is no ${file} (Debian: zookeeper)`;
  }

  /** Resolves when it has a leader and these nodes beside that of {@link BENCH_KEY}. */
  static async start(size: number, nodes: readonly string[]): Promise<ZooKeeperCluster> {
    const directory = temporaryDirectory('zookeeper');
    const ports = await freePorts(3 * size);
    const members = Array.from({ length: size }, (_, id) => ({
      id: id + 1,
      client: ports[3 * id] ?? 0,
      addresses: `${HOST}:${ports[3 * id + 1]}:${ports[3 * id + 2]}`,
    }));
    const cluster = members.map(({ id, addresses }) => `server.${id}=${addresses}`);
    const logFileOf = (id: number): string => join(directory, `log-${id}`);
    const servers = members.map(({ id, client }) => {
      const data = join(directory, `server${id}`);
      mkdirSync(data);
      writeFileSync(join(data, 'myid'), String(id));
      const config = join(data, 'zoo.cfg');
      writeFileSync(config, configOf(data, client, cluster));
      const { pid } = startLogged(logFileOf(id), {
        name: `ZooKeeper ${id}`,
        program: JAVA,
        args: ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', JARS.join(':'), MAIN, config],
      });
      return { host: HOST, port: client, pid };
    });
    const started = new ZooKeeperCluster(servers, logFileOf(1));
    const names = [BENCH_KEY, ...nodes];
    const { leader } = await started.roles();
    await Connection.exchange(leader, createNodes(names), names.length);
    return started;
  }

  /** Waits for a leader. */
  roles(): Promise<Roles> {
    return whenReady('ZooKeeper', this.logFile, async () => {
      const states = await Promise.all(this.servers.map(stateOf));
      return rolesOf(this.servers, (server) =>
        (states[this.servers.indexOf(server)] ?? '').includes('Mode: leader'),
      );
    });
  }
}

function configOf(data: string, clientPort: number, cluster: readonly string[]): string {
  return [
    ...['tickTime=2000', 'initLimit=10', 'syncLimit=5', `dataDir=${data}`, `clientPort=${clientPort}`],
    ...[`clientPortAddress=${HOST}`, '4lw.commands.whitelist=srvr', 'admin.enableServer=false'],
    // It accepts 60 from one address otherwise, and all our clients have the same.
    'maxClientCnxns=0',
    ...cluster,
    '',
  ].join('\n');
}

/** A server's own report: the answer to `srvr`. */
async function stateOf({ host, port }: Endpoint): Promise<string> {
  const socket = connect({ host, port });
  socket.write('srvr');
  return text(socket);
}
