/**
 * Which servers of a cluster hear each other, and which are crashed. Servers are named by their
 * part: 0 is the one that leads when the links break.
 */
export interface Shape {
  readonly name: string;
  readonly servers: number;
  readonly crashed: readonly number[];
  /** Whether what `from` sends arrives at `to`. */
  readonly arrives: (from: number, to: number) => boolean;
}

type Link = readonly [number, number];

/**
 * Cuts of connectivity that leave some servers connected to some others only, in both directions or
 * in one.
 */
export const shapes: readonly Shape[] = [
  twoWay('a bridge to two others', 4, [[0, 1], ...allOf(1, 3)]),
  twoWay('two bridges, one of them crashed', 5, [[0, 1], [0, 2], ...allOf(1, 4)], [2]),
  twoWay('two bridges, another one crashed', 5, [[0, 1], [0, 2], ...allOf(1, 4)], [3]),
  twoWay('two bridges', 7, [[0, 1], [0, 2], ...allOf(1, 6)]),
  twoWay('three bridges, one of them crashed', 7, [[0, 1], [0, 2], [0, 3], ...allOf(1, 6)], [3]),
  twoWay('a chain, the leader at its end', 3, [
    [0, 1],
    [1, 2],
  ]),
  twoWay('a star, the leader is a leaf', 5, starAround(1, 5)),
  ...[3, 5, 7].map((servers) => leaderHears('nobody', servers, [])),
  leaderHears('one of four', 5, [1]),
  leaderHears('two of six', 7, [1, 2]),
  {
    ...leaderHears('nobody', 7, []),
    name: 'the leader is heard and hears nobody, one crashed',
    crashed: [6],
  },
  {
    name: 'the leader hears all and is heard by one',
    servers: 5,
    crashed: [],
    arrives: (from, to) => from !== 0 || to === 1,
  },
];

/**
 * The servers that belong to a majority in which everybody is up and hears everybody else. One of
 * them must be able to lead.
 */
export function connectedMajority(shape: Shape): number[] {
  const parts = Array.from({ length: shape.servers }, (_, part) => part);
  const isJoined = (a: number, b: number): boolean => shape.arrives(a, b) && shape.arrives(b, a);
  const found = new Set<number>();
  for (let subset = 0; subset < 2 ** shape.servers; subset += 1) {
    const members = parts.filter((part) => (subset & (1 << part)) !== 0);
    if (2 * members.length <= shape.servers) continue;
    if (members.some((part) => shape.crashed.includes(part))) continue;
    if (members.every((a) => members.every((b) => a === b || isJoined(a, b))))
      for (const part of members) found.add(part);
  }
  return [...found].toSorted((a, b) => a - b);
}

function twoWay(
  name: string,
  servers: number,
  links: readonly Link[],
  crashed: readonly number[] = [],
): Shape {
  const arrives = (from: number, to: number): boolean =>
    links.some(([a, b]) => (a === from && b === to) || (a === to && b === from));
  return { name, servers, crashed, arrives };
}

/** All servers but the leader hear everybody. */
function leaderHears(whom: string, servers: number, heard: readonly number[]): Shape {
  return {
    name: `the leader is heard and hears ${whom}`,
    servers,
    crashed: [],
    arrives: (from, to) => to !== 0 || heard.includes(from),
  };
}

function allOf(first: number, last: number): Link[] {
  const links: Link[] = [];
  for (let a = first; a < last; a += 1) for (let b = a + 1; b <= last; b += 1) links.push([a, b]);
  return links;
}

function starAround(centre: number, servers: number): Link[] {
  return Array.from({ length: servers }, (_, part): Link => [centre, part]).filter(([a, b]) => a !== b);
}
