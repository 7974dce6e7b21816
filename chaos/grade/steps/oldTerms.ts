import { setTimeout as sleep } from 'node:timers/promises';
import type { Subject } from '../subject/subject.js';
import { StepEnded, type Lab } from './lab.js';
import type { Step } from './step.js';

/** Until an entry that cannot be committed has reached those that it can reach: two heartbeats of half a second. */
const SPREAD_MS = 1_100;
const SETTLE_MS = 1_500;
const PATIENCE_MS = 20_000;

/**
 * Figure 8 of the paper, brought about by six crashes. In the log of each server, `a` of term 1 and `b` of term 2:
 *
 *     server      after 1.   after 2.   after 3.    after 4.
 *     first       [a]        [a]        [a] leads   crashed
 *     second      [a]        [a]        [a]         crashed
 *     third       []         [b]        crashed     [b] leads
 *     fourth      []         []         [a]         [b]
 *     fifth       []         []         crashed     [b]
 *
 * After 3. `a` is on a majority, and a server that counts commits it; after 4. it is gone. `a` and `b` are updates of
 * different files, so that the version of the one file shows it.
 */
export const oldTerms: Step = {
  title: 'Figure 8 of the paper',
  judges: ['old-terms'],
  async perform(lab, verdicts) {
    const first = await lab.settle();
    const [second, ...others] = lab.followersOf(first);
    if (second === undefined || others.length !== 3) throw new StepEnded('Figure 8 needs five servers.');
    const [fileA, fileB] = [lab.newFile(), lab.newFile()];

    lab.say('1. the first leader reaches one other server only');
    await crash(others);
    // Nobody waits for the answer: it ends when its server is crashed.
    void first.update(fileA, 1, ['a'], PATIENCE_MS);
    await sleep(SPREAD_MS);
    await crash([first, second]);

    lab.say('2. one of the others leads, and reaches nobody');
    await restore(others);
    const third = (await lab.leader((id) => others.some((other) => other.id === id)))?.leader;
    if (third === undefined) throw new StepEnded('None of the three servers that were restored led.');
    const [fourth, fifth] = others.filter(({ id }) => id !== third.id);
    if (fourth === undefined || fifth === undefined) throw new StepEnded('Figure 8 needs five servers.');
    await sleep(300);
    await crash([fourth, fifth]);
    void third.update(fileB, 1, ['b'], PATIENCE_MS);
    await sleep(300);
    await crash([third]);

    lab.say('3. a server with the entry of the first leader leads again, and a majority gets it');
    await restore([first, second, fourth]);
    const again = await lab.leader((id) => [first.id, second.id, fourth.id].includes(id));
    if (again === undefined) throw new StepEnded('None of the three servers that were restored led.');
    await sleep(SETTLE_MS);
    const holders = await withVersion(lab, fileA);
    if (holders.length === 0) {
      verdicts.pass(
        'old-terms',
        'An entry of an earlier term was on a majority, and was not committed by that alone.',
      );
      return;
    }

    lab.say('4. those that have it are crashed, and the server with the later term leads');
    await crash([first, second, fourth]);
    await restore([third, fourth, fifth]);
    const last = await lab.leader((id) => [third.id, fourth.id, fifth.id].includes(id));
    if (last === undefined) throw new StepEnded('None of the three servers that were restored led.');
    await last.leader.update(lab.newFile(), 1, ['c']);
    await sleep(SETTLE_MS);
    const version = await last.leader.version(fileA);
    verdicts.hold(
      'old-terms',
      version === 1
        ? undefined
        : `Server ${holders.join(', ')} told version 1 of "${fileA}", so it was committed; the next leader, server ${last.leader.id}, has version ${version ?? '?'}: it had been committed by counting the holders of an entry of an earlier term.`,
      'An entry of an earlier term was committed only in a way that kept it.',
    );
  },
};

async function crash(subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) await subject.call('crash');
}

async function restore(subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) await subject.call('restore');
}

async function withVersion(lab: Lab, file: string): Promise<number[]> {
  const versions = await Promise.all(lab.subjects.map((subject) => subject.version(file)));
  return versions.flatMap((version, id) => (version === 1 ? [id] : []));
}
