import type { LookupFunction } from 'node:net';
import type { LeaderAddress } from '../node/errors.js';
import { XmlRpcClient, XmlRpcFault, XmlRpcTransportError, type ParsedValue } from '../xmlrpc/index.js';
import type { ServerSample, ShownLog } from './sample.js';

/** A server that takes longer does not answer. */
const ANSWER_MS = 1_000;
/** One for a look, one for a button. */
const SOCKETS_MAX = 2;
/** Far more than a sample takes. */
const BODY_BYTES_MAX = 256 * 1024;

/** There is no answer; the message says in a few words why. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  /** @param isSilent nothing came back in time, which may be chance; otherwise something says that there will be no answer */
  constructor(
    message: string,
    readonly isSilent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Calls the other servers for the dashboard, over the same XML-RPC as everybody does. Connections are made when they are needed. */
export class PeerCaller {
  private readonly clients = new Map<number, XmlRpcClient>();

  constructor(
    private readonly servers: readonly LeaderAddress[],
    private readonly lookup?: LookupFunction,
  ) {}

  /** @throws NoAnswerError */
  async call(
    server: number,
    method: string,
    params: readonly (readonly number[])[] = [],
  ): Promise<ParsedValue> {
    try {
      return await this.clientOf(server).call(
        `surfstore.${method}`,
        params.map((list) => [...list]),
        { timeoutMs: ANSWER_MS },
      );
    } catch (error) {
      const isSilent = error instanceof XmlRpcTransportError && error.code === 'ETIMEDOUT';
      throw new NoAnswerError(reasonOf(error), isSilent, { cause: error });
    }
  }

  async sampleOf(server: number): Promise<ServerSample> {
    return readSample(await this.call(server, 'sample'), server);
  }

  async logOf(server: number): Promise<ShownLog> {
    return readLog(await this.call(server, 'logTail'), server);
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }

  private clientOf(server: number): XmlRpcClient {
    const known = this.clients.get(server);
    if (known !== undefined) return known;
    const address = this.servers.find(({ id }) => id === server);
    if (address === undefined) throw new Error(`there is no server ${server}`);
    const { host, port } = address;
    const client = new XmlRpcClient({
      host,
      port,
      maxSockets: SOCKETS_MAX,
      bodyBytesMax: BODY_BYTES_MAX,
      ...(this.lookup === undefined ? {} : { lookup: this.lookup }),
    });
    this.clients.set(server, client);
    return client;
  }
}

/** In words for what the system says in codes. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection broke',
  ENOTFOUND: 'its name is not known',
  ETIMEDOUT: `no answer within ${ANSWER_MS} ms`,
};

/** The address stands beside the reason wherever it is shown. */
function reasonOf(error: unknown): string {
  if (error instanceof XmlRpcFault) return error.faultString;
  const known = error instanceof XmlRpcTransportError ? reasons[error.code] : undefined;
  if (known !== undefined) return known;
  return error instanceof Error ? error.message.replace(/^\S+:\d+: /, '') : String(error);
}

const numbers = ['id', 'atMs', 'term', 'lastIndex', 'commitIndex', 'lastApplied', 'uptimeSeconds'] as const;
const lists = ['unreachableFrom', 'estranged', 'peers', 'elections'] as const;
const objects = ['waiting', 'readings'] as const;

/** @throws Error when it is no log of this server */
function readLog(value: ParsedValue, server: number): ShownLog {
  const log: Partial<Record<keyof ShownLog, unknown>> =
    typeof value === 'string' ? (JSON.parse(value) as ShownLog) : {};
  const { id, term, commitIndex, entries, base, unreachableFrom } = log;
  const isLog =
    id === server &&
    [term, commitIndex].every(Number.isSafeInteger) &&
    Array.isArray(entries) &&
    Array.isArray(unreachableFrom) &&
    typeof base === 'object' &&
    base !== null;
  if (!isLog) throw new Error('its answer is no log: is it another version?');
  return log as unknown as ShownLog;
}

/** @throws Error when it is none of this server's samples: whoever listens there is another program, or another version */
function readSample(value: ParsedValue, server: number): ServerSample {
  const sample: Partial<Record<keyof ServerSample, unknown>> =
    typeof value === 'string' ? (JSON.parse(value) as ServerSample) : {};
  const isSample =
    numbers.every((name) => Number.isFinite(sample[name])) &&
    lists.every((name) => Array.isArray(sample[name])) &&
    objects.every((name) => typeof sample[name] === 'object' && sample[name] !== null) &&
    typeof sample.role === 'string' &&
    typeof sample.lifecycle === 'string' &&
    sample.id === server;
  if (!isSample) throw new Error('its answer is no sample: is it another version?');
  return sample as unknown as ServerSample;
}
