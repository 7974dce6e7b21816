import { setTimeout as sleep } from 'node:timers/promises';
import { replyText, updateSays } from '../subject/reply.js';
import { NOBODY_MS } from './lab.js';
import { seconds } from './starts.js';
import type { Step } from './step.js';

const WAIT_MS = 1_500;

/** Four processes: two are no majority. */
export const fourServers: Step = {
  title: 'Four servers',
  judges: ['even-number'],
  async perform(lab, verdicts) {
    await lab.cluster.start(0);
    await lab.cluster.start(1);
    const wrong = await lab.nobodyLeads(lab.subjects.slice(0, 2), NOBODY_MS);
    if (wrong !== undefined) {
      verdicts.fail(
        'even-number',
        `Servers 0 and 1 of four run, and server ${wrong} leads: a majority of 4 is 3.`,
      );
      return;
    }
    await lab.cluster.start(2);
    const first = await lab.leader();
    if (first === undefined) {
      verdicts.fail('even-number', `Servers 0, 1 and 2 of four run, and none led within ${seconds(lab)}.`);
      return;
    }
    await lab.cluster.start(3);
    const leader = await lab.settle();
    for (const follower of lab.followersOf(leader).slice(0, 2)) await follower.call('crash');
    await sleep(100);
    const reply = await leader.update(lab.newFile(), 1, ['two of four'], WAIT_MS);
    verdicts.hold(
      'even-number',
      updateSays(reply) === 'applied'
        ? `With two of four servers crashed an update was answered ${replyText(reply)}: a majority of 4 is 3.`
        : undefined,
      'Two of four servers elected nobody and applied nothing; three of four elected a leader.',
    );
  },
};

/** One process: it is its own majority. */
export const oneServer: Step = {
  title: 'A single server',
  judges: ['one-of-one'],
  async perform(lab, verdicts) {
    await lab.cluster.start(0);
    const first = await lab.leader();
    if (first === undefined) {
      verdicts.fail('one-of-one', `A single server did not lead within ${seconds(lab)}.`);
      return;
    }
    const file = lab.newFile();
    const reply = await first.leader.update(file, 1, ['alone']);
    await first.leader.call('crash');
    await first.leader.call('restore');
    const again = await lab.leader();
    const version = await first.leader.version(file);
    const problem =
      reply.kind !== 'value' || updateSays(reply) === 'refused'
        ? `An update at a single server gave ${replyText(reply)}.`
        : again === undefined
          ? `A single server was crashed and restored, and did not lead within ${seconds(lab)}.`
          : version !== 1
            ? `A single server was crashed and restored, and has version ${version ?? '?'} instead of 1.`
            : undefined;
    verdicts.hold(
      'one-of-one',
      problem,
      `It led after ${first.ms} ms, and again ${again?.ms ?? 0} ms after it was restored.`,
    );
  },
};
