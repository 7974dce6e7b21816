import { partition } from './actions.js';
import { History } from './history.js';
import { Script } from './script.js';
import type { WorldSetup } from './setup.js';
import type { Flight } from './view.js';

/** A run that brings a bug to light; a cluster without the bug survives it. */
interface Recipe {
  /** The run in words. */
  readonly text: string;
  readonly setup: Omit<WorldSetup, 'bug'>;
  play(script: Script): void;
}

const five: Recipe['setup'] = { seed: 21, servers: 5, mode: 'paper' };

const isFrom =
  (server: number) =>
  ({ message: { from } }: Flight): boolean =>
    from === server;

/** Server 0 leads and gets requests that reach nobody; then server 1 is elected by the others. */
function isolatedLeader(script: Script, requests: number): Script {
  script.elect(0).settled().cutOff(0);
  for (let count = 0; count < requests; count += 1) script.request(0);
  script.elect(1).leader();
  return script;
}

/** Server 0 leads, and server 4 misses a write. */
function laggard(script: Script): Script {
  return script.elect(0).settled().cutOff(4).request(0).answered().heal(4);
}

export const recipes: Readonly<Record<string, Recipe>> = {
  'votes-twice': {
    text: 'Two servers time out at the same moment.',
    setup: five,
    play: (script) => {
      script.act({ kind: 'timeout', server: 0 }, { kind: 'timeout', server: 1 }).wait(500);
    },
  },
  'forgets-vote': {
    text: 'Server 0 is elected and stops; its voters restart, and server 1, which has heard of nothing, asks for their votes in the same term.',
    setup: five,
    play: (script) => {
      script.act({ kind: 'cut', from: 0, to: 1 }).elect(0).stop(0, 2, 3).start(2, 3);
      script.act({ kind: 'timeout', server: 1 }).wait(500);
    },
  },
  'vote-before-disk': {
    text: 'An election.',
    setup: five,
    play: (script) => {
      script.elect(0);
    },
  },
  'minority-elects': {
    text: 'Servers 0 and 1 are cut off from the others, and both sides elect.',
    setup: five,
    play: (script) => {
      script.divide(0, 1).act({ kind: 'timeout', server: 0 }, { kind: 'timeout', server: 2 }).wait(500);
    },
  },
  'votes-for-old-logs': {
    text: 'Server 4 misses a write, comes back, and times out.',
    setup: five,
    play: (script) => {
      laggard(script).elect(4);
    },
  },
  'longer-log-wins': {
    text: 'A leader that is cut off collects requests that nobody else gets, comes back, and times out.',
    setup: five,
    play: (script) => {
      isolatedLeader(script, 3).stop(1).heal(0).wait(300).elect(0);
    },
  },
  'newer-term-wins': {
    text: 'Server 4 misses a write of the term that it knows, comes back, and times out.',
    setup: five,
    play: (script) => {
      laggard(script).act({ kind: 'timeout', server: 4 }).wait(400);
    },
  },
  'no-consistency-check': {
    text: 'A leader that is cut off collects requests; two leaders later its log is repaired.',
    setup: five,
    play: (script) => {
      isolatedLeader(script, 3).request(1).answered().settledBut(0).stop(1).elect(2).leader();
      script.heal(0).wait(2500);
    },
  },
  'new-term-on-old-entries': {
    text: 'A leader is replaced before its entry is on a majority; its successor brings it to the others.',
    setup: five,
    play: (script) => {
      script.elect(0).settled().divide(0, 1).request(0);
      script.until((world) => world.views()[1]?.lastIndex === 2).stop(0);
      script
        .act(...partition('heal', [0, 1], 5))
        .elect(1)
        .wait(1500);
    },
  },
  'keeps-conflicts': {
    text: 'A leader that is cut off collects a request, and comes back when there is another leader.',
    setup: five,
    play: (script) => {
      isolatedLeader(script, 1).heal(0).wait(1500);
    },
  },
  'truncates-always': {
    text: 'An append is held back, and arrives after the ones that followed it.',
    setup: five,
    play: (script) => {
      const isAppend = ({ message }: Flight): boolean =>
        message.type === 'appendEntries' && message.to === 4 && message.entries.length > 0;
      script.elect(0).settled().request(0);
      script.until(({ flights }) => flights.some(isAppend)).each('hold', isAppend);
      script.answered().request(0).answered().settled().each('release', isAppend).wait(300);
    },
  },
  'tidy-leader': {
    text: 'Two requests, one right after the other.',
    setup: five,
    play: (script) => {
      script.elect(0).settled().request(0).request(0, 1).wait(500);
    },
  },
  'leader-obeys-follower': {
    text: 'A server that was stopped comes back under another leader and lacks an entry.',
    setup: five,
    play: (script) => {
      script.elect(0).settled().stop(4).request(0).answered().stop(0).elect(1).leader();
      script.start(4).wait(1500);
    },
  },
  'commits-old-terms': {
    text: 'Figure 8: an entry of the first leader gets to a majority under its second term; then server 4, which has never seen it, is elected.',
    setup: five,
    play: (script) => {
      script.elect(0).settled().divide(0, 1).request(0);
      script.until((world) => world.views()[1]?.lastIndex === 2).stop(0);
      script.act(...partition('heal', [0, 1], 5)).elect(4);
      script
        .until((world) => world.views()[4]?.durable === 2)
        .each('drop', isFrom(4))
        .stop(4);
      script.start(0).elect(0);
      script
        .until(({ committedCount }) => committedCount >= 2, 3000)
        .each('drop', isFrom(0))
        .stop(0);
      script.start(4).elect(4);
    },
  },
  'alone-is-enough': {
    text: 'A leader is elected and opens its term.',
    setup: five,
    play: (script) => {
      script.elect(0).wait(300);
    },
  },
  'ack-before-disk': {
    text: 'A leader is elected, and its first entry is acknowledged.',
    setup: five,
    play: (script) => {
      script.elect(0).wait(300);
    },
  },
  'commits-unchecked': {
    text: 'A leader that is cut off collects a request, and comes back when another entry has been committed in that place.',
    setup: five,
    play: (script) => {
      isolatedLeader(script, 1).heal(0).wait(1500);
    },
  },
  'applies-twice': {
    text: 'A request.',
    setup: five,
    play: (script) => {
      script.elect(0).request(0).answered();
    },
  },
  'applies-the-last': {
    text: 'A server that was stopped catches up with three writes.',
    setup: five,
    play: (script) => {
      script.elect(0).settled().stop(4);
      for (const client of [0, 1, 2]) script.request(0, client).answered();
      script.start(4).wait(1500);
    },
  },
  'own-opinion': {
    text: 'A request.',
    setup: five,
    play: (script) => {
      script.elect(1).request(1).answered().settled();
    },
  },
  'early-answer': {
    text: 'A leader that is cut off gets a write; the other servers elect another one, which is read from.',
    setup: five,
    play: (script) => {
      isolatedLeader(script, 1).read(1, 1).answered();
    },
  },
  'reads-alone': {
    text: 'A leader is cut off and replaced; a client writes to the new one, and another reads from the old one.',
    setup: five,
    play: (script) => {
      isolatedLeader(script, 0).request(1).answered().read(0, 1).answered();
    },
  },
  'reads-too-soon': {
    text: 'A leader stops right after it has answered a write; its successor does not know yet that the entry is committed, and is read from.',
    setup: five,
    play: (script) => {
      script.elect(0).settled().request(0).answered().each('drop', isFrom(0)).stop(0);
      const heir = script.world.views().find(({ id, lastIndex }) => id !== 0 && lastIndex === 2)?.id ?? 1;
      const isAppend = ({ message }: Flight): boolean => message.type === 'appendEntries';
      script.elect(heir).each('hold', isAppend).read(heir, 1).answered();
    },
  },
  'forgets-sessions': {
    text: 'Client A opens a session and writes, client B writes after it, and A, which has not got its answer, tries again.',
    setup: five,
    play: (script) => {
      script.elect(0).settled();
      for (const [kind, client] of [
        ['session', 0],
        ['request', 0],
        ['request', 1],
        ['retry', 0],
        ['read', 1],
      ] as const)
        script.act({ kind, server: 0, client }).answered();
    },
  },
};

/** @throws Error when the bug has no recipe */
export function recipeFor(bug: string): Recipe {
  const recipe = recipes[bug];
  if (recipe === undefined) throw new Error(`nothing shows the bug "${bug}"`);
  return recipe;
}

/** Plays the recipe of a bug, with the bug or without it. */
export function cook(bug: string, isPlanted: boolean): History {
  const recipe = recipeFor(bug);
  const history = new History(isPlanted ? { ...recipe.setup, bug } : recipe.setup);
  recipe.play(new Script(history));
  return history;
}
