import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerInfo } from '../client/index.js';
import { addressOf } from '../net/address.js';

const STATUS_MS = 900;

/** `host:port`, an IPv6 address in brackets; undefined when the text is none. */
export function parseAddress(text: string): { readonly host: string; readonly port: number } | undefined {
  const found = /^(?:\[(?<six>[0-9a-fA-F:.%]+)\]|(?<host>[^\s:/[\]]+)):(?<port>\d{1,5})$/.exec(text);
  const { six, host = six, port } = found?.groups ?? {};
  const number = Number(port);
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number };
}

/**
 * All servers of the cluster to which one of these addresses belongs, as that server tells it. A server of another kind
 * stands for itself. Waits until one answers or the signal is aborted.
 *
 * @param remembered of an earlier sync, asked when the first address does not answer
 */
export async function findServers(
  first: string,
  remembered: readonly string[],
  signal: AbortSignal,
  onWaiting: (reason: string | undefined) => void,
): Promise<ServerInfo[]> {
  const startedAt = performance.now();
  const addresses = [first, ...remembered.filter((address) => address !== first)];
  for (;;) {
    for (const address of addresses) {
      const servers = await serversOf(address, signal);
      if (servers === undefined) continue;
      onWaiting(undefined);
      return servers;
    }
    onWaiting(`no server answers for ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    await sleep(STATUS_MS, undefined, { signal });
  }
}

/** Undefined when it does not answer. */
async function serversOf(address: string, signal: AbortSignal): Promise<ServerInfo[] | undefined> {
  const parsed = parseAddress(address);
  if (parsed === undefined) return undefined;
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(STATUS_MS)]);
    const response = await fetch(`http://${address}/admin/status`, { signal: limited });
    return clusterIn(await response.json(), parsed) ?? [{ id: 0, ...parsed }];
  } catch (error) {
    signal.throwIfAborted();
    // It answers, though not with JSON: a server of another kind.
    return error instanceof SyntaxError ? [{ id: 0, ...parsed }] : undefined;
  }
}

const PARTNER = 'partner_node_status_server_';

/** The servers in a page of `/admin/status`, which names the partners in the order of their ids; undefined: it is none. */
function clusterIn(page: unknown, self: Omit<ServerInfo, 'id'>): ServerInfo[] | undefined {
  if (typeof page !== 'object' || page === null || !('id' in page)) return undefined;
  const own = Number(page.id);
  const partners = Object.keys(page)
    .filter((key) => key.startsWith(PARTNER))
    .map((key) => parseAddress(key.slice(PARTNER.length)));
  const servers: ServerInfo[] = [];
  for (const at of [...partners.slice(0, own), self, ...partners.slice(own)])
    if (at !== undefined) servers.push({ id: servers.length, ...at });
  return servers;
}

/** For the record in the folder. */
export function addressesOf(servers: readonly ServerInfo[]): string[] {
  return servers.map((server) => addressOf(server));
}
