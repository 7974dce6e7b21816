import { setTimeout as sleep } from 'node:timers/promises';
import { asTruth, replyText, updateSays } from '../subject/reply.js';
import { OWN_CALL_MS, until, type Subject } from '../subject/subject.js';
import { StepEnded, type Lab } from './lab.js';
import { otherLeader, seconds } from './starts.js';
import { notAFault, type Step, type Verdicts } from './step.js';

const CATCH_UP_MS = 2_000;
const SLOW_MS = 1_000;
/** Long enough for an election timeout to pass in a server that does not stand still. */
const CRASHED_MS = 1_500;
const QUIET_MS = 1_500;
const QUIET_TRIES = 3;
const RESTORED_MS = 700;
/** The old leader may be elected again: that nobody leads in between is seen by looking often. */
const QUIET_LOOK_MS = 120;

/** A server that does not lead is crashed by its hook, and restored. */
export const followerCrash: Step = {
  title: 'A follower is crashed and restored',
  judges: [
    'hooks-form',
    'crash-state',
    'crashed-refuses',
    'stands-still',
    'restored-answers',
    'catches-up',
    'restored-is-quiet',
  ],
  async perform(lab, verdicts) {
    const leader = await lab.settle();
    const [follower] = lab.followersOf(leader);
    if (follower === undefined) throw new StepEnded('There is no follower.');
    const file = lab.newFile();
    await leader.update(file, 1, ['before']);
    await until(CATCH_UP_MS, async () => ((await follower.version(file)) === 1 ? true : undefined));
    const before = await follower.version(file);
    await crashed(verdicts, follower);
    await refuses(verdicts, follower, file);
    const written = await leader.update(file, 2, ['meanwhile']);
    await sleep(CRASHED_MS);
    const during = await follower.version(file);
    if (updateSays(written) === 'applied')
      verdicts.hold(
        'stands-still',
        during === before
          ? undefined
          : `Server ${follower.id} was crashed with version ${before ?? '?'} of "${file}", and has ${during ?? 'none'} while it is crashed.`,
        `Server ${follower.id} kept version ${before ?? '?'} while the others went on to 2.`,
      );
    else verdicts.rest(['stands-still'], `The update meanwhile was answered ${replyText(written)}.`);
    await restored(verdicts, follower);
    await catchesUp(lab, verdicts, follower, file);
    await isQuiet(lab, verdicts);
  },
};

async function crashed(verdicts: Verdicts, follower: Subject): Promise<void> {
  const form: string[] = [];
  for (const method of ['isLeader', 'isCrashed']) {
    const reply = await follower.call(method);
    if (reply.kind !== 'value' || asTruth(reply) === undefined)
      form.push(`${method} gave ${replyText(reply)}, neither True nor False`);
    else if (typeof reply.value !== 'boolean')
      verdicts.remark('hooks-form', `${method} gave ${replyText(reply)}; True and False are meant.`);
  }
  const crash = await follower.call('crash');
  if (crash.kind !== 'value') form.push(`crash gave ${replyText(crash)}`);
  const problems: string[] = [];
  const says = async (method: string, expected: boolean): Promise<void> => {
    const reply = await follower.call(method);
    if (asTruth(reply) !== expected)
      problems.push(`Server ${follower.id} was crashed, and ${method} gave ${replyText(reply)}.`);
  };
  await says('isCrashed', true);
  await says('isLeader', false);
  await follower.call('crash');
  await says('isCrashed', true);
  verdicts.hold(
    'crash-state',
    problems[0],
    'isCrashed was True and isLeader False, and a second crash changed nothing.',
  );
  verdicts.hold(
    'hooks-form',
    form[0] === undefined ? undefined : `${form[0]}.`,
    'isLeader and isCrashed gave True or False, crash and restore answered.',
  );
  if (problems.length > 0) throw new StepEnded(problems[0] ?? '');
}

async function refuses(verdicts: Verdicts, follower: Subject, file: string): Promise<void> {
  const name = `at server ${follower.id}, which is crashed,`;
  const problem =
    notAFault(await follower.update(file, 2, ['no'], OWN_CALL_MS), `updatefile ${name}`) ??
    notAFault(await follower.map(OWN_CALL_MS), `getfileinfomap ${name}`);
  const version = await follower.call('tester_getversion', [file]);
  const told = version.kind === 'value' ? undefined : `tester_getversion ${name} gave ${replyText(version)}`;
  const wrong = problem ?? told;
  verdicts.hold(
    'crashed-refuses',
    wrong === undefined ? undefined : `${wrong}.`,
    'Updates and reads ended in a fault, and tester_getversion was answered.',
  );
}

async function restored(verdicts: Verdicts, follower: Subject): Promise<void> {
  const restore = await follower.call('restore');
  const first = await follower.call('isCrashed');
  const problem =
    restore.kind !== 'value'
      ? `restore gave ${replyText(restore)}.`
      : asTruth(first) === false
        ? undefined
        : `Server ${follower.id} was restored, and the first call after it, isCrashed, gave ${replyText(first)}.`;
  verdicts.hold('restored-answers', problem, 'restore answered, and isCrashed was False at once.');
}

