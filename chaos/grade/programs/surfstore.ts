import { join } from 'node:path';
import { concurrentAssertions, concurrentPart } from '../concurrent.js';
import type { ExamRun } from '../examRun.js';
import { basics } from '../steps/basics.js';
import { followerCrash, leaderCrash } from '../steps/crashes.js';
import { idle } from '../steps/idle.js';
import { Lab } from '../steps/lab.js';
import { noMajority } from '../steps/noMajority.js';
import { oldTerms } from '../steps/oldTerms.js';
import { fourServers, oneServer } from '../steps/sizes.js';
import { starts } from '../steps/starts.js';
import type { Step } from '../steps/step.js';
import { killedLeaders, succession } from '../steps/succession.js';
import { unknownMethod } from '../steps/unknownMethod.js';

/** The concurrent part begins only if it can come to its end. */
const CONCURRENT_MS = 45_000;

const served: readonly Step[] = [
  basics,
  followerCrash,
  leaderCrash,
  noMajority,
  succession,
  oldTerms,
  unknownMethod,
  killedLeaders,
];

/** First one client and one assertion after the other, then many clients. */
export async function surfstoreProgram(run: ExamRun): Promise<void> {
  const steps = [starts, idle(run.options.limits), ...served];
  await run.within(labOf(run, 5, 'five'), async (lab) => {
    for (const step of steps) {
      if (step !== starts && run.hasFailed('starts')) break;
      await run.perform(step, lab);
    }
  });
  if (run.hasFailed('starts')) return;
  await Promise.all([ofSize(run, 4, fourServers), ofSize(run, 1, oneServer)]);
  run.oneClientMs = run.elapsedMs;
  if (run.isWanted(concurrentAssertions)) await manyClients(run);
}

function labOf(run: ExamRun, size: number, name: string): Promise<Lab> {
  return Lab.prepare(run.clusterOptions(size, name), run.allowance);
}

async function ofSize(run: ExamRun, size: number, step: Step): Promise<void> {
  if (run.isWanted(step.judges))
    await run.within(labOf(run, size, `of-${size}`), (lab) => run.perform(step, lab));
}

async function manyClients(run: ExamRun): Promise<void> {
  const { seed, consistency, out, command, interrupted } = run.options;
  if (run.hasFailed('first-update')) {
    run.notReached(concurrentAssertions, 'Many clients make no sense before one client can write a file.');
    return;
  }
  if (run.timeLeftMs < CONCURRENT_MS) {
    run.notReached(concurrentAssertions, 'Too little of the budget was left for the part with many clients.');
    return;
  }
  run.listener.onStep('Many clients under faults');
  await run.within(labOf(run, 3, 'many-clients'), async (lab) => {
    for (const { id } of lab.subjects) await lab.cluster.start(id);
    await lab.leader();
    run.concurrent = await concurrentPart(lab.cluster, run.card, {
      ...{ seed, consistency, command, interrupted, allowance: run.allowance },
      readsMap: !run.hasFailed('map-form'),
      out: join(out, 'many-clients'),
    });
  });
}
