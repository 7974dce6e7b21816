import type { AssignmentName } from '../assertions/assertion.js';
import { UsageError } from '../../usageError.js';
import type { Confinement } from './confinement.js';

/** How the processes of a submission are started. */
export interface Submission {
  /** As in `python3 server.py {config} {id}`: a line for the shell. */
  readonly start: string;
  /** Where it runs. */
  readonly cwd: string;
  /** What its processes must not do. */
  readonly confinement: Confinement;
  /** The ports on which servers with hard-coded addresses take calls, by id; undefined: free ones are chosen. */
  readonly ports: readonly number[] | undefined;
}

/** What a server of a run is told. */
interface ServerPlace {
  readonly id: number;
  readonly configFile: string;
  /** The ports on which the servers take calls of clients, by id. */
  readonly ports: readonly number[];
  /** Ports on which they may talk to each other, by id. */
  readonly peerPorts: readonly number[];
  /** A folder of its own, which outlives the process. */
  readonly dir: string;
}

const example: Readonly<Record<AssignmentName, string>> = {
  surfstore: 'python3 server.py {config} {id}',
  keys: 'python3 kvstorage_http.py {port} {dir}/dump {peer} {peers}',
  messages: 'python3 server.py {config} {id}',
};

/** @throws UsageError when the line does not say what a server needs to know */
export function checkTemplate(
  start: string,
  assignment: AssignmentName,
  ports: readonly number[] | undefined,
): void {
  const fail = (missing: string): never => {
    throw new UsageError(`--start has no ${missing}: write it as in --start '${example[assignment]}'`);
  };
  const has = (...names: readonly string[]): boolean => names.some((name) => start.includes(`{${name}}`));
  if (assignment === 'surfstore') {
    if (!has('config')) fail('{config}');
    if (!has('id')) fail('{id}');
  } else {
    if (!has('id', 'port')) fail('{id} and no {port}');
    if (ports === undefined && !has('config', 'port', 'ports'))
      fail('{config} and no {port}, and --ports does not say on which ports the servers listen');
  }
}

/** The line for `sh -c`. */
export function shellLine(start: string, place: ServerPlace): string {
  const { id, configFile, ports, peerPorts, dir } = place;
  const peers = peerPorts.map((port) => `localhost:${port}`);
  const words: Readonly<Record<string, string>> = {
    config: quoted(configFile),
    id: String(id),
    port: String(ports[id] ?? ''),
    ports: ports.join(','),
    peer: peers[id] ?? '',
    peers: peers.filter((_, other) => other !== id).join(' '),
    dir: quoted(dir),
  };
  return start.replace(/\{(\w+)\}/g, (whole, name: string) => words[name] ?? whole);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
