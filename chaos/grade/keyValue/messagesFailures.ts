import { StepEnded } from '../steps/lab.js';
import type { Step, Verdicts } from '../steps/step.js';
import { CALL_MS, valueOf, type MessagesLab } from './messagesLab.js';
import { messageText } from './messagesServer.js';
import { stored } from './messagesService.js';

const KEYS = 30;
const PUTS = 10;
const MINORITY_MS = 4_000;

/** Servers are ended one after the other, and do not come back. */
export const messagesFailures: Step<MessagesLab> = {
  title: 'Servers are ended, and do not come back',
  judges: ['follower-ended', 'new-leader', 'kept', 'newest-kept', 'minority-no-success'],
  async perform(lab, verdicts) {
    await lab.ready();
    const keys = Array.from({ length: KEYS }, () => lab.newKey());
    const written: string[] = [];
    for (const key of keys) if ((await lab.put(key, key)).reply.kind === 'success') written.push(key);
    const often = lab.newKey();
    let newest = -1;
    for (let value = 0; value < PUTS; value += 1)
      if ((await lab.put(often, String(value))).reply.kind === 'success') newest = value;
    lab.takeTrace();
    await endFollower(lab, verdicts);
    const first = await endLeader(lab);
    lab.say(`server ${first}, where calls had succeeded, was ended`);
    const put = await lab.put(lab.newKey(), 'after the leader');
    verdicts.hold(
      'new-leader',
      put.reply.kind === 'success'
        ? undefined
        : `Server ${first} had taken the calls and was ended; ${seconds(put.ms)} s later PUT gives ${messageText(put.reply)}.`,
      `Server ${put.server} took a PUT ${seconds(put.ms)} s after server ${first} was ended.`,
    );
    if (put.reply.kind !== 'success') throw new StepEnded('No server took calls after the leader was ended.');
    await kept(lab, verdicts, written, often, newest);
    await minority(lab, verdicts);
  },
};

async function endFollower(lab: MessagesLab, verdicts: Verdicts): Promise<void> {
  const follower = lab.up.find(({ id }) => id !== lab.leader);
  if (follower === undefined) throw new StepEnded('Only one server runs.');
  await lab.cluster.kill(follower.id);
  lab.say(`server ${follower.id}, which did not lead, was ended`);
  const key = lab.newKey();
  const put = await lab.put(key, 'without a follower');
  const wrong =
    put.reply.kind === 'success'
      ? await stored(lab, key, 'without a follower')
      : `PUT gave ${messageText(put.reply)}`;
  verdicts.hold(
    'follower-ended',
    wrong === undefined ? undefined : `Server ${follower.id} was ended, and ${wrong}.`,
    `Server ${follower.id} was ended, and calls went on.`,
  );
}

/** Ends the server at which calls succeed. */
async function endLeader(lab: MessagesLab): Promise<number> {
  const id = lab.leader;
  await lab.cluster.kill(id);
  return id;
}

async function kept(
  lab: MessagesLab,
  verdicts: Verdicts,
  written: readonly string[],
  often: string,
  newest: number,
): Promise<void> {
  const missing = await missingOf(lab, written);
  verdicts.hold(
    'kept',
    missing === undefined ? undefined : `Of ${written.length} keys that were acknowledged, ${missing}.`,
    `All ${written.length} keys are there.`,
  );
  if (newest < 0) {
    verdicts.rest(['newest-kept'], 'No PUT was acknowledged.');
    return;
  }
  lab.takeTrace();
  const wrong = await stored(lab, often, String(newest));
  verdicts.hold(
    'newest-kept',
    wrong === undefined ? undefined : `"${newest}" was put last, the leader was ended, and ${wrong}.`,
    `The key that was put ${PUTS} times has its last value.`,
  );
}

async function missingOf(lab: MessagesLab, written: readonly string[]): Promise<string | undefined> {
  for (const key of written) {
    const { reply } = await lab.get(key);
    if (valueOf(reply) !== key) return `GET of "${key}" gave ${messageText(reply)} instead of "${key}"`;
  }
  return undefined;
}

/** Three of five are left; then two. */
async function minority(lab: MessagesLab, verdicts: Verdicts): Promise<void> {
  lab.takeTrace();
  const servers = lab.servers.length;
  const second = await endLeader(lab);
  lab.say(`server ${second}, where calls had succeeded, was ended`);
  const left = `with ${lab.up.length} of ${servers} servers left`;
  if (lab.up.length > servers / 2) throw new StepEnded('Servers are left that should have been ended.');
  const put = await lab.call(
    { type: 'put', payload: { key: lab.newKey(), value: 'minority' } },
    { withinMs: MINORITY_MS },
  );
  verdicts.hold(
    'minority-no-success',
    put.reply.kind === 'success'
      ? `PUT gave success at server ${put.server} ${left}: no majority has it.`
      : undefined,
    `PUT gave ${messageText(put.reply)} ${left}.`,
  );
}

function seconds(ms: number): string {
  return (Math.min(ms, 2 * CALL_MS) / 1_000).toFixed(1);
}
