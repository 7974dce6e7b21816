import type { NodeId } from '../../raft/types.js';
import type { Shape } from '../shapes.js';
import type { Scenario } from './scenario.js';
import type { ScenarioWorld } from './stage.js';

/** Whether the leader, for whom there is no need to go, stays. */
type Fate = 'stays' | 'goes';

/** So long a connected majority may be without a leader. */
const LEADER_WITHIN_MS = 5_000;

/** Servers in a drawn order, the leader at one place. */
function orderOf(stage: ScenarioWorld, leader: NodeId, place: number): NodeId[] {
  const others = stage.some(stage.ids.length - 1, stage.othersThan(leader));
  return [...others.slice(0, place), leader, ...others.slice(place)];
}

/**
 * Lays a shape around the present leader, who waits in it with a call. Within the time allowed somebody leads who
 * reaches a majority, and commits; that goes on for a drawn time. After healing the call is answered.
 */
async function serveIn(
  stage: ScenarioWorld,
  shapeOf: (leader: NodeId) => Shape,
  fate: Fate,
  down = 0,
): Promise<void> {
  await stage.commit(stage.ids.length);
  const old = await stage.leader();
  const shape = shapeOf(old);
  const crashed = shape.order.slice(shape.order.length - down);
  for (const id of crashed) stage.crash(id);
  stage.shape(shape);
  const waiting = stage.propose(old);
  const cutAt = stage.nowMs;
  await stage.leader(LEADER_WITHIN_MS);
  await stage.commit(stage.majority);
  stage.expect(
    stage.nowMs - cutAt <= 2 * LEADER_WITHIN_MS,
    'a connected majority commits soon',
    `${stage.nowMs - cutAt} ms`,
  );
  const endsAt = stage.nowMs + stage.random.between(8_000, 30_000);
  const first = await stage.leader(LEADER_WITHIN_MS);
  const term = stage.termOf(first);
  stage.expect(fate === 'goes' || first === old, 'a leader who reaches a majority stays', `${first} leads`);
  while (stage.nowMs < endsAt) {
    await stage.commit(stage.majority);
    await stage.advanceBetween(200, 1_000);
  }
  const last = await stage.leader(LEADER_WITHIN_MS);
  stage.expect(
    last === first && stage.termOf(last) === term,
    'the new leader stays',
    `${first}, then ${last}`,
  );
  stage.shape(null);
  for (const id of crashed) stage.restore(id);
  await stage.answers([waiting]);
}

/** A majority without the old leader reaches itself; the old leader reaches `over` of it, and the last ones are down. */
function bridged(stage: ScenarioWorld, over: number, down: number): Promise<void> {
  const shapeOf = (leader: NodeId): Shape => {
    return { order: orderOf(stage, leader, 0), leaderAt: null, kind: 'bridges', group: 1, over };
  };
  return serveIn(stage, shapeOf, 'goes', down);
}

/** The old leader is heard or hears in these directions only, given as places in the order; it is at place 0. */
function closing(
  closed: (places: readonly number[]) => [number, number][],
): (stage: ScenarioWorld) => Promise<void> {
  return (stage) =>
    serveIn(
      stage,
      (leader) => {
        const places = stage.ids.filter((place) => place > 0);
        return { order: orderOf(stage, leader, 0), leaderAt: null, kind: 'oneWay', closed: closed(places) };
      },
      'goes',
    );
}

/** All reach the server in the middle and nobody else; the leader has no place in it. */
async function constrain(stage: ScenarioWorld, isBehind: boolean): Promise<void> {
  await stage.commit(stage.ids.length);
  const old = await stage.leader();
  const [middle = 0] = stage.some(1, stage.othersThan(old));
  if (isBehind) {
    stage.cut(middle);
    const call = await stage.commit(stage.ids.length - 1);
    stage.expect(!stage.holds(middle, call), 'the server in the middle lacks an entry');
  }
  const order = [middle, ...stage.othersThan(middle)];
  stage.shape({ order, leaderAt: null, kind: 'star' });
  stage.rejoin(middle);
  stage.crash(old);
  const { elections } = stage;
  if (isBehind) {
    await stage.advanceBetween(8_000, 30_000);
    stage.expect(stage.elections === elections, 'nobody leads who lacks what is committed');
  } else stage.expect((await stage.leader(LEADER_WITHIN_MS)) === middle, 'the server in the middle leads');
  stage.shape(null);
  stage.restore(old);
  await stage.leader(LEADER_WITHIN_MS);
  await stage.commit(stage.ids.length);
}

