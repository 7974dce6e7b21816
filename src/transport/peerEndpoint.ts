import type { RequestMessage, NodeId } from '../raft/types.js';
import { FAULT_CODES, XmlRpcFault, type Connection } from '../xmlrpc/index.js';
import { decodeRequest, encodeMessage, MessageError } from './messageCodec.js';
import type { PeerRequestHandler } from './transport.js';

/** The receiving end of `RpcTransport`.
 *
 * @param text a request as JSON
 * @param heard called with the request before it is handed over
 * @returns the answer as JSON; rejected with fault -32602 for a text that is no request and -32600 for a request that
 * deserves no answer, or with the handler's own error
 */
export function answerPeer(
  handler: PeerRequestHandler,
  text: string,
  heard: (request: RequestMessage) => void = () => undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = readRequest(text);
    heard(request);
    handler.receive(request, (response) => {
      if (response !== null) resolve(encodeMessage(response));
      else reject(new XmlRpcFault(FAULT_CODES.INVALID_REQUEST, 'this server has no answer to this message'));
    });
  });
}

function readRequest(text: string): ReturnType<typeof decodeRequest> {
  try {
    return decodeRequest(text);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    throw new XmlRpcFault(FAULT_CODES.INVALID_PARAMS, `message: ${error.message}`);
  }
}

/**
 * The outcome of an attempt to reach a peer: `down` when it refuses connections or says that it is crashed, `up` when
 * it answers, `silent` when nothing came back in time.
 */
export type PeerState = 'down' | 'up' | 'silent';

/**
 * Learns early that a leader is down. The system closes the connections of a process that ends; its peers notice at
 * once, and try a new connection. A connection alone proves nothing: networks and peers close them for many reasons.
 */
export class PeerWatch {
  private readonly known = new WeakSet<Connection>();
  private readonly asking = new Set<NodeId>();

  /** @param isOfInterest whether it currently matters that this peer is down
   * @param ask tries to reach a peer over a new connection; never rejects
   * @param down called when a peer is down
   */
  constructor(
    private readonly isOfInterest: (peer: NodeId) => boolean,
    private readonly ask: (peer: NodeId) => Promise<PeerState>,
    private readonly down: (peer: NodeId) => void,
  ) {}

  /** A message of this peer has come over this connection. */
  heard(peer: NodeId, connection: Connection): void {
    if (this.known.has(connection)) return;
    this.known.add(connection);
    connection.once('close', () => void this.closed(peer));
  }

  private async closed(peer: NodeId): Promise<void> {
    if (this.asking.has(peer) || !this.isOfInterest(peer)) return;
    this.asking.add(peer);
    const state = await this.ask(peer);
    this.asking.delete(peer);
    if (state === 'down') this.down(peer);
  }
}
