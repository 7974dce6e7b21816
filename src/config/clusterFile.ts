import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { addressOf } from '../net/address.js';
import { ConfigError } from './configError.js';

/** One server of a cluster. */
export interface ServerAddress {
  /** The number of its metadata line, counted from 0: what the rest of the product calls the server's id. */
  readonly id: number;
  /** The label as it was written, such as `metadata0`. Labels may repeat. */
  readonly label: string;
  /** A name, an IPv4 address, or an IPv6 address without its brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

export interface ClusterConfig {
  /** By id: `servers[i].id === i`. At least one. */
  readonly servers: readonly ServerAddress[];
}

/** A larger M is a slip of the pen: each server talks to every other one. */
export const clusterSizeMax = 100;

const portMax = 65_535;
const shownLengthMax = 60;

/**
 * Parses a cluster file: a line `M: N`, and for each of the N servers a line `metadataI: host:port`.
 *
 * Servers are numbered by the **order of their lines**, as the assignment's starter programs do, whatever the numbers
 * in their labels. Case, byte order mark, line ends, blanks, blank lines and `#` comments do not matter, and lines with
 * other labels (`block: host:port` in older files) are ignored. So are metadata lines beyond the first N: the starters
 * read N lines and stop, which makes a smaller cluster of a file by changing M alone. An IPv6 address is written in
 * brackets: `[::1]:9001`.
 *
 * @param text the contents of the file
 * @param name what to call the file in messages
 * @throws {ConfigError} when the text does not describe a cluster
 */
export function parseClusterFile(text: string, name: string): ClusterConfig {
  if (text.includes('\0'))
    throw new ConfigError(`${name}: this is not a text file in UTF-8: save it as UTF-8`);

  let size: Line | undefined;
  const metadataLines: Line[] = [];
  for (const line of labelledLines(text, name)) {
    if (/^m$/i.test(line.label)) {
      if (size !== undefined) {
        throw new ConfigError(
          `${line.where}: M is given a second time (first in ${size.where}): keep one line`,
        );
      }
      size = line;
    } else if (/^metadata\s*\d*$/i.test(line.label)) {
      metadataLines.push(line);
    }
  }

  if (size === undefined) {
    throw new ConfigError(`${name}: there is no line "M: N": add one with the number of servers`);
  }
  const count = parseSize(size);
  if (metadataLines.length < count) {
    throw new ConfigError(
      `${size.where}: M is ${count} but there are only ${metadataLines.length} metadata lines: ` +
        'add the missing "metadataI: host:port" lines or lower M',
    );
  }

  const whereFirst = new Map<string, string>();
  const servers = metadataLines.slice(0, count).map((line, id) => {
    const server: ServerAddress = { id, label: line.label, ...parseAddress(line) };
    const address = addressOf(server).toLowerCase();
    const first = whereFirst.get(address);
    if (first !== undefined) {
      throw new ConfigError(
        `${line.where}: ${address} is already used in ${first}: give each server an address of its own`,
      );
    }
    whereFirst.set(address, line.where);
    return server;
  });
  return { servers };
}

/**
 * Reads and parses a cluster file.
 *
 * @throws {ConfigError} when the file cannot be read, or as {@link parseClusterFile}
 */
export function readClusterFile(path: string): ClusterConfig {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
  return parseClusterFile(text, path);
}

/**
 * The server that a command line means by its id.
 *
 * @param idText the id as it was typed
 * @throws {ConfigError} when it is not the id of a server of this cluster
 */
export function serverOf(config: ClusterConfig, idText: string): ServerAddress {
  const server = /^\d{1,9}$/.test(idText) ? config.servers[Number(idText)] : undefined;
  if (server === undefined) {
    const last = config.servers.length - 1;
    throw new ConfigError(`the server id must be ${last === 0 ? '0' : `0 to ${last}`}, got ${shown(idText)}`);
  }
  return server;
}

/** Whether two lists of addresses name the same servers in the same order, be it by other names of the loopback interface. */
export function areSameServers(a: readonly string[], b: readonly string[]): boolean {
  return a.map(withoutLoopbackName).join() === b.map(withoutLoopbackName).join();
}

