import type { HttpCall } from '../http/httpCall.js';
import { estrangementText } from '../node/errors.js';
import type { NodeStatus } from '../node/nodeOptions.js';
import type { Role } from '../raft/types.js';
import { sendJson } from './jsonCall.js';
import { addressOrNothing, type StatusSource } from './status.js';
import type { Route } from './surfaces.js';

/** How PySyncObj numbers the roles. */
const STATES: Readonly<Record<Role, 0 | 1 | 2>> = { follower: 0, preCandidate: 1, candidate: 1, leader: 2 };
const DISCONNECTED = 0;
const CONNECTED = 2;

/** `GET /admin/status` (assignment 000): the state of this server under the names that PySyncObj gives it, and more. */
export class AdminStatus implements Route {
  /** @param isThere whether another server answers; between followers nothing else tells */
  constructor(
    private readonly source: StatusSource,
    private readonly isThere: (server: number) => Promise<boolean>,
  ) {}

  matches(path: string): boolean {
    return path === '/admin/status';
  }

  handle(call: HttpCall): void {
    if (call.isRead) void this.answer(call);
    else call.text(405, 'The status is read with GET.', { Allow: 'GET, HEAD' });
  }

  private async answer(call: HttpCall): Promise<void> {
    sendJson(call, 200, adminStatus(this.source, await connectedOf(this.source, this.isThere)));
  }
}

/** The ids of the other servers that answer, and that this one was not told to ignore. */
async function connectedOf(
  { id, servers, node }: StatusSource,
  isThere: (server: number) => Promise<boolean>,
): Promise<ReadonlySet<number>> {
  // A crashed server reaches nobody.
  if (node.isCrashed) return new Set();
  const { unreachableFrom } = node.status;
  const others = servers.map((server) => server.id).filter((other) => other !== id);
  const answers = await Promise.all(
    others.map(async (other) => (!unreachableFrom.includes(other) && (await isThere(other)) ? [other] : [])),
  );
  return new Set(answers.flat());
}

/** The first part as PySyncObj's `getStatus` prints it; `leader` is null when none is known. */
function adminStatus(
  source: StatusSource,
  connected: ReadonlySet<number>,
): Readonly<Record<string, unknown>> {
  const { id, servers, version } = source;
  const status = source.node.status;
  const { files, keys, sessions, stateBytes, stateBytesMax } = source.counts();
  const { core, lifecycle, lastApplied } = status;
  const partners = servers.filter((server) => server.id !== id);
  const leader = core.leader === null ? null : addressOrNothing(servers[core.leader]);
  return {
    version,
    revision: '',
    self: addressOrNothing(servers[id]),
    state: STATES[core.role],
    leader,
    partner_nodes_count: partners.length,
    ...fieldPerServer(partners, 'partner_node_status_server_', (partner) =>
      connected.has(partner) ? CONNECTED : DISCONNECTED,
    ),
    readonly_nodes_count: 0,
    log_len: core.lastIndex - core.firstIndex + 1,
    last_applied: lastApplied,
    commit_idx: core.commitIndex,
    raft_term: core.term,
    next_node_idx_count: core.peers.length,
    ...fieldPerPeer(source, 'next_node_idx_server_', status, ({ nextIndex }) => nextIndex),
    match_idx_count: core.peers.length,
    ...fieldPerPeer(source, 'match_idx_server_', status, ({ matchIndex }) => matchIndex),
    leader_commit_idx: core.commitIndex,
    uptime: source.uptimeSeconds(),
    self_code_version: 0,
    enabled_code_version: 0,
    id,
    role: core.role,
    lifecycle,
    crashed: source.node.isCrashed,
    voted_for: core.votedFor,
    last_log_idx: core.lastIndex,
    snapshot_idx: core.snapshotIndex,
    waiting_calls: status.waitingCalls,
    unreachable_from: status.unreachableFrom,
    files,
    keys,
    sessions,
    state_bytes: stateBytes,
    state_bytes_max: stateBytesMax,
    cluster: core.cluster,
    standing: core.standing,
    learners: core.learners,
    estranged: [...core.estranged].map(([peer, reason]) => ({
      id: peer,
      reason: estrangementText(peer, reason),
    })),
    explanation: explanation(status, leader, connected.size + 1, servers.length),
  };
}

function fieldPerServer(
  servers: StatusSource['servers'],
  prefix: string,
  valueOf: (id: number) => number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    servers.map((server) => [`${prefix}${addressOrNothing(server)}`, valueOf(server.id)]),
  );
}

/** Only a leader keeps these, as in PySyncObj. */
function fieldPerPeer(
  { servers }: StatusSource,
  prefix: string,
  { core }: NodeStatus,
  valueOf: (peer: NodeStatus['core']['peers'][number]) => number,
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    core.peers.map((peer) => [`${prefix}${addressOrNothing(servers[peer.id])}`, valueOf(peer)]),
  );
}

/** For a person who asks which server leads, and whether there can be several. */
function explanation(
  { core, lifecycle }: NodeStatus,
  leader: string | null,
  reached: number,
  servers: number,
): string {
  const { term, role } = core;
  if (lifecycle !== 'running')
    return `This server is ${lifecycle} and takes no part; its last term was ${term}.`;
  const majority = Math.floor(servers / 2) + 1;
  if (reached < majority)
    return (
      `This server reaches ${reached} of ${servers} servers, itself included, and a majority of ${majority} is needed: nobody ` +
      `can be elected, and nothing be written or read, until more are up. The term stays ${term}: a server asks first whether ` +
      'it could win, and raises it only then.'
    );
  const who =
    role === 'leader'
      ? `This server leads term ${term}.`
      : `${leader === null ? 'This server knows of no leader' : `${leader} leads`} in term ${term}.`;
  return (
    `${who} A term has at most one leader, because a server votes once per term and a leader needs the votes of a ` +
    'majority. A server that was cut off may still call itself the leader of an earlier term, but it reaches no majority ' +
    'and so can neither commit nor answer a read.'
  );
}
