import type { NodeId } from '../../raft/types.js';
import { linksOf, partition, type Action } from './actions.js';
import type { History } from './history.js';
import type { Flight, ServerPicture } from './view.js';
import type { World } from './world.js';

/** So much may happen in one wait of a script, about ten seconds of a cluster of five. */
const EVENTS_MAX = 8000;
/** An election is decided within so many events, about 0.4 seconds of a cluster of five. */
const ROUND_EVENTS = 250;
/** Calls that touch in time could be in either order. */
const BETWEEN_CALLS_MS = 20;

export function leaderIn(world: World): ServerPicture | undefined {
  return world
    .views()
    .filter(({ role, condition }) => role === 'leader' && condition === 'running')
    .sort((a, b) => b.term - a.term)[0];
}

/** Plays a run by a recipe. It ends by itself once a property is broken: whatever follows changes nothing. */
export class Script {
  constructor(readonly history: History) {}

  get world(): World {
    return this.history.world;
  }

  get isOver(): boolean {
    return this.world.violation !== undefined;
  }

  act(...actions: readonly Action[]): this {
    if (!this.isOver) for (const action of actions) this.history.act(action);
    return this;
  }

  until(holds: (world: World) => boolean, eventsMax = EVENTS_MAX): this {
    this.history.until((world) => this.isOver || holds(world), eventsMax);
    return this;
  }

  wait(ms: number): this {
    const end = this.world.nowMs + ms;
    return this.until(({ nowMs }) => nowMs >= end);
  }

  /** Waits until a leader has its entry on all servers that it reaches; returns its id, or 0 when there is none. */
  leader(): NodeId {
    this.until((world) => {
      const leader = leaderIn(world);
      return leader !== undefined && leader.lastApplied === leader.lastIndex;
    });
    return leaderIn(this.world)?.id ?? 0;
  }

  /** Lets a server time out until it leads. */
  elect(server: NodeId): this {
    const leads = (world: World): boolean => leaderIn(world)?.id === server;
    for (let attempt = 0; attempt < 4 && !leads(this.world); attempt += 1) {
      this.act({ kind: 'timeout', server });
      this.until(leads, ROUND_EVENTS);
    }
    return this;
  }

  request(server: NodeId, client = 0): this {
    return this.act({ kind: 'request', server, client });
  }

  read(server: NodeId, client = 0): this {
    return this.act({ kind: 'read', server, client });
  }

  /** Waits until the last call is answered, and a little longer. */
  answered(): this {
    return this.until(({ calls }) => calls.all.at(-1)?.outcome !== 'waiting', 3000).wait(BETWEEN_CALLS_MS);
  }

  /** Waits until all servers that are there hold the same, and have applied it. */
  settled(): this {
    return this.settledBut(-1);
  }

  /** The same without one of them. */
  settledBut(server: NodeId): this {
    return this.until((world) => {
      const all = world.views().filter(({ condition, id }) => condition === 'running' && id !== server);
      return all.every(
        ({ lastIndex, lastApplied }) => lastApplied === lastIndex && lastIndex === all[0]?.lastIndex,
      );
    });
  }

  stop(...servers: readonly NodeId[]): this {
    return this.act(...servers.map((server) => ({ kind: 'stop', server }) as const));
  }

  start(...servers: readonly NodeId[]): this {
    return this.act(...servers.map((server) => ({ kind: 'start', server }) as const));
  }

  cutOff(server: NodeId): this {
    return this.act(...linksOf('cut', server, this.ids));
  }

  heal(server: NodeId): this {
    return this.act(...linksOf('heal', server, this.ids));
  }

  divide(...side: readonly NodeId[]): this {
    return this.act(...partition('cut', side, this.ids.length));
  }

  /** Does something to all messages under way that are of this kind. */
  each(kind: 'drop' | 'hold' | 'release' | 'forward', isMeant: (flight: Flight) => boolean): this {
    const numbers = this.world.flights.filter(isMeant).map(({ number }) => number);
    return this.act(...numbers.map((message) => ({ kind, message }) as const));
  }

  /** The servers but for these, in order of their numbers. */
  others(...but: readonly NodeId[]): NodeId[] {
    return this.ids.filter((id) => !but.includes(id));
  }

  private get ids(): NodeId[] {
    return this.world.views().map(({ id }) => id);
  }
}
