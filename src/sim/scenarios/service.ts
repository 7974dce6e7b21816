import { restart } from './restarts.js';
import type { Scenario } from './scenario.js';
import type { Setup } from './setup.js';
import { succeeded } from './calls.js';
import type { ScenarioWorld } from './stage.js';

const ROUNDS = 10;

/** What happens to the servers while the clients work. */
export interface Trouble {
  readonly partitions: boolean;
  readonly restarts: boolean;
}

/** Draws a division into two or three groups every second, and takes all servers down and up again. */
export async function workThrough(stage: ScenarioWorld, { partitions, restarts }: Trouble): Promise<void> {
  await stage.leader();
  stage.startClients();
  for (let round = 0; round < ROUNDS; round += 1) {
    if (partitions) {
      const shuffled = stage.some(stage.ids.length);
      const at = stage.random.between(1, stage.ids.length - 1);
      stage.split(shuffled.slice(0, at), shuffled.slice(at));
    }
    await stage.advanceBetween(200, 2_000);
    if (restarts) {
      const down = stage.some(stage.random.between(1, stage.ids.length));
      if (stage.random.chance(0.5)) restart(stage, ...down);
      else {
        stage.kill(...down);
        await stage.advanceBetween(0, 1_000);
        stage.start(...down);
      }
    }
    if (partitions && stage.random.chance(0.3)) stage.split();
  }
  stage.split();
  const before = stage.clientSuccesses;
  await stage.until('the clients go on', () => stage.clientSuccesses > before);
}

/** A service scenario: clients whose whole history is checked. */
function service(title: string, shows: string, setup: Setup, trouble: Trouble): Scenario {
  return {
    name: `service: ${title}`,
    shows,
    setup,
    play: (stage) => workThrough(stage, trouble),
  };
}

const calm: Trouble = { partitions: false, restarts: false };
const splitting: Trouble = { partitions: true, restarts: false };
const restarting: Trouble = { partitions: false, restarts: true };
const everything: Trouble = { partitions: true, restarts: true };
const many: readonly number[] = [5, 8];

/** The file service: the history of each run is linearizable. */
export const services: readonly Scenario[] = [
  service('one client', 'a single client reads what it wrote', { servers: [1, 3, 5], clients: [1] }, calm),
  service(
    'many clients',
    'clients that write the same files see one order of events',
    { servers: [1, 3, 5], clients: many, files: [1, 2] },
    calm,
  ),
  service(
    'unreliable network, many clients',
    'the same while messages between servers are lost, late and doubled',
    { servers: [3, 5], clients: many, network: 'unreliable' },
    calm,
  ),
  {
    name: 'service: partition',
    shows: 'calls to the minority wait, and those to the majority do not; after healing all are answered',
    setup: { servers: [5], clients: [3] },
    async play(stage) {
      stage.startClients();
      await stage.commit(5);
      await stage.advanceBetween(500, 2_000);
      const leader = await stage.leader();
      const [companion = leader] = stage.some(1, stage.othersThan(leader));
      stage.split([leader, companion], stage.othersThan(leader, companion));
      await stage.advance(50);
      const blocked = [stage.propose(leader), stage.read(leader)];
      const call = await stage.commit();
      stage.expect(succeeded(call), 'the majority goes on');
      await stage.advanceBetween(500, 5_000);
      stage.expect(
        blocked.every(({ outcome }) => outcome === null),
        'nobody is answered without a majority',
      );
      stage.split();
      await stage.answers(blocked);
      const before = stage.clientSuccesses;
      await stage.until('the clients go on', () => stage.clientSuccesses > before);
    },
  },
  service(
    'many partitions, one client',
    'a client works on through ten divisions of the network',
    { servers: [3, 5, 7], clients: [1] },
    splitting,
  ),
  service(
    'many partitions, many clients',
    'clients on all sides of ten divisions see one order of events',
    { servers: [3, 5, 7], clients: many },
    splitting,
  ),
  service(
    'restarts, one client',
    'a client works on through restarts of some and of all servers',
    { servers: [1, 3, 5], clients: [1] },
    restarting,
  ),
  service(
    'restarts, many clients',
    'nothing that clients were told is lost in restarts of some and of all servers',
    { servers: [1, 3, 5], clients: many },
    restarting,
  ),
  service(
    'unreliable network, restarts, many clients',
    'the same while messages between servers are lost, late and doubled',
    { servers: [3, 5], clients: many, network: 'unreliable' },
    restarting,
  ),
  service(
    'restarts, partitions, many clients',
    'restarts while the network is divided',
    { servers: [3, 5], clients: many },
    everything,
  ),
  service(
    'unreliable network, restarts, partitions, many clients',
    'restarts while the network is divided and loses messages',
    { servers: [3, 5], clients: many, network: 'unreliable' },
    everything,
  ),
  service(
    'all together',
    'fifteen clients and seven servers, with everything that can go wrong',
    { servers: [7], clients: [15], network: 'unreliable', files: [3, 5] },
    everything,
  ),
];
