import type { NodeId } from '../raft/types.js';
import type { Prng } from './prng.js';

/**
 * A form of the network that is not just two sides. `order` has every server once; whoever leads when it begins takes place
 * `leaderAt` in it, and leaves its own place to the one that was there (null: all stay where they are).
 */
export type Shape = { readonly order: readonly NodeId[]; readonly leaderAt: number | null } &
  /** Each server reaches its neighbours in the order; in a ring the last and the first are neighbours, too. */
  (
    | { readonly kind: 'chain' | 'ring' }
    /** All reach the first one, and nobody else. */
    | { readonly kind: 'star' }
    /** The first `group` servers reach each other and the next `over` ones; all others reach each other. */
    | { readonly kind: 'bridges'; readonly group: number; readonly over: number }
    /** All reach each other, but nothing passes in these directions, given as places in the order. */
    | { readonly kind: 'oneWay'; readonly closed: readonly (readonly [from: number, to: number])[] }
  );

/** Whether messages pass from one server to another; `leader`: who leads as the shape begins. */
export function passesIn(shape: Shape, leader: NodeId | undefined): (from: NodeId, to: NodeId) => boolean {
  const order = ordered(shape, leader);
  return (from, to) => passesBetween(shape, order.indexOf(from), order.indexOf(to));
}

function ordered({ order, leaderAt }: Shape, leader: NodeId | undefined): NodeId[] {
  const places = [...order];
  if (leaderAt === null || leader === undefined) return places;
  const moved = places[leaderAt];
  if (moved === undefined) return places;
  places[places.indexOf(leader)] = moved;
  places[leaderAt] = leader;
  return places;
}

function passesBetween(shape: Shape, from: number, to: number): boolean {
  const distance = Math.abs(from - to);
  switch (shape.kind) {
    case 'chain':
      return distance === 1;
    case 'ring':
      return distance === 1 || distance === shape.order.length - 1;
    case 'star':
      return from === 0 || to === 0;
    case 'bridges': {
      const [low, high] = [Math.min(from, to), Math.max(from, to)];
      return low >= shape.group || high < shape.group + shape.over;
    }
    case 'oneWay':
      return !shape.closed.some(([closedFrom, closedTo]) => closedFrom === from && closedTo === to);
  }
}

/** A shape for at least three servers. */
export function drawShape(random: Prng, servers: number): Shape {
  const order = random.shuffle(Array.from({ length: servers }, (_, id) => id));
  const leaderAt = random.pick([0, 0, 0, 1, null]);
  const places = { order, leaderAt };
  const kind = random.pick(['chain', 'ring', 'star', 'bridges', 'bridges', 'oneWay'] as const);
  switch (kind) {
    case 'chain':
    case 'ring':
    case 'star':
      return { ...places, kind };
    case 'bridges': {
      const group = random.between(1, Math.max(1, Math.floor((servers - 1) / 2)));
      return { ...places, kind, group, over: random.between(1, Math.min(2, servers - group)) };
    }
    case 'oneWay':
      return { ...places, kind, closed: drawClosed(random, servers) };
  }
}

/** The first server is not heard, hears nobody, or hears one; or any directions are closed. */
function drawClosed(random: Prng, servers: number): [number, number][] {
  const others = Array.from({ length: servers - 1 }, (_, index) => index + 1);
  switch (random.pick(['unheard', 'deaf', 'hearsOne', 'any'] as const)) {
    case 'unheard':
      return others.map((to) => [0, to]);
    case 'deaf':
      return others.map((from) => [from, 0]);
    case 'hearsOne':
      return others.slice(1).map((from) => [from, 0]);
    case 'any': {
      const all = [0, ...others].flatMap((from) => [0, ...others].map((to): [number, number] => [from, to]));
      const share = random.pick([0.1, 0.25, 0.5]);
      return all.filter(([from, to]) => from !== to && random.chance(share));
    }
  }
}
