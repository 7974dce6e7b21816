import { setTimeout as sleep } from 'node:timers/promises';
import { RpcClient, type RpcParameter } from '../../calls/rpcClient.js';
import { RpcFault } from '../../calls/rpcError.js';
import type { ServerAddress } from '../../../src/config/clusterFile.js';
import { asTruth, asVersion, inWords, replyText, type Reply } from './reply.js';

/** Calls that a server answers by itself. */
export const OWN_CALL_MS = 2_000;
/** A server that is asked who leads while others are busy. */
const LOOK_MS = 1_000;
/** Python writes the class of an exception in front of its text. */
const CLASS_OF_EXCEPTION = /^<class '(?:\w+\.)*(\w+)'>:/;

/** One line for each call, as it goes into the report of an assertion that failed. */
export type Trace = (line: string) => void;

/** One server of the submission, known by nothing but the calls of the assignment. Every call has a connection of its own. */
export class Subject {
  readonly id: number;

  constructor(
    private readonly address: ServerAddress,
    private readonly trace: Trace,
  ) {
    this.id = address.id;
  }

  async call(method: string, params: readonly RpcParameter[] = [], timeoutMs = OWN_CALL_MS): Promise<Reply> {
    const reply = await this.ask(method, params, timeoutMs);
    const said = params.map(inWords).join(', ');
    this.trace(`server ${this.id}: ${method}(${said}) -> ${replyText(reply)} (${Math.round(reply.ms)} ms)`);
    return reply;
  }

  update(
    file: string,
    version: number,
    hashList: readonly (string | number)[],
    timeoutMs = 5_000,
  ): Promise<Reply> {
    return this.call('updatefile', [file, version, hashList], timeoutMs);
  }

  map(timeoutMs = 5_000): Promise<Reply> {
    return this.call('getfileinfomap', [], timeoutMs);
  }

  /** The version that this server has applied; undefined when it does not say. */
  async version(file: string): Promise<number | undefined> {
    return asVersion(await this.ask('tester_getversion', [file], OWN_CALL_MS));
  }

  /** Whether it says that it leads. It is asked very often, and this leaves no trace. */
  async leads(timeoutMs = LOOK_MS): Promise<boolean | undefined> {
    return asTruth(await this.ask('isLeader', [], timeoutMs));
  }

  async isCrashed(): Promise<boolean | undefined> {
    return asTruth(await this.ask('isCrashed', [], OWN_CALL_MS));
  }

  private async ask(method: string, params: readonly RpcParameter[], timeoutMs: number): Promise<Reply> {
    const client = new RpcClient(this.address.host, this.address.port);
    const since = performance.now();
    try {
      const value = await client.call(`surfstore.${method}`, params, timeoutMs);
      return { kind: 'value', value: value ?? null, ms: performance.now() - since };
    } catch (error) {
      const ms = performance.now() - since;
      if (error instanceof RpcFault)
        return { kind: 'fault', text: error.text.replace(CLASS_OF_EXCEPTION, '$1:').trim(), ms };
      return { kind: 'silent', text: error instanceof Error ? error.message : String(error), ms };
    } finally {
      client.hangUp();
    }
  }
}

/**
 * Looks until something is so.
 *
 * @returns the first look that found it; undefined when the time was up
 */
export async function until<T>(
  withinMs: number,
  look: () => Promise<T | undefined>,
  everyMs = 60,
): Promise<T | undefined> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= end) return undefined;
    await sleep(everyMs);
  }
}
