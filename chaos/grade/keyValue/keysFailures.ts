import { setTimeout as sleep } from 'node:timers/promises';
import { StepEnded } from '../steps/lab.js';
import type { Step, Verdicts } from '../steps/step.js';
import { until } from '../subject/subject.js';
import { ELECTION_MS, type KeysLab } from './keysLab.js';
import { answerText, type KeysServer } from './keysServer.js';

const QUIET_MS = 3_000;
/** PySyncObj tries every five seconds to reach a server that was away. */
const CATCH_UP_MS = 10_000;
const MINORITY_MS = 4_000;
const WRITE_MS = 3_000;
const SERVES_MS = 15_000;

/** The leader is shut down, and comes back. */
export const keysLeaderDown: Step<KeysLab> = {
  title: 'The leader is shut down, and started again',
  judges: ['next-leader', 'keeps-acknowledged', 'two-serve', 'returns-quietly', 'catches-up'],
  async perform(lab, verdicts) {
    const old = await lab.settled();
    const key = lab.newKey();
    const written = await old.put(key, ['before']);
    await lab.gives(lab.otherThan(old), key, ['before']);
    const termBefore = (await old.status())?.term;
    lab.say(`server ${old.id}, which leads, is shut down`);
    await lab.cluster.kill(old.id);
    const next = await lab.leader();
    if (next === undefined) {
      verdicts.fail(
        'next-leader',
        `Server ${old.id} led and was shut down; ${ELECTION_MS / 1_000} s later no other server leads.`,
      );
      throw new StepEnded('Nobody led after the leader was shut down.');
    }
    const term = (await next.leader.status())?.term;
    verdicts.hold(
      'next-leader',
      termBefore !== undefined && term !== undefined && term <= termBefore
        ? `Server ${old.id} led in term ${termBefore}; server ${next.leader.id} leads after it in term ${term}.`
        : undefined,
      `Server ${next.leader.id} led after ${next.ms} ms, in term ${term ?? '?'}.`,
    );
    await kept(lab, verdicts, key, written.kind === 'value');
    await twoServe(lab, verdicts, next.leader);
    const meanwhile = lab.newKey();
    const put = await next.leader.put(meanwhile, ['meanwhile']);
    await comesBack(lab, verdicts, old, next.leader);
    if (put.kind !== 'value') {
      verdicts.rest(['catches-up'], `The PUT while it was down gave ${answerText(put)}.`);
      return;
    }
    const behind = await until(CATCH_UP_MS * lab.allowance, async () =>
      (await lab.gives(old, meanwhile, ['meanwhile'], 0)) === undefined ? true : undefined,
    );
    verdicts.hold(
      'catches-up',
      behind === true
        ? undefined
        : `Server ${old.id} was started again, and ${await lab.gives(old, meanwhile, ['meanwhile'], 0)}.`,
      `Server ${old.id} has what was put while it was down.`,
    );
  },
};

async function kept(lab: KeysLab, verdicts: Verdicts, key: string, isWritten: boolean): Promise<void> {
  if (!isWritten) {
    verdicts.rest(['keeps-acknowledged'], 'The PUT before was not acknowledged.');
    return;
  }
  let problem: string | undefined;
  for (const server of lab.up) problem ??= await lab.gives(server, key, ['before']);
  verdicts.hold(
    'keeps-acknowledged',
    problem === undefined ? undefined : `It was acknowledged, the leader was shut down, and ${problem}.`,
    'Both servers that are left have what was acknowledged.',
  );
}

async function twoServe(lab: KeysLab, verdicts: Verdicts, leader: KeysServer): Promise<void> {
  const key = lab.newKey();
  const replies = [await leader.put(key, ['cat']), await leader.append(key, 'dog', lab.appendForm)];
  const refused = replies.find(({ kind }) => kind !== 'value');
  let problem = refused === undefined ? undefined : `a write gave ${answerText(refused)}`;
  for (const server of lab.up) problem ??= await lab.gives(server, key, ['cat', 'dog']);
  verdicts.hold(
    'two-serve',
    problem === undefined ? undefined : `With two of three servers, ${problem}.`,
    'PUT, APPEND and GET were served by two of three servers.',
  );
}

