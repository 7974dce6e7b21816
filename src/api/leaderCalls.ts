import type { LookupFunction } from 'node:net';
import { errorKindOf, errorTable, ServiceError } from '../node/errors.js';
import type { LeaderCalls } from '../node/leaderRouter.js';
import type { PendingCall } from '../node/pendingRequests.js';
import { isCommandResult, type CommandResult } from '../stateMachine/command.js';
import {
  carriedByXml,
  FAULT_CODES,
  XmlRpcClient,
  XmlRpcFault,
  XmlRpcTransportError,
  type ParsedValue,
} from '../xmlrpc/index.js';
import type { PeerState } from '../transport/peerEndpoint.js';
import { InputError } from './keyValueInput.js';

const PING_MS = 300;

/** The leader may be cut off from the others without knowing; after so long the call is made anew, wherever. */
const ATTEMPT_MS = 3_000;

/** Calls to one peer at the same time, where nothing else is said. */
const SOCKETS_MAX = 1_000;

interface LeaderCallsOptions {
  /** Connections to one peer; calls beyond wait for one. @default 1_000 */
  readonly socketsMax?: number;
  /** A peer that takes longer to say that it is there counts as absent, in milliseconds. @default 300 */
  readonly pingMs?: number;
  /** Finds the addresses of the peers. @default the system's look-up */
  readonly lookup?: LookupFunction;
}

/** Where a server of the cluster listens. */
interface Address {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** Asks other servers, mostly the leader, over the same XML-RPC as everybody does, on connections that stay open. */
export class RpcLeaderCalls implements LeaderCalls<CommandResult> {
  private readonly clients: ReadonlyMap<number, XmlRpcClient>;
  private readonly lookupOption: { readonly lookup?: LookupFunction };
  private readonly pingMs: number;

  /**
   * @param self the number of this server, which it gives with each call
   * @param hears whether what a peer sends is heard; an answer that is not heard is as good as lost
   */
  constructor(
    private readonly self: number,
    private readonly peers: readonly Address[],
    private readonly hears: (peer: number) => boolean,
    { socketsMax = SOCKETS_MAX, pingMs = PING_MS, lookup }: LeaderCallsOptions = {},
  ) {
    this.pingMs = pingMs;
    this.lookupOption = lookup === undefined ? {} : { lookup };
    const client = ({ host, port }: Address): XmlRpcClient =>
      new XmlRpcClient({ host, port, maxSockets: socketsMax, ...this.lookupOption });
    this.clients = new Map(peers.map((peer) => [peer.id, client(peer)]));
  }

  propose(leader: number, command: string): PendingCall<CommandResult> {
    const params = [carriedByXml(command), this.self];
    return this.call(leader, 'surfstore.propose', params, ATTEMPT_MS, (value) => {
      if (!isCommandResult(value)) throw new ServiceError('timedOut', `server ${leader} gave no result`);
      return value;
    });
  }

  readIndex(leader: number): PendingCall<number> {
    return this.call(leader, 'surfstore.readIndex', [this.self], ATTEMPT_MS, (value) => {
      const index = typeof value === 'bigint' ? Number(value) : value;
      if (typeof index !== 'number') throw new ServiceError('noLeader', `server ${leader} gave no index`);
      return index;
    });
  }

  /** Asks a peer, over a new connection, whether it is there. Of a number that is no peer's, which anybody may send, nothing is known. */
  stateOf(peer: number): Promise<PeerState> {
    const address = this.peers.find(({ id }) => id === peer);
    if (address === undefined) return Promise.resolve('silent');
    const { host, port } = address;
    const client = new XmlRpcClient({ host, port, keepAlive: false, ...this.lookupOption });
    return new Promise((resolve) => {
      client.request('surfstore.isCrashed', [], { timeoutMs: this.pingMs }, (error, isCrashed) => {
        client.close();
        if (!this.hears(peer)) resolve('silent');
        else if (error === null) resolve(isCrashed === true ? 'down' : 'up');
        else if (error instanceof XmlRpcFault) resolve('up');
        else resolve(isRefusal(error) ? 'down' : 'silent');
      });
    });
  }

  /** Whether a peer answers, and is not held down by its crash hook. */
  pingPeer(peer: number): Promise<boolean> {
    const isUp = (isCrashed: ParsedValue): boolean => isCrashed === false;
    return this.call(peer, 'surfstore.isCrashed', [], this.pingMs, isUp).promise.catch(() => false);
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }

  private call<T>(
    server: number,
    methodName: string,
    params: readonly (string | number)[],
    timeoutMs: number,
    read: (value: ParsedValue) => T,
  ): PendingCall<T> {
    const client = this.clients.get(server);
    if (client === undefined) throw new Error(`server ${server} is not a peer`);
    let cancel = (): void => undefined;
    const answer = new Promise<ParsedValue>((resolve, reject) => {
      const request = client.request(methodName, params, { timeoutMs }, (error, value = null) => {
        if (!this.hears(server)) reject(new ServiceError('timedOut', `server ${server} is not heard`));
        else if (error === null) resolve(value);
        else reject(errorOf(server, error));
      });
      cancel = () => request.abort();
    });
    return { promise: answer.then(read), cancel: () => cancel() };
  }
}

/** The system of the peer has said that nobody listens there, or has cut the connection. */
function isRefusal(error: Error): boolean {
  return error instanceof XmlRpcTransportError && ['ECONNREFUSED', 'ECONNRESET'].includes(error.code);
}

/** What the leader's refusal, or its silence, means for the call. A fault outside the table stays what it is: it would come again. */
function errorOf(leader: number, error: Error): Error {
  if (error instanceof XmlRpcFault) {
    if (error.faultCode === FAULT_CODES.INVALID_PARAMS) return new InputError(error.faultString);
    const kind = errorKindOf(error.faultCode);
    if (kind === undefined) return error;
    return new ServiceError(kind, error.faultString.replace(`${errorTable[kind].word}: `, ''));
  }
  const wasSent = !(error instanceof XmlRpcTransportError) || error.sent;
  const explanation = `server ${leader} does not answer: ${error.message}`;
  return new ServiceError(wasSent ? 'timedOut' : 'noLeader', explanation);
}
