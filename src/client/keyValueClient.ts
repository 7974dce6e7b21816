import type { JsonValue } from '../stateMachine/command.js';
import { ClusterCaller, type ClusterClientOptions } from './clusterCaller.js';
import { MessageConnections, type KeyValueMessage, sessionIdIn, type MessageAnswer } from './connections.js';
import type { OperationOptions } from './operation.js';

/** What a client is made from. */
export type KeyValueClientOptions = ClusterClientOptions;

/**
 * A client of the key/value service of a cluster. Values are anything that JSON can carry. It finds the leader, follows
 * it when it changes, and tries again until the deadline of the operation; a write takes effect once, however often it
 * was sent. Errors are {@link ClientError}s that say whether the outcome is known; a `TypeError` means that a server
 * answered what no server of this service would, or that a value cannot be written as JSON.
 *
 * @example
 * import { KeyValueClient } from 'surfstore';
 * import { readClusterFile } from 'surfstore/cluster-file';
 *
 * const client = new KeyValueClient({ servers: readClusterFile('myconfig.txt').servers });
 * await client.put('pets', ['cat']);
 * await client.append('pets', 'dog');
 * await client.get('pets'); // ['cat', 'dog']
 * client.close();
 */
export class KeyValueClient {
  private readonly caller: ClusterCaller<KeyValueMessage, MessageAnswer>;

  constructor(options: KeyValueClientOptions) {
    this.caller = new ClusterCaller(options, new MessageConnections(), {
      call: { type: 'openSession' },
      idIn: sessionIdIn,
    });
  }

  /**
   * The value under a key, undefined when there is none. Linearizable. `T` is the caller's word: nothing is checked.
   *
   * @throws ClientError
   */
  async get<T extends JsonValue = JsonValue>(
    key: string,
    options: OperationOptions = {},
  ): Promise<T | undefined> {
    return (await this.caller.read({ type: 'get', key }, options)) as T | undefined;
  }

  /** Stores a value under a key, instead of the one that is there. @throws ClientError; TypeError for a value that is not JSON */
  put(key: string, value: JsonValue, options: OperationOptions = {}): Promise<void> {
    return this.write('put', key, value, options);
  }

  /**
   * Adds an item at the end of the list under a key; a missing key counts as an empty list.
   *
   * @throws ClientError `refused` when what is under the key is not a list; TypeError for an item that is not JSON
   */
  append(key: string, item: JsonValue, options: OperationOptions = {}): Promise<void> {
    return this.write('append', key, item, options);
  }

  /**
   * Removes a key and its value. False when there was no such key.
   *
   * @throws ClientError
   */
  async delete(key: string, options: OperationOptions = {}): Promise<boolean> {
    return (await this.caller.write((request) => ({ type: 'delete', key, request }), options)) === true;
  }

  /** Ends the operations under way, and later ones, with `aborted`, and closes the connections. */
  close(): void {
    this.caller.close();
  }

  private async write(
    type: 'put' | 'append',
    key: string,
    value: JsonValue,
    options: OperationOptions,
  ): Promise<void> {
    const json = jsonOf(value);
    await this.caller.write((request) => ({ type, key, json, request }), options);
  }
}

/** The value as JSON, which stands for it without loss. @throws TypeError for a value with a part that JSON cannot carry */
function jsonOf(value: JsonValue): string {
  // It throws by itself for circles and bigints.
  const json = JSON.stringify(value) as string | undefined;
  requireJson(value, 'the value');
  if (json === undefined) throw new TypeError('the value must be something that JSON can carry');
  return json;
}

/** JSON.stringify leaves out what it cannot write, or writes null for it. */
function requireJson(value: unknown, where: string): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) requireJson(value[index], `${where}[${index}]`);
  } else if (isPlainObject(value)) {
    for (const [name, member] of Object.entries(value))
      requireJson(member, `${where}[${JSON.stringify(name)}]`);
  } else {
    throw new TypeError(`${where} must be something that JSON can carry, not ${described(value)}`);
  }
}

/** Of this realm or another one: an object whose prototype, if any, has none. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function described(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value);
  return typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : `a ${typeof value}`;
}
