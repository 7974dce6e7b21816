import type { NodeId, RequestMessage } from '../raft/types.js';
import { XmlRpcClient, XmlRpcFault, type ParsedValue } from '../xmlrpc/index.js';
import { decodeResponse, encodeMessage } from './messageCodec.js';
import type { SendOutcome, Transport } from './transport.js';

/** Where a peer listens. */
export interface PeerAddress {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
}

/** The method that carries each kind of request; its only parameter is the message as JSON. */
export const peerMethods = {
  preVote: 'surfstore.requestVote',
  requestVote: 'surfstore.requestVote',
  appendEntries: 'surfstore.appendEntries',
  installSnapshot: 'surfstore.installSnapshot',
} as const satisfies Record<RequestMessage['type'], string>;

/**
 * Talks to peers over the same XML-RPC as clients do, on connections that stay open. A peer that answers
 * with a fault, or with anything that is no answer to the request, counts as not reached.
 */
export class RpcTransport implements Transport {
  private readonly clients: ReadonlyMap<NodeId, XmlRpcClient>;

  constructor(
    peers: readonly PeerAddress[],
    private readonly timeoutMs: number,
  ) {
    this.clients = new Map(peers.map(({ id, host, port }) => [id, new XmlRpcClient({ host, port })]));
  }

  send(request: RequestMessage, done: (outcome: SendOutcome) => void): () => void {
    const client = this.clients.get(request.to);
    if (client === undefined) throw new Error(`server ${request.to} is not a peer`);
    let givenUp = false;
    const call = client.request(
      peerMethods[request.type],
      [encodeMessage(request)],
      { timeoutMs: this.timeoutMs },
      (error, value) => {
        if (!givenUp) done(error === null ? readAnswer(request, value) : { failure: reasonOf(error) });
      },
    );
    return () => {
      givenUp = true;
      call.abort();
    };
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }
}

function readAnswer(request: RequestMessage, value: ParsedValue | undefined): SendOutcome {
  if (typeof value !== 'string') return { failure: 'the answer is not a string' };
  try {
    const response = decodeResponse(value);
    if (response.type !== `${request.type}Response`) return { failure: 'the answer is to another question' };
    if (response.from !== request.to || response.to !== request.from) {
      return { failure: 'the answer is not addressed as it should be' };
    }
    return { response };
  } catch (error) {
    return { failure: `the answer is not a message: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof XmlRpcFault) return error.faultString;
  return error instanceof Error ? error.message : String(error);
}
