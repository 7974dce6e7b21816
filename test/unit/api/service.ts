import fc from 'fast-check';
import { FaultTranslator } from '../../../src/api/faults.js';
import { surfstoreMethods } from '../../../src/api/surfstoreMethods.js';
import { XmlRpcSurface } from '../../../src/api/xmlrpcSurface.js';
import { MemoryBlockStore } from '../../../src/blocks/memoryBlockStore.js';
import { systemDefer } from '../../../src/node/clock.js';
import type { LeaderAddress } from '../../../src/node/errors.js';
import type { NameCharacters } from '../../../src/config/options.js';
import { noopObserver } from '../../../src/node/events.js';
import { RaftNode } from '../../../src/node/raftNode.js';
import { defaultRaftConfig } from '../../../src/raft/config.js';
import type { RequestMessage, ResponseMessage } from '../../../src/raft/types.js';
import type { CommandResult } from '../../../src/stateMachine/command.js';
import type { FileMetadata } from '../../../src/stateMachine/fileMetadata.js';
import { TraceRing } from '../../../src/node/traceRing.js';
import { StateLimit } from '../../../src/node/stateLimit.js';
import { BYTES_PER_CHAR_MAX } from '../../../src/stateMachine/stateBytes.js';
import { ServiceState } from '../../../src/stateMachine/serviceState.js';
import { MemoryStorage } from '../../../src/storage/memoryStorage.js';
import { bytesOnTheWire } from '../../../src/xmlrpc/text.js';
import { answerPeer } from '../../../src/transport/peerEndpoint.js';
import type { SendOutcome, Transport } from '../../../src/transport/transport.js';
import {
  XmlRpcDateTime,
  XmlRpcDouble,
  XmlRpcFault,
  type CallContext,
  type ParsedValue,
  type XmlRpcValue,
} from '../../../src/xmlrpc/index.js';
import { ManualTicker } from '../../support/manualParts.js';
import { xmlText } from '../../support/xmlrpcArbitraries.js';

export const servers: readonly LeaderAddress[] = [
  { id: 0, host: 'localhost', port: 9000 },
  { id: 1, host: 'server-one.example', port: 9001 },
  { id: 2, host: '::1', port: 9002 },
];

/** Peers that agree with everything, or answer nothing at all. */
export class PuppetPeers implements Transport {
  reachable = true;

  send(request: RequestMessage, done: (outcome: SendOutcome) => void): () => void {
    let givenUp = false;
    const { reachable } = this;
    process.nextTick(() => {
      if (!givenUp) done(reachable ? { response: agree(request) } : { failure: 'out of reach' });
    });
    return () => (givenUp = true);
  }

  disconnect(): void {
    // They keep no connections.
  }

  close(): void {
    this.reachable = false;
  }
}

function agree(request: RequestMessage): ResponseMessage {
  const { from: to, to: from, term } = request;
  if (request.type === 'installSnapshot' || request.type === 'heartbeat')
    throw new Error('no test of a service needs this');
  if (request.type !== 'appendEntries')
    return { type: `${request.type}Response`, from, to, term, granted: true };
  const matchIndex = request.prevLogIndex + request.entries.length;
  return {
    type: 'appendEntriesResponse',
    from,
    to,
    term,
    success: true,
    matchIndex,
    commitIndex: Math.min(request.leaderCommit, matchIndex),
    sequence: request.sequence,
    readRound: request.readRound,
    conflict: null,
  };
}

interface ServiceOptions {
  readonly servers?: 1 | 3;
  readonly bodyBytesMax?: number;
  readonly blockStoreBytesMax?: number;
  readonly chaosHooks?: boolean;
  readonly names?: NameCharacters;
  readonly stateBytesMax?: number;
  /** Clients that are remembered. */
  readonly sessionsMax?: number;
}

/** Server 0 of a cluster with its whole XML-RPC surface; its peers are puppets. */
export class Service {
  readonly peers = new PuppetPeers();
  readonly ticker = new ManualTicker();
  readonly storage = new MemoryStorage();
  readonly trace = new TraceRing(100, 10, () => 0);
  readonly state: ServiceState;
  readonly node: RaftNode<CommandResult>;
  readonly surface: XmlRpcSurface;

