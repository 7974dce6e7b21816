import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Prng } from '../../src/sim/prng.js';

/** All files of a directory and those below it, by their paths within it, in order. */
export function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort();
}

/** Does one damage to one file of the directory; says which. */
export function damageOneFile(directory: string, random: Prng): string {
  const name = random.pick(filesOf(directory));
  const path = join(directory, name);
  const { size } = statSync(path);
  const draw = random.next();
  if (draw < 0.1) {
    rmSync(path);
    return `${name} deleted`;
  }
  if (draw < 0.4 || size === 0) {
    const length = random.between(0, Math.max(0, size - 1));
    truncateSync(path, length);
    return `${name} cut from ${size} to ${length} bytes`;
  }
  return flipBit(path, name, random.between(0, size * 8 - 1));
}

function flipBit(path: string, name: string, bit: number): string {
  const bytes = readFileSync(path);
  const at = Math.floor(bit / 8);
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit % 8)), at);
  writeFileSync(path, bytes);
  return `${name} bit ${bit % 8} of byte ${at} flipped`;
}
