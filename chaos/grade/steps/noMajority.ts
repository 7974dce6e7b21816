import { setTimeout as sleep } from 'node:timers/promises';
import { entryOf, mapProblem, replyText, updateSays, type Reply } from '../subject/reply.js';
import type { Subject } from '../subject/subject.js';
import { ELECTION_MS, StepEnded, type Lab } from './lab.js';
import { seconds } from './starts.js';
import type { Step, Verdicts } from './step.js';

/** Some servers give up waiting after a few seconds and say that all is well. */
const WAIT_MS = 5_500;
const PATIENCE_MS = 60_000;

/** A call that is to wait. */
interface Waiting {
  readonly id: string;
  /** As in `updatefile("a", 1, ...)`. */
  readonly name: string;
  readonly promise: Promise<Reply>;
  reply: Reply | undefined;
}

/** The leader is left without a majority, and is called. */
export const noMajority: Step = {
  title: 'The leader has no majority',
  judges: ['update-waits', 'map-waits', 'refusal-waits', 'others-served', 'waiting-ends'],
  async perform(lab, verdicts) {
    const leader = await lab.settle();
    const [file, stored] = [lab.newFile(), lab.newFile()];
    await leader.update(stored, 1, ['stored']);
    const down = lab.followersOf(leader).slice(0, lab.subjects.length - lab.majority + 1);
    for (const follower of down) {
      const crash = await follower.call('crash');
      if (crash.kind !== 'value')
        throw new StepEnded(`Server ${follower.id} could not be crashed: ${crash.text}.`);
    }
    await sleep(100);
    const calls = [
      wait(
        'update-waits',
        `updatefile("${file}", 1, ["waits"])`,
        leader.update(file, 1, ['waits'], PATIENCE_MS),
      ),
      wait('map-waits', 'getfileinfomap()', leader.map(PATIENCE_MS)),
      wait(
        'refusal-waits',
        `updatefile("${stored}", 7, ["wrong"])`,
        leader.update(stored, 7, ['wrong'], PATIENCE_MS),
      ),
    ];
    await othersServed(verdicts, { leader, down, file });
    await sleep(WAIT_MS / 2);
    for (const { id, name, reply } of calls) {
      const early = reply === undefined ? undefined : earlyText(lab, leader, down, name, reply);
      verdicts.hold(
        id,
        early,
        `${name} still waited after ${WAIT_MS / 1_000} s with ${lab.subjects.length - down.length} of ${lab.subjects.length} servers up.`,
      );
    }
    await ending(lab, verdicts, { leader, back: down[0], calls, file, stored });
  },
};

function wait(id: string, name: string, promise: Promise<Reply>): Waiting {
  const waiting: Waiting = { id, name, promise, reply: undefined };
  void promise.then((reply) => (waiting.reply = reply));
  return waiting;
}

function earlyText(lab: Lab, leader: Subject, down: readonly Subject[], name: string, reply: Reply): string {
  const up = lab.subjects.length - down.length;
  return `${name} at the leader, server ${leader.id}, gave ${replyText(reply)} after ${(reply.ms / 1_000).toFixed(1)} s, with ${up} of ${lab.subjects.length} servers up: it has to wait for a majority.`;
}

async function othersServed(
  verdicts: Verdicts,
  { leader, down, file }: { leader: Subject; down: readonly Subject[]; file: string },
): Promise<void> {
  await sleep(300);
  const [crashed] = down;
  const asked: readonly (readonly [string, Promise<Reply>])[] = [
    [`isLeader at server ${leader.id}`, leader.call('isLeader')],
    [`tester_getversion at server ${leader.id}`, leader.call('tester_getversion', [file])],
    [`isCrashed at server ${leader.id}`, leader.call('isCrashed')],
    [`isCrashed at server ${crashed?.id ?? '?'}`, (crashed ?? leader).call('isCrashed')],
  ];
  const since = performance.now();
  const replies = await Promise.all(asked.map(async ([name, promise]) => [name, await promise] as const));
  const silent = replies.find(([, reply]) => reply.kind === 'silent');
  await sleep(Math.max(0, WAIT_MS / 2 - (performance.now() - since)));
  const early = await leader.version(file);
  const problem =
    silent !== undefined
      ? `While an update waited for a majority, ${silent[0]} gave ${replyText(silent[1])}: who waits must not hold a lock that others need.`
      : (early ?? 0) > 0
        ? `Server ${leader.id} tells version ${early ?? 0} of "${file}", which no majority has: tester_getversion gives what is committed.`
        : undefined;
  verdicts.hold(
    'others-served',
    problem,
    `isLeader, isCrashed and tester_getversion were answered while calls waited.`,
  );
}

interface Ending {
  readonly leader: Subject;
  readonly back: Subject | undefined;
  readonly calls: readonly Waiting[];
  readonly file: string;
  readonly stored: string;
}

async function ending(
  lab: Lab,
  verdicts: Verdicts,
  { leader, back, calls, file, stored }: Ending,
): Promise<void> {
  const waiting = calls.filter(({ reply }) => reply === undefined);
  if (waiting.length === 0) {
    verdicts.rest(['waiting-ends'], 'No call was waiting.');
    return;
  }
  await back?.call('restore');
  const since = performance.now();
  const limitMs = ELECTION_MS * lab.allowance;
  await Promise.race([Promise.all(waiting.map(({ promise }) => promise)), sleep(limitMs)]);
  const ms = Math.round(performance.now() - since);
  const [later = leader.id] = await lab.leaders();
  const problem = waiting
    .map((call) => endProblem(lab, call, { file, stored, hasSameLeader: later === leader.id }))
    .find((each) => each !== undefined);
  if (later !== leader.id)
    verdicts.remark(
      'waiting-ends',
      `Server ${later} became the leader meanwhile, so that the calls may end in a fault.`,
    );
  verdicts.hold(
    'waiting-ends',
    problem,
    `The calls that waited were answered ${ms} ms after a majority was back.`,
  );
}

function endProblem(
  lab: Lab,
  { id, name, reply }: Waiting,
  { file, stored, hasSameLeader }: { file: string; stored: string; hasSameLeader: boolean },
): string | undefined {
  if (reply === undefined) return `${name} has no answer ${seconds(lab)} after a majority was back.`;
  if (reply.kind !== 'value') return hasSameLeader ? `${name} ended in ${replyText(reply)}.` : undefined;
  // An answer that is neither True nor False, or no map, is left to the assertions on the form of answers.
  if (id === 'update-waits' && updateSays(reply) === 'refused')
    return `${name} waited and gave ${replyText(reply)}: "${file}" was never written before.`;
  if (id === 'refusal-waits' && updateSays(reply) === 'applied')
    return `${name} waited and gave ${replyText(reply)}: "${stored}" has version 1.`;
  if (id === 'map-waits' && mapProblem(reply.value) === undefined && entryOf(reply, stored) === undefined)
    return `${name} waited and gave a map without "${stored}", which was acknowledged before.`;
  return undefined;
}
