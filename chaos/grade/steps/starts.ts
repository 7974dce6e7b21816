import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '../../cluster/cluster.js';
import { asTruth, replyText } from '../subject/reply.js';
import { ELECTION_MS, NOBODY_MS, StepEnded, type Lab } from './lab.js';
import type { Step, Verdicts } from './step.js';

const REMAINS_MS = 2_000;
const LOOK_EVERY_MS = 400;

/** The assignment's own example: five processes, started one after the other. */
export const starts: Step = {
  title: 'Five servers are started, one after the other',
  judges: ['starts', 'alone', 'two-of-five', 'third-elects', 'leader-remains'],
  async perform(lab, verdicts) {
    try {
      await lab.cluster.start(0);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      for (const line of error.message.split('\n').slice(1)) lab.say(line);
      const summary = error.message.split('\n')[0] ?? '';
      verdicts.fail('starts', `${summary}.`);
      throw new StepEnded('No server could be started.');
    }
    verdicts.pass('starts', 'Server 0 listens on the port of its line.');
    await staysWithout(lab, verdicts, 'alone', 1);
    await lab.cluster.start(1);
    await staysWithout(lab, verdicts, 'two-of-five', 2);
    await lab.cluster.start(2);
    const first = await lab.leader();
    if (first === undefined)
      verdicts.fail('third-elects', `Servers 0, 1 and 2 run, and none of them led within ${seconds(lab)}.`);
    else await isAlone(lab, verdicts, first.leader.id, first.ms);
    await lab.cluster.start(3);
    await lab.cluster.start(4);
    if (first === undefined) throw new StepEnded('No server led before the fourth one was started.');
    await remains(lab, verdicts, first.leader.id);
  },
};

async function staysWithout(lab: Lab, verdicts: Verdicts, id: string, running: number): Promise<void> {
  const leader = await lab.nobodyLeads(lab.subjects.slice(0, running), NOBODY_MS);
  const who = running === 1 ? 'Server 0 runs alone' : `Servers 0 and 1 run of ${lab.subjects.length}`;
  const problem =
    leader === undefined ? undefined : `${who}, and server ${leader} leads: a majority of 5 is 3.`;
  // A server that answers nothing does not lead either.
  const says = await lab.subject(0).call('isLeader');
  if (problem === undefined && asTruth(says) === undefined)
    verdicts.fail(id, `Server 0 does not say whether it leads: isLeader gave ${replyText(says)}.`);
  else verdicts.hold(id, problem, `${who}; nobody led for ${NOBODY_MS / 1_000} s.`);
}

/** Twice, if need be: starting processes may keep a busy machine from running the others. */
async function remains(lab: Lab, verdicts: Verdicts, leader: number): Promise<void> {
  const once = await otherLeader(lab, leader, REMAINS_MS);
  if (once === undefined) {
    verdicts.pass('leader-remains', `Server ${leader} still leads.`);
    return;
  }
  lab.noteLoss(`server ${leader} led when the fourth and the fifth server started, and ${once}`);
  const second = await lab.settle();
  const others = lab.followersOf(second).slice(-2);
  for (const { id } of others) await lab.cluster.kill(id);
  for (const { id } of others) await lab.cluster.start(id);
  const again = await otherLeader(lab, second.id, REMAINS_MS);
  if (again === undefined)
    verdicts.remark(
      'leader-remains',
      `Once ${once} when the fourth and the fifth server started; the second time the leader stayed.`,
    );
  verdicts.hold(
    'leader-remains',
    again === undefined
      ? undefined
      : `Twice a server led and two more were started: first ${once}, then ${again}.`,
    `Server ${second.id} led on when two more servers were started.`,
  );
}

async function isAlone(lab: Lab, verdicts: Verdicts, leader: number, ms: number): Promise<void> {
  await sleep(300);
  const all = await lab.leaders();
  const problem =
    all.length > 1 ? `Servers ${all.join(' and ')} say at the same time that they lead.` : undefined;
  verdicts.hold('third-elects', problem, `Server ${leader} led ${ms} ms after server 2 was started.`);
}

/** The fate of a leader that was to stay, in words; undefined: it stayed. */
export async function otherLeader(
  lab: Lab,
  leader: number,
  forMs: number,
  everyMs = LOOK_EVERY_MS,
): Promise<string | undefined> {
  const end = performance.now() + forMs;
  let missing = 0;
  for (;;) {
    const now = await lab.leaders();
    const other = now.find((id) => id !== leader);
    if (other !== undefined) return `server ${other} leads now`;
    // One look may come too late on a busy machine.
    missing = now.length === 0 ? missing + 1 : 0;
    if (missing === 2) return 'nobody leads now';
    if (performance.now() >= end && missing === 0) return undefined;
    await sleep(everyMs);
  }
}

export function seconds(lab: Lab, ms: number = ELECTION_MS): string {
  const limit = `${ms / 1_000} s`;
  return lab.allowance === 1
    ? limit
    : `${((ms * lab.allowance) / 1_000).toFixed(1)} s (${limit}, and more for a slow machine)`;
}