  constructor(options: ServiceOptions = {}) {
    const { servers: size = 3, bodyBytesMax = 100_000, blockStoreBytesMax = 1_000_000 } = options;
    const { chaosHooks = true, names = 'all', stateBytesMax = 1_000_000 } = options;
    this.state = new ServiceState(options.sessionsMax);
    this.node = new RaftNode<CommandResult>({
      raft: { ...defaultRaftConfig, id: 0, servers: servers.slice(0, size).map(({ id }) => id) },
      storage: this.storage,
      transport: this.peers,
      stateMachine: this.state,
      ticker: this.ticker,
      defer: systemDefer,
      snapshots: { entriesMax: 1_000, bytesMax: 1_000_000, chunkChars: 1_000 },
      drawElectionTicks: () => 60,
      replyAfter: 'majority',
      waitingCallsMax: 100,
      stateLimit: new StateLimit(this.state, stateBytesMax, BYTES_PER_CHAR_MAX),
      observer: { ...noopObserver, traced: this.trace.traced, lifecycleChanged: this.trace.lifecycleChanged },
    });
    const methods = surfstoreMethods({
      node: this.node,
      files: this.files,
      blocks: new MemoryBlockStore({ bytesMax: blockStoreBytesMax, blockBytesMax: 1000 }),
      wire: { bytesOnTheWire, bodyBytesMax },
      chaosHooks,
      names,
      answerPeer: (message) => answerPeer(this.node, message),
      trace: this.trace,
      sample: () => Promise.resolve('{}'),
      logTail: () => '{}',
      status: {
        id: 0,
        servers,
        node: this.node,
        tickMs: 10,
        version: '1.2.3',
        counts: () => ({
          files: this.files.size,
          keys: this.state.keys.size,
          sessions: this.state.sessions.size,
          stateBytes: this.state.bytes,
          stateBytesMax: stateBytesMax,
        }),
        uptimeSeconds: () => 7,
      },
    });
    this.surface = new XmlRpcSurface(methods, new FaultTranslator(servers));
    this.node.start();
  }

  get files(): FileMetadata {
    return this.state.files;
  }

  /** A service that leads its cluster. */
  static async leading(options: ConstructorParameters<typeof Service>[0] = {}): Promise<Service> {
    const service = new Service(options);
    await service.lead();
    return service;
  }

  async lead(): Promise<void> {
    this.node.campaign();
    await eventually(() => this.node.isLeader);
  }

  async call(name: string, ...params: ParsedValue[]): Promise<XmlRpcValue> {
    return this.surface.call(name, params, nobody);
  }

  /** The fault that a call ends with. */
  async fault(name: string, ...params: ParsedValue[]): Promise<XmlRpcFault> {
    return faultOf(() => this.call(name, ...params));
  }
}

/** A caller that never hangs up. */
export const nobody: CallContext = {
  onHangUp: () => undefined,
  begin: () => undefined,
  connection: { once: () => undefined },
};

/** Resolves when everything that is due now has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves once the condition holds; `each` is done before every look at it. */
export async function eventually(
  condition: () => boolean,
  each: () => void = () => undefined,
): Promise<void> {
  for (let turns = 0; !condition(); turns += 1) {
    if (turns === 10_000) throw new Error('it has not come true');
    each();
    await turn();
  }
}

/** The fault that the action ends with, thrown at once or as a rejection; anything else is an error of the test. */
export async function faultOf(action: () => unknown): Promise<XmlRpcFault> {
  let value: unknown;
  try {
    value = await action();
  } catch (error) {
    if (error instanceof XmlRpcFault) return error;
    throw new Error('this is no fault', { cause: error });
  }
  throw new Error(`this should have been a fault, not ${JSON.stringify(value)}`);
}

/** Whatever the parser may hand to a method: every type that can be read, nested a little. */
export const parsedValues: fc.Arbitrary<ParsedValue> = fc.letrec<{ value: ParsedValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    xmlText,
    fc.integer(),
    fc.boolean(),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constant(null),
    fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }).chain((size) => fc.constantFrom(size, -size)),
    fc.double().map((number) => new XmlRpcDouble(number)),
    fc.constant(new XmlRpcDateTime('20240229T12:00:00')),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(xmlText, fc.constant('__proto__')), tie('value')), { maxLength: 4 })
      .map((members) => new Map(members)),
  ),
})).value;
