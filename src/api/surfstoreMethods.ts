import { ServiceError } from '../node/errors.js';
import type { NameCharacters } from '../config/options.js';
import { waitFor } from '../node/pendingRequests.js';
import type { RaftNode } from '../node/raftNode.js';
import type { TraceRing } from '../node/traceRing.js';
import { encodeOpenSession, encodeUpdateFile, type CommandResult } from '../stateMachine/command.js';
import type { FileMetadata } from '../stateMachine/fileMetadata.js';
import type { CallContext, XmlRpcValue } from '../xmlrpc/index.js';
import { refuseTooLarge, requireKnown, requireOpened, type WireLimits } from './commands.js';
import { FileMapXml } from './fileMapXml.js';
import { method, type Method } from './method.js';
import { statusStruct, traceStruct, type StatusSource } from './status.js';
import {
  anyFileName,
  arrayOfBlockHashes,
  arrayOfServers,
  blockHash,
  bytes,
  epoch,
  fileName,
  hashList,
  keyValueCommand,
  requestId,
  serverOf,
  text,
  refuseBeyondBmp,
  version,
} from './validate.js';

/** The blocks of the cluster, or a store of one's own. */
interface BlocksOfCluster {
  put(block: Uint8Array): Promise<unknown>;
  get(hash: string): Promise<Uint8Array | undefined>;
  has(hashes: readonly string[]): Promise<string[]>;
}

/** The parts of one server that its methods use. */
interface SurfstoreParts {
  readonly node: RaftNode<CommandResult>;
  readonly files: FileMetadata;
  readonly blocks: BlocksOfCluster;
  readonly status: StatusSource;
  readonly trace: Pick<TraceRing, 'list'>;
  readonly wire: WireLimits;
  /** Whether names and hashes may hold characters beyond the Basic Multilingual Plane. */
  readonly names: NameCharacters;
  /** Whether the server can be crashed and cut off by a call. */
  readonly chaosHooks: boolean;
  /** The state of this server for the dashboard of another one, as JSON. */
  readonly sample: () => Promise<string>;
  /** The end of this server's log for the dashboard of another one, as JSON. */
  readonly logTail: () => string;
  /** Answers a peer's message, both as JSON; rejects with the error for the peer. */
  readonly answerPeer: (message: string, call: CallContext) => Promise<string>;
}

/** The table of the service's methods (wire contract of the assignment). */
export function surfstoreMethods(parts: SurfstoreParts): Method[] {
  return [
    ...metadataMethods(parts),
    ...leadershipMethods(parts),
    ...(parts.chaosHooks ? chaosMethods(parts) : []),
    ...blockMethods(parts),
    ...peerMethods(parts),
  ];
}

function metadataMethods(parts: SurfstoreParts): Method[] {
  const { node, files, status, trace, sample, logTail, wire, names } = parts;
  const fileMap = new FileMapXml();
  return [
    method('surfstore.ping', [], 'boolean', 'True: the server is there, crashed or not.', () => true),
    method(
      'surfstore.getfileinfomap',
      [],
      'struct',
      'All files: name -> [version, hashlist]. On the leader only; waits until a majority of the servers has ' +
        'confirmed that it leads, without a limit.',
      (_args, call) => waitFor(node.read(), call).then(() => fileMap.write(files.list(), files.bytes)),
    ),
    method(
      'surfstore.updatefile',
      [fileName('filename'), version('version'), hashList('hashlist'), requestId('request'), epoch('epoch')],
      'boolean',
      'Sets the hash list of a file. True when applied; false when version is not exactly one above the stored ' +
        'version (0 for a file never written). On the leader only; waits until a majority has it, without a limit. ' +
        'With a request, a name for this very call or a struct {clientId, sequence} of a session, it may be sent ' +
        'again: it takes effect once and gives the same answer. With the epoch of /blocks/stored it is refused when a ' +
        'garbage collection of blocks has begun since.',
      ([name, number, hashes, request, collected], call) => {
        if (names === 'bmp') refuseBeyondBmp(name, hashes);
        const command = encodeUpdateFile(name, number, hashes, request, collected);
        refuseTooLarge(command, wire);
        return waitFor(node.propose(command), call).then((result) => requireKnown(result) === 'applied');
      },
    ),
    method(
      'surfstore.openSession',
      [],
      'string',
      'Opens a session: the clientId for requests with a struct {clientId, sequence}. A session has one request under ' +
        'way at a time, and its sequences rise from 1. On the leader only; waits until a majority has it, without a limit.',
      (_args, call) => waitFor(node.propose(encodeOpenSession()), call).then(requireOpened),
    ),
    method(
      'surfstore.tester_getversion',
      [anyFileName('filename')],
      'int',
      'The committed version of a file on this very server, 0 for a file never written. Answers when crashed too.',
      ([name]) => files.versionOf(name),
    ),
    method(
      'surfstore.status',
      [],
      'struct',
      'Role, term, indexes and peers of this server. Integers; -1 means not known. Answers when crashed too.',
      () => statusStruct(status),
    ),
    method(
      'surfstore.trace',
      [],
      'array',
      'What this server did of late, and why, the oldest first: structs of time (ISO 8601), kind and text. Answers ' +
        'when crashed too.',
      () => trace.list().map(traceStruct),
    ),
    method(
      'surfstore.sample',
      [],
      'string',
      'The status of this server and its counters as JSON, for the dashboards of other servers. Answers when crashed too.',
      sample,
    ),
    method(
      'surfstore.logTail',
      [],
      'string',
      'Term, vote, commit index and the newest entries of this server as JSON, each entry as a short label, for the ' +
        'dashboards of other servers. Answers when crashed too.',
      logTail,
    ),
  ];
}