/** An address with the names of the loopback interface made one, for comparing: `localhost:9001`. */
function withoutLoopbackName(address: string): string {
  return address.toLowerCase().replace(/^(127\.0\.0\.1|\[::1\]):/, 'localhost:');
}

/**
 * Stands for the servers of a cluster and their order: two files that name the same ones, be it by another name of the loopback
 * interface, have the same roster.
 *
 * @param name given by the user in place of the addresses, where those differ from server to server
 */
export function rosterOf({ servers }: ClusterConfig, name?: string): string {
  const text =
    name === undefined
      ? servers.map((server) => withoutLoopbackName(addressOf(server))).join()
      : `${servers.length} ${name}`;
  return createHash('sha256').update(text).digest('base64url').slice(0, ROSTER_LENGTH);
}

const ROSTER_LENGTH = 12;

/** A line `label: value`, and where it stands: `FILE:LINE`. */
interface Line {
  readonly where: string;
  readonly label: string;
  readonly value: string;
}

function labelledLines(text: string, name: string): Line[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  return lines.flatMap((raw, index) => {
    const content = raw.replace(/#.*$/, '').trim();
    if (content === '') return [];
    const where = `${name}:${index + 1}`;
    const colon = content.indexOf(':');
    if (colon < 1) {
      throw new ConfigError(`${where}: expected "M: N" or "metadataI: host:port", found ${shown(content)}`);
    }
    return [{ where, label: content.slice(0, colon).trim(), value: content.slice(colon + 1).trim() }];
  });
}

function parseSize({ where, value }: Line): number {
  const size = /^\d+$/.test(value) ? Number(value) : NaN;
  if (Number.isNaN(size) || size < 1) {
    throw new ConfigError(`${where}: M must be the number of servers, 1 or more, found ${shown(value)}`);
  }
  if (size > clusterSizeMax) {
    throw new ConfigError(
      `${where}: M is ${shown(value)}: a cluster has at most ${clusterSizeMax} servers, 3 or 5 are usual`,
    );
  }
  return size;
}

function parseAddress({ where, value }: Line): { readonly host: string; readonly port: number } {
  const colon = value.lastIndexOf(':');
  if (colon === -1) {
    throw new ConfigError(
      `${where}: expected host:port, found ${shown(value)}: add the port, as in localhost:9001`,
    );
  }
  return {
    host: parseHost(where, value.slice(0, colon).trim()),
    port: parsePort(where, value.slice(colon + 1).trim()),
  };
}

function parseHost(where: string, text: string): string {
  if (text === '') {
    throw new ConfigError(`${where}: the host is empty: write host:port, as in localhost:9001`);
  }
  if (text.startsWith('[') && text.endsWith(']') && isIPv6(text.slice(1, -1))) return text.slice(1, -1);
  if (isIPv6(text)) {
    throw new ConfigError(`${where}: write the IPv6 address ${text} in brackets, as in [${text}]:9001`);
  }
  if (!/^[\p{L}\p{N}._-]+$/u.test(text)) {
    throw new ConfigError(
      `${where}: ${shown(text)} is not a host: write a name, an IPv4 address or an IPv6 address in brackets`,
    );
  }
  return text;
}

function parsePort(where: string, text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(port) || port < 1 || port > portMax) {
    throw new ConfigError(`${where}: the port must be a number from 1 to ${portMax}, found ${shown(text)}`);
  }
  return port;
}

function unreadable(path: string, cause: unknown): ConfigError {
  switch (cause instanceof Error && 'code' in cause ? cause.code : undefined) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new ConfigError(`${path}: there is no such file: give the path of a cluster file`, { cause });
    case 'EISDIR':
      return new ConfigError(`${path}: this is a directory: give the path of a cluster file`, { cause });
    case 'EACCES':
      return new ConfigError(`${path}: no permission to read this file: change its mode or its owner`, {
        cause,
      });
    default:
      return new ConfigError(`${path}: cannot be read: ${String(cause)}`, { cause });
  }
}

/** Text from the outside, quoted and cut to a length that fits a line. */
function shown(text: string): string {
  return JSON.stringify(text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}...` : text);
}
