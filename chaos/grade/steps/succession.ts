import { setTimeout as sleep } from 'node:timers/promises';
import { updateSays } from '../subject/reply.js';
import { until, type Subject } from '../subject/subject.js';
import { NOBODY_MS, StepEnded, type Lab } from './lab.js';
import { seconds } from './starts.js';
import type { Step } from './step.js';

const LATE_MS = 2_000;

/** Leader after leader is crashed until the majority is gone; then all are crashed, and restored. */
export const succession: Step = {
  title: 'Leader after leader is crashed, and all come back',
  judges: ['next-leader', 'no-majority-no-leader', 'keeps-all'],
  async perform(lab, verdicts) {
    const first = await lab.settle();
    const file = lab.newFile();
    const isWritten = updateSays(await first.update(file, 1, ['kept'])) === 'applied';
    // With all servers, so that any of them may lead later.
    await until(LATE_MS, async () => {
      const versions = await Promise.all(lab.subjects.map((subject) => subject.version(file)));
      return versions.every((version) => version === 1) ? true : undefined;
    });
    const crashed = await crashLeaders(lab, first, (problem) => verdicts.fail('next-leader', problem));
    if (crashed === undefined) {
      verdicts.rest(
        ['no-majority-no-leader'],
        'There was no leader to be crashed before the majority was gone.',
      );
    } else {
      verdicts.pass(
        'next-leader',
        `Each of ${crashed.length - 1} leaders that were crashed had a successor within 5 s.`,
      );
      const left = lab.subjects.filter(({ id }) => !crashed.includes(id));
      const leader = await lab.nobodyLeads(left, NOBODY_MS);
      const up = `${left.length} of ${lab.subjects.length} servers are up`;
      verdicts.hold(
        'no-majority-no-leader',
        leader === undefined ? undefined : `${up}, and server ${leader} leads.`,
        `${up}; nobody led for ${NOBODY_MS / 1_000} s.`,
      );
    }
    for (const subject of lab.subjects) await subject.call('crash');
    for (const subject of lab.subjects) await subject.call('restore');
    const next = await lab.leader();
    if (next === undefined)
      throw new StepEnded(`All servers were crashed and restored, and nobody led within ${seconds(lab)}.`);
    if (!isWritten) throw new StepEnded('The update before was not answered True.');
    await sleep(300);
    const again = await next.leader.update(lab.newFile(), 1, ['after all']);
    const version = await next.leader.version(file);
    const problem =
      version === 1
        ? updateSays(again) === 'unclear' && again.kind !== 'value'
          ? `All servers were crashed and restored; an update then gave ${again.text}.`
          : undefined
        : `"${file}" was acknowledged with version 1. All servers were crashed and restored, and the leader, server ${next.leader.id}, has version ${version ?? '?'}.`;
    verdicts.hold(
      'keeps-all',
      problem,
      'All servers were crashed and restored, and the leader has what was acknowledged.',
    );
  },
};

/** @returns the servers that are crashed then; undefined when one of them had no successor */
async function crashLeaders(
  lab: Lab,
  first: Subject,
  onMissing: (problem: string) => void,
): Promise<number[] | undefined> {
  const crashed: number[] = [];
  let leader = first;
  for (;;) {
    await leader.call('crash');
    crashed.push(leader.id);
    if (crashed.length > lab.subjects.length - lab.majority) return crashed;
    const next = await lab.leader((id) => !crashed.includes(id));
    if (next === undefined) {
      onMissing(
        `Server ${leader.id} led and was crashed, ${lab.subjects.length - crashed.length} of ${lab.subjects.length} servers were up, and none of them led within ${seconds(lab)}.`,
      );
      return undefined;
    }
    leader = next.leader;
  }
}

/** The same with SIGKILL: a process that is gone answers nothing, not even that it is crashed. */
export const killedLeaders: Step = {
  title: 'Leaders are killed',
  judges: ['killed-leaders'],
  async perform(lab, verdicts) {
    let leader = await lab.settle();
    const killed: number[] = [];
    const times: number[] = [];
    while (killed.length < lab.subjects.length - lab.majority) {
      await lab.cluster.kill(leader.id);
      killed.push(leader.id);
      const next = await lab.leader((id) => !killed.includes(id));
      if (next === undefined) {
        verdicts.fail(
          'killed-leaders',
          `The process of server ${leader.id}, which led, was killed; nobody else led within ${seconds(lab)}.`,
        );
        return;
      }
      times.push(next.ms);
      leader = next.leader;
    }
    await lab.cluster.kill(leader.id);
    killed.push(leader.id);
    const left = lab.subjects.filter(({ id }) => !killed.includes(id));
    const wrong = await lab.nobodyLeads(left, NOBODY_MS);
    const up = `${left.length} of ${lab.subjects.length} processes run`;
    verdicts.hold(
      'killed-leaders',
      wrong === undefined ? undefined : `${up}, and server ${wrong} leads.`,
      `Successors led after ${times.join(' and ')} ms; with ${left.length} processes left nobody led.`,
    );
  },
};
