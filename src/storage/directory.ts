import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { codeOf, Damage, unusable } from './storage.js';

/** Above every other layout; the two before it were databases of LevelDB. */
const FORMAT = 3;

/** Whose directory it is: the server's number, and "host:port" of every server of the cluster in order. */
export interface DirectoryOwner {
  readonly server: number;
  readonly servers: readonly string[];
  /** Whether two lists name the same servers; by default they are compared as texts. */
  readonly areSame?: (stored: readonly string[], own: readonly string[]) => boolean;
}

/** Found at the root of a fresh volume, or put into any directory by the system. */
const OF_THE_SYSTEM: ReadonlySet<string> = new Set(['lost+found', '.Trashes', '.DS_Store', '.snapshot']);

/** All names that this storage gives to files, and the folder of the blocks, which is none of its business. */
const OURS = /^(blocks|owner|owner\.new|acknowledged|log-\d+|snapshot-\d+|lock-[0-9a-f]+)$/;

const OWNER = 'owner';
const LEVEL_DB = 'level';
const LOG_ID_BYTES = 12;

/**
 * Makes the directory when it is missing, and refuses one that is not for this storage.
 * @throws StorageError, or an error of the file system
 */
export async function prepareDirectory(path: string): Promise<void> {
  await makeDirectory(resolve(path));
  const names = (await readdir(path)).filter((name) => !OF_THE_SYSTEM.has(name));
  if (names.includes(LEVEL_DB))
    throw unusable(
      path,
      'an older version wrote it, in another format',
      'start that version with it, or, while all other servers are up, remove it and let them fill a new one',
    );
  const foreign = names.find((name) => !OURS.test(name));
  if (foreign !== undefined)
    throw unusable(path, `it holds other files, such as ${foreign}`, 'name an empty or a new directory');
}

export function acknowledgedPathOf(directory: string): string {
  return join(directory, 'acknowledged');
}

/**
 * Reads the file that says whose directory it is, and verifies that it is this server's; the id of the log, null when
 * there is no such file: then nothing was ever acknowledged from here, because that file is the last step of making a
 * directory.
 * @throws StorageError, Damage
 */
export async function readOwner(path: string, own: DirectoryOwner): Promise<string | null> {
  const text = await readIfThere(join(path, OWNER));
  if (text === null) return null;
  const { format, server, servers, log } = ownerOf(text);
  if (format !== FORMAT)
    throw unusable(path, `it is of format ${format}, not ${FORMAT}`, 'run the version that wrote it');
  const areSame = own.areSame ?? ((stored, given) => stored.join() === given.join());
  if (!areSame(servers, own.servers))
    throw unusable(
      path,
      `it belongs to a cluster of ${servers.join(', ')}, not of ${own.servers.join(', ')}`,
      'give the cluster file it was made with, or name another directory',
    );
  if (server !== own.server)
    throw unusable(
      path,
      `it belongs to server ${server} and this is server ${own.server}`,
      'give every server a directory of its own',
    );
  return log;
}

/** Draws the id of a log: no other log ever has it. */
export function drawLogId(): string {
  return randomBytes(LOG_ID_BYTES).toString('base64url');
}

/** The last step of making a directory. */
export async function writeOwner(
  path: string,
  { server, servers }: DirectoryOwner,
  log: string,
): Promise<void> {
  const json = JSON.stringify({ format: FORMAT, server, servers, log });
  const handle = await open(join(path, `${OWNER}.new`), 'w');
  try {
    await handle.writeFile(`${checksumOf(json)} ${json}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncDirectory(path);
  await rename(join(path, `${OWNER}.new`), join(path, OWNER));
  await syncDirectory(path);
}

function ownerOf(text: string): { format: number; server: number; servers: string[]; log: string } {
  const json = text.slice(9).replace(/\n$/, '');
  if (text !== `${checksumOf(json)} ${json}\n`)
    throw new Damage(`the checksum of the file ${OWNER} is wrong`);
  return JSON.parse(json) as ReturnType<typeof ownerOf>;
}

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Makes a directory, and those above it, one by one: the recursive `mkdir` of Node.js never ends where the system
 * refuses with "no such file" in a directory that is there, as in /proc, and tells of a read-only file system in the
 * same words.
 */
async function makeDirectory(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') throw unusable(path, 'it is not a directory', 'name a directory', error);
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) throw error;
    await makeDirectory(parent);
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!(await isDirectory(path))) throw unusable(path, 'it is not a directory', 'name a directory', error);
    return;
  }
  await syncDirectory(dirname(path));
}

/** A symbolic link that leads nowhere is none. */
async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Makes the names in a directory durable, as a sync of the files alone does not. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const PREFIX = 'lock-';
const NAME_BYTES = 8;

/** The longest path of a socket that every system with such sockets takes. */
const PATH_BYTES_MAX = 100;

/**
 * Keeps a second process off a directory. Node.js has no file locks, so the owner listens on a socket in the directory:
 * the system closes it when the process ends, however it ends.
 *
 * Each process makes a socket of its own and then tries all others. One that answers belongs to an earlier owner, or to
 * a process that tries at the same time: then both may give up, but never do both continue, because each looks only
 * after it can be seen itself.
 */
export class DirectoryLock {
  private constructor(
    private readonly server: Server,
    private readonly path: string,
  ) {}

  /** @throws StorageError when the directory is in use */
  static async acquire(directory: string): Promise<DirectoryLock> {
    const name = `${PREFIX}${randomBytes(NAME_BYTES).toString('hex')}`;
    const server = await atShortPath(directory, (short) => listen(directory, join(short, name)));
    const lock = new DirectoryLock(server, join(directory, name));
    try {
      for (const other of readdirSync(directory))
        if (other.startsWith(PREFIX) && other !== name) await refuseOwner(directory, other);
      return lock;
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  release(): void {
    deleteIfThere(this.path);
    this.server.close();
  }
}

/** Refuses when a process listens on the socket; a socket without a listener was left behind by a killed process. */
async function refuseOwner(directory: string, name: string): Promise<void> {
  if (await atShortPath(directory, (short) => answers(join(short, name))))
    throw unusable(
      directory,
      'it is in use by another process',
      'stop that process or give this server a directory of its own',
    );
  deleteIfThere(join(directory, name));
}

/** Calls back with a path to the directory that is short enough for the name of a socket. */
async function atShortPath<T>(directory: string, use: (path: string) => Promise<T>): Promise<T> {
  if (process.platform !== 'linux' || Buffer.byteLength(directory) < PATH_BYTES_MAX - 2 * NAME_BYTES)
    return use(directory);
  const fd = openSync(directory, 'r');
  try {
    return await use(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

function listen(directory: string, path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.unref();
    server.once('error', (error) => reject(noSockets(directory, error)));
    server.listen(path, () => resolve(server));
  });
}

function noSockets(directory: string, error: Error): Error {
  if (['EROFS', 'ENOSPC', 'EACCES', 'EIO'].includes(codeOf(error) ?? '')) return error;
  return unusable(
    directory,
    `no socket can be made in it (${error.message})`,
    'name a directory with a shorter path, on a disk of this machine: nothing else keeps two processes off one directory',
    error,
  );
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(path);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    // Anything but a refusal, such as a full queue, is the sign of an owner.
    connection.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error) ?? '')));
  });
}

function deleteIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