async function catchesUp(lab: Lab, verdicts: Verdicts, follower: Subject, file: string): Promise<void> {
  const since = performance.now();
  const caught = await until(CATCH_UP_MS * lab.allowance, async () =>
    (await follower.version(file)) === 2 ? true : undefined,
  );
  const ms = Math.round(performance.now() - since);
  if (caught === true && ms > SLOW_MS * lab.allowance)
    verdicts.remark('catches-up', 'Some testers wait for only one second.');
  const version = caught === true ? 2 : await follower.version(file);
  verdicts.hold(
    'catches-up',
    caught === true
      ? undefined
      : `Server ${follower.id} was restored ${seconds(lab, CATCH_UP_MS)} ago and has version ${version ?? '?'} of "${file}"; the others have 2.`,
    `The restored server had the latest version after ${ms} ms.`,
  );
}

/** Up to three times, as an election may be a coincidence. */
async function isQuiet(lab: Lab, verdicts: Verdicts): Promise<void> {
  const changes: string[] = [];
  for (let tries = 0; tries < QUIET_TRIES; tries += 1) {
    const leader = await lab.settle();
    const follower = lab.followersOf(leader).at(-1);
    if (follower === undefined) return;
    await follower.call('crash');
    await sleep(CRASHED_MS);
    await follower.call('restore');
    const change = await otherLeader(lab, leader.id, QUIET_MS, QUIET_LOOK_MS);
    if (change === undefined) {
      verdicts.pass('restored-is-quiet', `Server ${leader.id} led on when server ${follower.id} came back.`);
      return;
    }
    changes.push(`server ${follower.id} came back, server ${leader.id} led, and ${change}`);
  }
  verdicts.fail(
    'restored-is-quiet',
    `Each of ${QUIET_TRIES} times that a follower was crashed and restored, the leader was replaced: its term grew or its election timer ran while it was crashed (${changes.join('; ')}).`,
  );
}

/** The leader is crashed by its hook; the next one takes over what was acknowledged. */
export const leaderCrash: Step = {
  title: 'The leader is crashed and restored',
  // That there is a next leader is judged once all of them were crashed, one after the other; or here, if there is none.
  judges: ['survives-leader', 'restored-follows'],
  async perform(lab, verdicts) {
    const old = await lab.settle();
    const file = lab.newFile();
    const written = await old.update(file, 1, ['acknowledged']);
    await old.call('crash');
    const next = await lab.leader((id) => id !== old.id);
    if (next === undefined) {
      verdicts.fail(
        'next-leader',
        `Server ${old.id} led and was crashed; no other server led within ${seconds(lab)}.`,
      );
      await old.call('restore');
      throw new StepEnded('Nobody led after the leader was crashed.');
    }
    await goesOn(lab, verdicts, { next: next.leader, file, isWritten: updateSays(written) === 'applied' });
    // One that leads on stops as soon as it hears of its successor: it is asked all the time from before it is restored.
    const [stillLeads] = await Promise.all([everLeads(old, RESTORED_MS), old.call('restore')]);
    const others = await lab.leaders(lab.followersOf(old));
    const later = await lab.leaders();
    const problem =
      stillLeads && others.length > 0
        ? `Server ${old.id} led, was crashed and restored, and isLeader gave True though server ${others.join(', ')} leads.`
        : later.length > 1
          ? `Servers ${later.join(' and ')} both say that they lead, after the old leader was restored.`
          : undefined;
    verdicts.hold(
      'restored-follows',
      problem,
      `Server ${old.id} came back as a follower of server ${next.leader.id}.`,
    );
  },
};

/** Asks two at a time, as one answer may be late. */
async function everLeads(subject: Subject, forMs: number): Promise<boolean> {
  const end = performance.now() + forMs;
  const ask = async (): Promise<boolean> => {
    while (performance.now() < end) if ((await subject.leads()) === true) return true;
    return false;
  };
  const found = await Promise.all([ask(), ask()]);
  return found.includes(true);
}

async function goesOn(
  lab: Lab,
  verdicts: Verdicts,
  { next, file, isWritten }: { next: Subject; file: string; isWritten: boolean },
): Promise<void> {
  if (!isWritten) {
    verdicts.rest(['survives-leader'], 'The update before the crash was not answered True.');
    return;
  }
  // An entry of the old term may only be committed with the first one of the new term.
  const other = await next.update(lab.newFile(), 1, ['first of the new leader']);
  const version = await next.version(file);
  const reply = await next.update(file, 2, ['after the crash']);
  const problem =
    version !== 1
      ? `Version 1 of "${file}" was answered True; the next leader, server ${next.id}, has version ${version ?? '?'}.`
      : updateSays(reply) !== 'applied'
        ? `Version 2 of "${file}" at the next leader, server ${next.id}, gave ${replyText(reply)}.`
        : other.kind !== 'value'
          ? `The first update at the next leader, server ${next.id}, gave ${replyText(other)}.`
          : undefined;
  verdicts.hold(
    'survives-leader',
    problem,
    `The next leader, server ${next.id}, had version 1 and took version 2.`,
  );
}