/** Twice, if need be: the start of a process may keep a busy machine from running the others. */
async function comesBack(
  lab: KeysLab,
  verdicts: Verdicts,
  old: KeysServer,
  leader: KeysServer,
): Promise<void> {
  const problems: string[] = [];
  for (const server of [old, lab.otherThan(leader)]) {
    if (problems.length > 0) await lab.cluster.kill(server.id);
    const now = (await lab.leader())?.leader ?? leader;
    const before = (await now.status())?.term;
    await lab.cluster.start(server.id);
    await sleep(QUIET_MS);
    const after = await now.status();
    if (after?.role === 'leader' && after.term === before) {
      if (problems.length > 0)
        verdicts.remark('returns-quietly', `Once ${problems[0] ?? ''}; not the second time.`);
      verdicts.pass('returns-quietly', `Server ${now.id} led on in term ${before ?? '?'}.`);
      return;
    }
    problems.push(
      `server ${server.id} came back, and server ${now.id}, which led in term ${before ?? '?'}, is ${after?.role ?? 'silent'} in term ${after?.term ?? '?'}`,
    );
  }
  verdicts.fail(
    'returns-quietly',
    `Twice a server came back and the leader changed: ${problems.join('; ')}.`,
  );
}

/** Two of three servers are shut down, the leader last, and started again. */
export const keysMinority: Step<KeysLab> = {
  title: 'Two of three servers are shut down',
  judges: ['minority-no-leader', 'minority-no-writes', 'minority-no-reads', 'serves-again'],
  async perform(lab, verdicts) {
    const leader = await lab.settled();
    const other = lab.otherThan(leader);
    const key = lab.newKey();
    await leader.put(key, ['stored']);
    for (const { id } of [other, leader]) {
      lab.say(`server ${id} is shut down`);
      await lab.cluster.kill(id);
    }
    const [left] = lab.up;
    if (left === undefined) throw new StepEnded('The third server has ended, too.');
    const wrong = await lab.nobodyLeads(MINORITY_MS);
    verdicts.hold(
      'minority-no-leader',
      wrong === undefined ? undefined : `Server ${wrong} is the only one of three that runs, and it leads.`,
      `Server ${left.id} was alone for ${MINORITY_MS / 1_000} s and did not lead.`,
    );
    const put = await left.put(lab.newKey(), ['alone'], WRITE_MS);
    const append = await left.append(lab.newKey(), 'alone', lab.appendForm, WRITE_MS);
    const isTaken = [put, append].some(({ kind }) => kind === 'value');
    verdicts.hold(
      'minority-no-writes',
      isTaken
        ? `Server ${left.id} is the only one of three that runs; PUT gave ${answerText(put)}, APPEND ${answerText(append)}: no majority has it. (Status 202 would say that it is not done yet.)`
        : undefined,
      `PUT gave ${answerText(put)}, APPEND ${answerText(append)}.`,
    );
    if (lab.consistency === 'linearizable') {
      const read = await left.get(key, WRITE_MS);
      verdicts.hold(
        'minority-no-reads',
        read.kind === 'value'
          ? `Server ${left.id} is the only one of three that runs, and GET gave ${answerText(read)}.`
          : undefined,
        `GET gave ${answerText(read)}.`,
      );
    }
    await again(lab, verdicts);
  },
};

async function again(lab: KeysLab, verdicts: Verdicts): Promise<void> {
  const leader = await lab.settled();
  const key = lab.newKey();
  let seen = '';
  const served = await until(
    SERVES_MS * lab.allowance,
    async () => {
      const reply = await leader.put(key, ['again']);
      seen = answerText(reply);
      return reply.kind === 'value' ? true : undefined;
    },
    500,
  );
  let problem = served === true ? undefined : `PUT at server ${leader.id} gave ${seen}`;
  for (const server of lab.up) problem ??= await lab.gives(server, key, ['again'], CATCH_UP_MS);
  verdicts.hold(
    'serves-again',
    problem === undefined ? undefined : `All three servers run again, and ${problem}.`,
    `Server ${leader.id} leads, and what was put is read everywhere.`,
  );
}
