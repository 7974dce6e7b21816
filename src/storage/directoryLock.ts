import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { codeOf, unusable } from './storageError.js';

const PREFIX = 'lock-';
const NAME_BYTES = 8;

/** The longest path of a socket that every system with such sockets takes. */
const PATH_BYTES_MAX = 100;

/**
 * Keeps a second process off a directory. Node.js has no file locks, so the owner listens on a socket in the directory: the
 * system closes it when the process ends, however it ends.
 *
 * Each process makes a socket of its own and then tries all others. One that answers has an owner, who was first, or tries at
 * this very moment: then perhaps both give up, and never both go on, because each looks only after it can be seen itself.
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

/** A socket that nobody listens on was left behind by a process that was killed. */
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