function leadershipMethods({ node }: SurfstoreParts): Method[] {
  return [
    method(
      'surfstore.isLeader',
      [],
      'boolean',
      'Whether this server leads; false on a crashed one.',
      () => node.isLeader,
    ),
    method('surfstore.isCrashed', [], 'boolean', 'Whether this server is crashed.', () => node.isCrashed),
  ];
}

function chaosMethods({ node, status }: SurfstoreParts): Method[] {
  return [
    method(
      'surfstore.makeUnreachableFrom',
      [arrayOfServers('servers', status.servers.length)],
      'boolean',
      'From now on drops every message, request or answer, that comes from these servers, and from no others; an ' +
        'empty list heals. Lasts through crash and restore; true.',
      ([servers]) => {
        node.makeUnreachableFrom(servers);
        return true;
      },
    ),
    method(
      'surfstore.crash',
      [],
      'boolean',
      'Crashes this server until restore; true, also when it was crashed.',
      () => {
        node.crash();
        return true;
      },
    ),
    method(
      'surfstore.restore',
      [],
      'boolean',
      'Ends a crash: back as a follower; true, also when it was up.',
      () => {
        node.restore();
        return true;
      },
    ),
  ];
}

function blockMethods({ node, blocks }: SurfstoreParts): Method[] {
  const whileUp = <T>(action: () => T): T => {
    refuseWhenCrashed(node);
    return action();
  };
  return [
    method(
      'surfstore.putblock',
      [bytes('block')],
      'boolean',
      'Stores a block, under the SHA-256 of its bytes in lower case hex, on two of the servers, or on as many as are up.',
      ([block]) => whileUp(() => blocks.put(block).then(() => true)),
    ),
    method(
      'surfstore.getblock',
      [blockHash('hash')],
      'base64',
      'The block with this SHA-256, whichever server has it.',
      ([hash]) =>
        whileUp(async () => {
          const block = await blocks.get(hash.key);
          if (block === undefined)
            throw new ServiceError('blockNotFound', 'no server stores a block with this hash');
          return block;
        }),
    ),
    method(
      'surfstore.hasblocks',
      [arrayOfBlockHashes('hashlist')],
      'array',
      'Those of the hashes whose block a server stores, in the order and the form given: hex or base64.',
      ([hashes]) =>
        whileUp(async () => {
          const stored = new Set(await blocks.has(hashes.map(({ key }) => key)));
          return hashes.filter(({ key }) => stored.has(key)).map(({ given }) => given);
        }),
    ),
  ];
}

function refuseWhenCrashed({ isCrashed }: { readonly isCrashed: boolean }): void {
  if (isCrashed) throw new ServiceError('crashed', 'this server is crashed; call restore to bring it back');
}

/**
 * A crashed server that answers reports that it is crashed, even when the arguments are invalid: a grader that calls
 * these methods gives them arguments of its own.
 */
function peerMethods(parts: SurfstoreParts): Method[] {
  const { node } = parts;
  return strictPeerMethods(parts).map((each) => ({
    ...each,
    invoke: (params, call) =>
      node.isCrashed ? answerOfCrashed(node, () => each.invoke(params, call)) : each.invoke(params, call),
  }));
}

async function answerOfCrashed(
  node: SurfstoreParts['node'],
  invoke: () => ReturnType<Method['invoke']>,
): Promise<XmlRpcValue> {
  try {
    return await invoke();
  } catch (error) {
    refuseWhenCrashed(node);
    throw error;
  }
}

function strictPeerMethods({ node, wire, status, answerPeer }: SurfstoreParts): Method[] {
  /** As in a broken network, a message from a server that is cut off has no effect and no answer. */
  const heard = <T>(from: number, answer: () => Promise<T>): Promise<T> =>
    node.acceptsFrom(from) ? answer() : new Promise(() => undefined);
  const help = 'Only for the servers of this cluster: takes a message as JSON and gives the answer as JSON.';
  return [
    method(
      'surfstore.propose',
      [keyValueCommand('command'), serverOf('from', status.servers.length)],
      'string',
      'Only for the servers of this cluster: replicates a command that a client of the key/value service gave to one ' +
        'of them, and gives its result. On the leader only.',
      ([command, from], call) => {
        refuseTooLarge(command, wire);
        return heard(from, () => waitFor(node.propose(command), call));
      },
    ),
    method(
      'surfstore.readIndex',
      [serverOf('from', status.servers.length)],
      'int',
      'Only for the servers of this cluster: an index up to which the log is committed, confirmed by a majority since ' +
        'the call. On the leader only.',
      ([from], call) => heard(from, () => waitFor(node.read(), call).then(() => node.lastApplied)),
    ),
    method('surfstore.appendEntries', [text('message')], 'string', help, ([message], call) =>
      answerPeer(message, call),
    ),
    method('surfstore.installSnapshot', [text('message')], 'string', help, ([message], call) =>
      answerPeer(message, call),
    ),
    method('surfstore.requestVote', [text('message')], 'string', help, ([message], call) =>
      answerPeer(message, call),
    ),
  ];
}