const chain = (stage: ScenarioWorld, place: number) => (leader: NodeId) =>
  ({ order: orderOf(stage, leader, place), leaderAt: null, kind: 'chain' }) as const;
const star = (stage: ScenarioWorld, place: number) => (leader: NodeId) =>
  ({ order: orderOf(stage, leader, place), leaderAt: null, kind: 'star' }) as const;

/** Networks in which not everybody reaches everybody; the first ones are those of the paper on Omni-Paxos (section 2). */
export const partialConnectivity: readonly Scenario[] = [
  {
    name: 'partial connectivity: quorum loss',
    shows:
      'all reach one follower and nobody else, so the leader has lost its majority: the one in the middle is elected',
    setup: { servers: [3, 5, 7] },
    condition: 'shapes',
    play: (stage) => serveIn(stage, star(stage, 1), 'goes'),
  },
  {
    name: 'partial connectivity: constrained election',
    shows:
      'the only server that reaches a majority lacks a committed entry: nobody can lead, nothing is lost, and healing ends it',
    setup: { servers: [5, 7] },
    condition: 'shapes',
    play: (stage) => constrain(stage, true),
  },
  {
    name: 'partial connectivity: constrained election, nothing missing',
    shows: 'the only server that reaches a majority has all that the others have, and is elected',
    setup: { servers: [5, 7] },
    condition: 'shapes',
    play: (stage) => constrain(stage, false),
  },
  {
    name: 'partial connectivity: chained',
    shows:
      'two servers have lost each other and both reach the third: the leader stays, in its term, and serves',
    setup: { servers: [3] },
    condition: 'shapes',
    play: (stage) => serveIn(stage, chain(stage, 0), 'stays'),
  },
  {
    name: 'partial connectivity: chained, five servers',
    shows: 'a leader who is not at the end of a chain of five reaches a majority, and stays',
    setup: { servers: [5] },
    condition: 'shapes',
    play: (stage) => serveIn(stage, chain(stage, stage.random.pick([1, 2, 3])), 'stays'),
  },
  {
    name: 'partial connectivity: chained, the leader at the end',
    shows:
      'at the end of a chain of five a leader has lost its majority; one of the three in the middle leads',
    setup: { servers: [5] },
    condition: 'shapes',
    play: (stage) => serveIn(stage, chain(stage, 0), 'goes'),
  },
  {
    name: 'partial connectivity: the leader in the middle',
    shows: 'all reach the leader and nobody else: it stays, and serves',
    setup: { servers: [3, 4, 5, 6, 7] },
    condition: 'shapes',
    play: (stage) => serveIn(stage, star(stage, 0), 'stays'),
  },
  {
    name: 'partial connectivity: a bridge to the old leader',
    shows: 'the leader reaches a minority, without which the others, who are a majority with it, are none',
    setup: { servers: [4, 5, 6, 7] },
    condition: 'shapes',
    play: (stage) => bridged(stage, stage.ids.length - stage.majority, 0),
  },
  {
    name: 'partial connectivity: bridges, and one server down',
    shows: 'the same with one of the others down',
    setup: { servers: [5, 7] },
    condition: 'shapes',
    play: (stage) => bridged(stage, stage.ids.length - stage.majority - 1, 1),
  },
  {
    name: 'partial connectivity: a leader who hears nobody',
    shows: 'all hear the leader and it hears nobody: another one leads',
    setup: { servers: [3, 5, 7] },
    condition: 'shapes',
    play: closing((others) => others.map((from) => [from, 0])),
  },
  {
    name: 'partial connectivity: a leader who hears one of many',
    shows: 'all hear the leader and it hears one of them, which is no majority: another one leads',
    setup: { servers: [4, 5, 7] },
    condition: 'shapes',
    play: closing((others) => others.slice(1).map((from) => [from, 0])),
  },
  {
    name: 'partial connectivity: a leader whom nobody hears',
    shows: 'the leader hears all and nobody hears it: another one leads',
    setup: { servers: [3, 5, 7] },
    condition: 'shapes',
    play: closing((others) => others.map((to) => [0, to])),
  },
];
