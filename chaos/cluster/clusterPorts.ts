import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from './cluster.js';
import { freePorts, isFree } from './freePorts.js';

/** Where the servers of a cluster listen, and where their proxies do; by server. */
export interface ClusterPorts {
  readonly own: readonly number[];
  readonly proxies: readonly number[];
}

/**
 * Free ports. State on disk belongs to the addresses of its cluster: the ports of the first run on a data directory are kept in
 * its `ports.json`, and taken again by the next.
 *
 * @throws ClusterError when they cannot be taken again
 */
export async function drawPorts(size: number, dataDir: string | undefined): Promise<ClusterPorts> {
  if (dataDir === undefined) return newPorts(size);
  const file = join(dataDir, 'ports.json');
  if (existsSync(file)) return keptPorts(file, size);
  const ports = await newPorts(size);
  try {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, `${JSON.stringify(ports)}\n`);
  } catch (error) {
    throw new ClusterError(`the data directory cannot be written: ${String(error)}`);
  }
  return ports;
}

async function newPorts(size: number): Promise<ClusterPorts> {
  const ports = await freePorts(2 * size);
  return { own: ports.slice(0, size), proxies: ports.slice(size) };
}

async function keptPorts(file: string, size: number): Promise<ClusterPorts> {
  const ports = readPorts(file);
  const { own, proxies } = ports;
  if (own.length !== size) {
    throw new ClusterError(
      `the data directory is of a cluster of ${own.length}, not of ${size} (${file}): give --servers ${own.length}, or another --data-dir`,
    );
  }
  for (const port of [...own, ...proxies]) {
    if (await isFree(port)) continue;
    throw new ClusterError(
      `port ${port} is taken, and the data directory is of a cluster that uses it (${file}): does another run use it still?`,
    );
  }
  return ports;
}

/** @throws ClusterError */
function readPorts(file: string): ClusterPorts {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isPorts(value)) return value;
  } catch (error) {
    throw new ClusterError(`${file} cannot be read: ${String(error)}`);
  }
  throw new ClusterError(`${file} does not hold the ports of a cluster`);
}

function isPorts(value: unknown): value is ClusterPorts {
  if (typeof value !== 'object' || value === null || !('own' in value) || !('proxies' in value)) return false;
  const { own, proxies } = value;
  return arePortNumbers(own) && arePortNumbers(proxies) && own.length === proxies.length;
}

function arePortNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((port) => Number.isInteger(port) && port > 0 && port < 65_536);
}
