import type { Identity, NodeId } from './types.js';

/** The identity of a directory that has no past. With `cluster` it founds the cluster of that id, else whatever its leader draws. */
export function founderOf(directory: string, cluster: string | null = null): Identity {
  return { cluster, directory, standing: 'founder', starts: 0, run: '', met: {}, founders: {} };
}

/** The content of the entry that founds a cluster: its id, and the directories that were there, by server. */
interface Founding {
  readonly cluster: string;
  readonly founders: Identity['founders'];
}

/** The command of the entry, `ID SERVER:DIRECTORY ...`. */
export function writeFounding(self: NodeId, { directory, met }: Identity, cluster: string): string {
  const lives = Object.entries(met).map(([server, life]) => `${server}:${life.directory}`);
  return [cluster, `${self}:${directory}`, ...lives].join(' ');
}

export function readFounding(command: string): Founding {
  const [cluster = '', ...named] = command.split(' ');
  const founders = named.map((each): [string, string] => {
    const colon = each.indexOf(':');
    return [each.slice(0, colon), each.slice(colon + 1)];
  });
  return { cluster, founders: Object.fromEntries(founders) };
}
