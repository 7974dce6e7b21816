import { errorKindOf, errorTable, ServiceError } from '../node/errors.js';
import type { LeaderCalls } from '../node/leaderRouter.js';
import type { PendingCall } from '../node/pendingRequests.js';
import type { CommandResult } from '../stateMachine/command.js';
import {
  carriedByXml,
  XmlRpcClient,
  XmlRpcFault,
  XmlRpcTransportError,
  type ParsedValue,
} from '../xmlrpc/index.js';

/** A peer that takes longer to say that it is there counts as absent. */
const PING_MS = 300;

/** Where a server of the cluster listens. */
interface Address {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** Asks other servers, mostly the leader, over the same XML-RPC as everybody does, on connections that stay open. */
export class RpcLeaderCalls implements LeaderCalls<CommandResult> {
  private readonly clients: ReadonlyMap<number, XmlRpcClient>;

  constructor(peers: readonly Address[]) {
    this.clients = new Map(peers.map(({ id, host, port }) => [id, new XmlRpcClient({ host, port })]));
  }

  propose(leader: number, command: string): PendingCall<CommandResult> {
    return this.call(leader, 'surfstore.propose', [carriedByXml(command)], (value) => {
      if (typeof value !== 'string') throw new ServiceError('timedOut', `server ${leader} gave no result`);
      return value as CommandResult;
    });
  }

  readIndex(leader: number): PendingCall<number> {
    return this.call(leader, 'surfstore.readIndex', [], (value) => {
      const index = typeof value === 'bigint' ? Number(value) : value;
      if (typeof index !== 'number') throw new ServiceError('noLeader', `server ${leader} gave no index`);
      return index;
    });
  }

  /** Whether a peer answers, crashed by its hook or not. */
  isThere(peer: number): Promise<boolean> {
    return this.call(peer, 'surfstore.ping', [], () => true, PING_MS).promise.catch(() => false);
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }

  private call<T>(
    leader: number,
    methodName: string,
    params: readonly string[],
    read: (value: ParsedValue) => T,
    timeoutMs?: number,
  ): PendingCall<T> {
    const client = this.clients.get(leader);
    if (client === undefined) throw new Error(`server ${leader} is not a peer`);
    let cancel = (): void => undefined;
    const answer = new Promise<ParsedValue>((resolve, reject) => {
      const options = timeoutMs === undefined ? {} : { timeoutMs };
      const request = client.request(methodName, params, options, (error, value = null) => {
        if (error === null) resolve(value);
        else reject(errorOf(leader, error));
      });
      cancel = () => request.abort();
    });
    return { promise: answer.then(read), cancel: () => cancel() };
  }
}

/** What the leader's refusal, or its silence, means for the call. A fault outside the table stays what it is: it would come again. */
function errorOf(leader: number, error: Error): Error {
  if (error instanceof XmlRpcFault) {
    const kind = errorKindOf(error.faultCode);
    if (kind === undefined) return error;
    return new ServiceError(kind, error.faultString.replace(`${errorTable[kind].word}: `, ''));
  }
  const wasSent = !(error instanceof XmlRpcTransportError) || error.sent;
  const explanation = `server ${leader} does not answer: ${error.message}`;
  return new ServiceError(wasSent ? 'timedOut' : 'noLeader', explanation);
}
