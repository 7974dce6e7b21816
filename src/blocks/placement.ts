/** Servers that keep each block, where there are so many. */
export const COPIES = 2;

/**
 * The servers in the order in which they are asked to keep a block (rendezvous hashing): each has a weight for the
 * block, and the heaviest come first. A server that comes or goes changes the order of no two others.
 *
 * @param hash the block's key
 */
export function placementOf(hash: string, servers: readonly number[]): number[] {
  return servers
    .map((server) => ({ server, weight: weightOf(hash, server) }))
    .sort((a, b) => b.weight - a.weight || a.server - b.server)
    .map(({ server }) => server);
}

/** A key is random already, so mixing a part of it with the number of the server is enough. */
function weightOf(hash: string, server: number): number {
  let mixed = parseInt(hash.slice(0, 8), 16) ^ Math.imul(server + 1, 0x9e3779b9);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
