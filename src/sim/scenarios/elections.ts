import type { Scenario } from './scenario.js';

/** Section 5.2 of the paper, seen from outside. */
export const elections: readonly Scenario[] = [
  {
    name: 'elections: initial election',
    shows: 'one server leads, all are in its term, and without faults both stay as they are',
    setup: { servers: [1, 2, 3, 4, 5, 6, 7] },
    async play(stage) {
      const leader = await stage.leader();
      const term = stage.termOf(leader);
      await stage.advanceBetween(1_000, 10_000);
      stage.expect((await stage.leader()) === leader, 'the leader stays');
      for (const id of stage.ids) stage.expect(stage.termOf(id) === term, 'the term stays', `server ${id}`);
      stage.expect(stage.elections === 1, 'one election is enough');
    },
  },
  {
    name: 'elections: re-election',
    shows:
      'a leader that is cut off is replaced; when it rejoins it follows, and deposes nobody; without a majority nobody is elected',
    setup: { servers: [3, 4, 5, 7] },
    async play(stage) {
      const first = await stage.leader();
      stage.cut(first);
      const second = await stage.leader();
      stage.expect(stage.termOf(second) > stage.termOf(first), 'each leader has a term of its own');
      stage.rejoin(first);
      await stage.until(
        'the old leader follows',
        () => stage.termOf(first) === stage.termOf(second) && !stage.leads(first),
      );
      stage.expect((await stage.leader()) === second, 'the old leader deposes nobody');

      const rest = stage.some(stage.ids.length - stage.majority, stage.othersThan(second));
      stage.cut(second, ...rest);
      const elections = stage.elections;
      await stage.advanceBetween(2_000, 8_000);
      stage.expect(stage.elections === elections, 'nobody is elected without a majority');
      stage.rejoin(...rest);
      await stage.leader();
      stage.rejoin(second);
      await stage.leader();
    },
  },
  {
    name: 'elections: a follower that rejoins',
    shows: 'a follower that was alone for long, and would have liked to lead, deposes nobody when it is back',
    setup: { servers: [3, 4, 5, 7] },
    async play(stage) {
      await stage.commit(stage.ids.length);
      const leader = await stage.leader();
      const term = stage.termOf(leader);
      for (let round = 0; round < 5; round += 1) {
        const alone = stage.some(stage.ids.length - stage.majority, stage.othersThan(leader));
        stage.cut(...alone);
        await stage.advanceBetween(500, 5_000);
        stage.rejoin(...alone);
        await stage.advanceBetween(1_500, 3_000);
      }
      stage.expect((await stage.leader()) === leader, 'the leader stays');
      stage.expect(stage.termOf(leader) === term, 'the term stays');
    },
  },
  {
    name: 'elections: many elections',
    shows: 'of seven servers three drawn ones are cut off, again and again, and there is a leader each time',
    setup: { servers: [7] },
    async play(stage) {
      await stage.leader();
      for (let round = 0; round < 10; round += 1) {
        const cut = stage.some(3);
        stage.cut(...cut);
        await stage.leader();
        await stage.advanceBetween(0, 500);
        stage.rejoin(...cut);
      }
      await stage.leader();
    },
  },
  {
    name: 'elections: a leader that dies',
    shows: 'by the closing of its connections its followers know at once, and one election is enough',
    setup: { servers: [3, 4, 5, 7, 10] },
    async play(stage) {
      stage.setNetwork('reliable');
      for (let round = 0; round < 4; round += 1) {
        const leader = await stage.leader();
        await stage.advanceBetween(500, 2_000);
        const [term, elections] = [stage.termOf(leader), stage.elections];
        const isKilled = stage.some(1, [0, 1])[0] === 0;
        if (isKilled) stage.kill(leader);
        else stage.crash(leader);
        const next = await stage.leader(FAILOVER_MS);
        stage.expect(stage.termOf(next) === term + 1, 'one new term is enough', `term ${stage.termOf(next)}`);
        await stage.advanceBetween(500, 1_000);
        stage.expect(stage.elections === elections + 1, 'one election is enough');
        if (isKilled) stage.start(leader);
        else stage.restore(leader);
        await stage.advanceBetween(500, 1_000);
      }
    },
  },
  {
    name: 'elections: connections that break',
    shows: 'a connection that breaks is no evidence while the server behind it answers: nobody is elected',
    setup: { servers: [3, 4, 5, 7] },
    async play(stage) {
      stage.setNetwork('reliable');
      const leader = await stage.leader();
      const [term, elections] = [stage.termOf(leader), stage.elections];
      for (let round = 0; round < 50; round += 1) {
        stage.reset(stage.some(1)[0] ?? leader);
        if (round % 3 === 0) stage.reset(leader);
        await stage.advanceBetween(0, 300);
      }
      await stage.advance(3_000);
      stage.expect(stage.elections === elections, 'nobody is elected');
      stage.expect(
        (await stage.leader()) === leader && stage.termOf(leader) === term,
        'the leader and its term stay',
      );
    },
  },
];

/** Some turns of the followers, and a few exchanges. */
const FAILOVER_MS = 400;
