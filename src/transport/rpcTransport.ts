import type { LookupFunction } from 'node:net';
import type { NodeId, RequestMessage, ResponseMessage } from '../raft/types.js';
import {
  type PrebuiltXml,
  XmlRpcClient,
  XmlRpcFault,
  XmlRpcTransportError,
  type ParsedValue,
  type PendingRequest,
} from '../xmlrpc/index.js';
import { LinkSpeed, type SendOutcome, type Transport } from './transport.js';
import { decodeResponse, messageXml } from './messageCodec.js';

/** Where a peer listens. */
interface PeerAddress {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
}

/** By this header a server that has too many connections knows that one comes from a peer. It opens nothing else. */
export const PEER_HEADER = 'surfstore-peer';

/** The method that carries each kind of request; its only parameter is the message as JSON. */
export const peerMethods = {
  preVote: 'surfstore.requestVote',
  requestVote: 'surfstore.requestVote',
  appendEntries: 'surfstore.appendEntries',
  heartbeat: 'surfstore.appendEntries',
  installSnapshot: 'surfstore.installSnapshot',
} as const satisfies Record<RequestMessage['type'], string>;

/** How long an answer may come late, and how many requests of a peer may be late at the same time. */
const LATE_MS = 10_000;
const LATE_MAX = 4;

/** Requests whose late answer still has a meaning. */
const lateTypes: ReadonlySet<RequestMessage['type']> = new Set([
  'requestVote',
  'appendEntries',
  'installSnapshot',
]);

/**
 * Requests that are sent once more, at once, when their connection breaks: networks and peers end connections for many
 * reasons, and a follower that misses two heartbeats may let another server become leader. To receive them twice changes
 * nothing (section 5.3).
 */
const repeatedTypes: ReadonlySet<RequestMessage['type']> = new Set([
  'preVote',
  'requestVote',
  'appendEntries',
  'heartbeat',
]);

/**
 * Talks to peers over the same XML-RPC as clients do, on connections that stay open. A peer that answers
 * with a fault, or with anything that is no answer to the request, counts as not reached.
 */
export class RpcTransport implements Transport {
  private readonly links: ReadonlyMap<NodeId, Link>;

  /**
   * @param timeoutMs how long a small request may take; a large one has more, by the speed of the link
   * @param lookup finds the addresses of the peers; the system's look-up unless said otherwise
   */
  constructor(
    peers: readonly PeerAddress[],
    private readonly timeoutMs: number,
    lookup?: LookupFunction,
  ) {
    const options = { headers: { [PEER_HEADER]: '1' }, ...(lookup === undefined ? {} : { lookup }) };
    this.links = new Map(
      peers.map(({ id, host, port }) => [id, new Link(new XmlRpcClient({ host, port, ...options }))]),
    );
  }

  send(
    request: RequestMessage,
    done: (outcome: SendOutcome) => void,
    late: (response: ResponseMessage) => void = () => undefined,
  ): () => void {
    const link = this.links.get(request.to);
    if (link === undefined) throw new Error(`server ${request.to} is not a peer`);
    return link.send(request, this.timeoutMs, done, late);
  }

  disconnect(): void {
    for (const link of this.links.values()) link.disconnect();
  }

  close(): void {
    for (const link of this.links.values()) link.close();
  }
}

/** The way to one peer, and how fast it is. */
class Link {
  private readonly speed = new LinkSpeed();
  /** Ends the requests that are late, the oldest first. */
  private readonly late = new Set<() => void>();

  constructor(private readonly client: XmlRpcClient) {}

  send(
    request: RequestMessage,
    timeoutMs: number,
    done: (outcome: SendOutcome) => void,
    onLate: (response: ResponseMessage) => void,
  ): () => void {
    const message = messageXml(request);
    const bytes = sizeOf(message);
    const startedAt = performance.now();
    let state: 'open' | 'late' | 'ended' = 'open';
    const attempt = (mayRepeat: boolean): PendingRequest =>
      this.client.request(peerMethods[request.type], [message], {}, (error, value) => {
        if (mayRepeat && state === 'open' && isBroken(error)) call = attempt(false);
        else ended(error, value);
      });
    const ended = (error: Error | null, value: ParsedValue | undefined): void => {
      const before = state;
      end();
      if (before === 'ended') return;
      const outcome = error === null ? readAnswer(request, value) : { failure: reasonOf(error) };
      if (before === 'open') {
        if ('response' in outcome) this.speed.answered(bytes, performance.now() - startedAt);
        done(outcome);
      } else if ('response' in outcome) onLate(outcome.response);
    };
    let call = attempt(repeatedTypes.has(request.type));
    const allowedMs = timeoutMs + this.speed.allowanceMs(bytes);
    let timer = setTimeout(() => {
      this.speed.timedOut(bytes);
      // What is still being uploaded would only be in the way of the next attempt.
      if (lateTypes.has(request.type) && !LinkSpeed.isLarge(bytes)) {
        state = 'late';
        this.addLate(giveUp);
        timer = setTimeout(giveUp, LATE_MS);
      } else giveUp();
      done({ failure: `no response within ${allowedMs} ms` });
    }, allowedMs);
    const end = (): void => {
      state = 'ended';
      clearTimeout(timer);
      this.late.delete(giveUp);
    };
    const giveUp = (): void => {
      end();
      call.abort();
    };
    return giveUp;
  }

  disconnect(): void {
    for (const giveUp of [...this.late]) giveUp();
    this.client.closeIdle();
  }

  close(): void {
    for (const giveUp of [...this.late]) giveUp();
    this.client.close();
  }

  private addLate(giveUp: () => void): void {
    this.late.add(giveUp);
    const [oldest] = this.late;
    if (this.late.size > LATE_MAX) oldest?.();
  }
}

/** The connection has ended before the answer; not for want of a peer, nor of time. */
function isBroken(error: Error | null): boolean {
  return error instanceof XmlRpcTransportError && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** About as many bytes as it takes. */
function sizeOf(message: string | PrebuiltXml): number {
  return typeof message === 'string' ? message.length : message.bytes;
}

function readAnswer(request: RequestMessage, value: ParsedValue | undefined): SendOutcome {
  if (typeof value !== 'string') return { failure: 'the answer is not a string' };
  try {
    const response = decodeResponse(value);
    if (response.type !== 'refusal' && response.type !== `${request.type}Response`)
      return { failure: 'the answer is to another question' };
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
