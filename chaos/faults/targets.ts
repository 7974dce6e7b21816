import type { Prng } from '../../src/sim/prng.js';
import type { ServerId } from '../runRecord.js';
import type { Target } from '../scenarios/scenario.js';

/** The servers to choose from when a step is due. */
interface Choice {
  readonly servers: readonly ServerId[];
  readonly up: readonly ServerId[];
  /** Undefined: nobody leads. */
  readonly leader: ServerId | undefined;
  readonly oldLeader: ServerId | undefined;
}

/** The servers that are meant, in order of their ids; empty when there are none such. */
export function serversMeant(target: Target, choice: Choice, prng: Prng): ServerId[] {
  const { servers, up, leader, oldLeader } = choice;
  const majority = Math.floor(servers.length / 2) + 1;
  const followers = up.filter((server) => server !== leader);
  const draw = (from: readonly ServerId[], count: number): ServerId[] =>
    prng
      .shuffle(from)
      .slice(0, Math.max(0, count))
      .sort((a, b) => a - b);
  switch (target) {
    case 'leader':
      return leader === undefined ? [] : [leader];
    case 'oldLeader':
      return oldLeader === undefined ? [] : [oldLeader];
    case 'follower':
      return draw(followers, 1);
    case 'spareFollowers':
      return draw(followers, up.length - majority);
    case 'enoughFollowers':
      return draw(followers, up.length - majority + 1);
    case 'minority':
      return draw(up, servers.length - majority);
    case 'majority':
      return draw(up, majority);
    case 'all':
      return [...servers];
    default:
      return servers.includes(target) ? [target] : [];
  }
}
