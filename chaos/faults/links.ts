import type { ServerId } from '../runRecord.js';

/** Of each server, those that it does not hear. */
export type Cuts = ReadonlyMap<ServerId, readonly ServerId[]>;

/** Servers hear each other when some group has both. A server in no group is a group of its own. */
export function partitionCuts(servers: readonly ServerId[], groups: readonly (readonly ServerId[])[]): Cuts {
  const together = (a: ServerId, b: ServerId): boolean =>
    a === b || groups.some((group) => group.includes(a) && group.includes(b));
  return new Map(
    servers.map((server) => [server, servers.filter((other) => !together(server, other))] as const),
  );
}

/** Two halves that have one server in common, and nothing else. */
export function bridgeGroups(servers: readonly ServerId[], bridge: ServerId): ServerId[][] {
  const others = servers.filter((server) => server !== bridge);
  const half = Math.ceil(others.length / 2);
  return [
    [...others.slice(0, half), bridge],
    [...others.slice(half), bridge],
  ];
}

/** As in "{0,1,2} | {3,4}". */
export function groupsText(groups: readonly (readonly ServerId[])[]): string {
  return groups.map((group) => `{${group.join(',')}}`).join(' | ');
}
