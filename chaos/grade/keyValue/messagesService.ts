import { ClusterError } from '../../cluster/cluster.js';
import { StepEnded } from '../steps/lab.js';
import type { Step, Verdicts } from '../steps/step.js';
import { until } from '../subject/subject.js';
import { CALL_MS, valueOf, type MessagesLab } from './messagesLab.js';
import { messageText, wireText } from './messagesServer.js';

const LATE_MS = 2_000;
const LONG = 10_000;
const AT_ONCE = 8;
const ROUNDS = 3;
const CALLS = 100;
const CLIENTS = 4;

/** Five servers are started. */
export const messagesStart: Step<MessagesLab> = {
  title: 'Five servers are started',
  judges: ['starts'],
  async perform(lab, verdicts) {
    try {
      await lab.startAll();
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      const [summary = '', ...tail] = error.message.split('\n');
      for (const line of tail) lab.say(line);
      verdicts.fail('starts', `${summary}.`);
      return;
    }
    const wire = await lab.findWire();
    verdicts.hold(
      'starts',
      wire === undefined
        ? 'Five servers listen, and server 0 answers JSON neither to a line over TCP nor to a POST of / or /messages: --wire says how to speak to them.'
        : undefined,
      wire === undefined ? '' : `Five servers listen; they answer to ${wireText(wire)}.`,
    );
  },
};

/** One client, which follows redirects. */
export const messagesBasics: Step<MessagesLab> = {
  title: 'One client puts and gets',
  judges: ['put', 'get', 'get-form', 'put-replaces', 'missing-key', 'values', 'lives-on'],
  async perform(lab, verdicts) {
    await lab.ready();
    const key = lab.newKey();
    let seen = '';
    const isPut = await until(CALL_MS * lab.allowance, async () => {
      const { reply } = await lab.put(key, 'first');
      seen = messageText(reply);
      return reply.kind === 'success' ? true : undefined;
    });
    const problem = isPut === true ? undefined : `PUT of "${key}" gave ${seen} at last`;
    verdicts.hold(
      'put',
      problem === undefined ? undefined : `${problem}.`,
      `PUT gave success at server ${lab.leader}.`,
    );
    if (problem !== undefined) throw new StepEnded('No server took a PUT.');
    const { reply } = await lab.get(key);
    const value = valueOf(reply);
    verdicts.hold(
      'get',
      value === 'first' ? undefined : `"first" was put under "${key}", and GET gave ${messageText(reply)}.`,
      'GET gave the value that was put.',
    );
    const payload = reply.kind === 'success' ? reply.payload : undefined;
    const hasForm =
      typeof payload === 'object' && payload !== null && 'key' in payload && 'value' in payload
        ? payload.key === key
        : false;
    verdicts.hold(
      'get-form',
      hasForm ? undefined : `GET gave ${messageText(reply)}, without "key" and "value" in its payload.`,
      'The payload has key and value.',
    );
    await lab.put(key, 'second');
    const again = await stored(lab, key, 'second');
    verdicts.hold(
      'put-replaces',
      again === undefined ? undefined : `After a second PUT ${again}.`,
      'A second PUT replaced the value.',
    );
    await forms(lab, verdicts);
  },
};

async function forms(lab: MessagesLab, verdicts: Verdicts): Promise<void> {
  lab.takeTrace();
  const { reply: missing } = await lab.get('never put');
  const isNothing = missing.kind === 'success' && (valueOf(missing) ?? null) === null;
  if (isNothing) verdicts.remark('missing-key', 'It was success without a value; the code fail is meant.');
  verdicts.hold(
    'missing-key',
    missing.kind === 'fail' || isNothing
      ? undefined
      : `GET of a key that was never put gave ${messageText(missing)}.`,
    `GET of a key that was never put gave ${messageText(missing)}.`,
  );
  let problem: string | undefined;
  for (const value of ['two words, "quoted"', 'äöü 木 \\ {}', 'x'.repeat(LONG)]) {
    const key = lab.newKey();
    const put = await lab.put(key, value);
    if (put.reply.kind === 'success') problem ??= await stored(lab, key, value);
    else problem ??= `PUT gave ${messageText(put.reply)}`;
  }
  verdicts.hold(
    'values',
    problem === undefined ? undefined : `${problem}.`,
    'Blanks, quotes, other alphabets and 10,000 characters came back as they were put.',
  );
  await livesOn(lab, verdicts);
}

async function livesOn(lab: MessagesLab, verdicts: Verdicts): Promise<void> {
  lab.takeTrace();
  const server = lab.servers[lab.leader];
  const { wire } = lab;
  if (server === undefined || wire === undefined) return;
  for (const body of [{ type: 'no such type' }, { type: 'put' }, 'no object'])
    await server.sendNonsense(body, wire, LATE_MS);
  const isRunning = lab.cluster.process(server.id)?.isRunning === true;
  const { reply } = await lab.put(lab.newKey(), 'after nonsense');
  verdicts.hold(
    'lives-on',
    !isRunning
      ? `Messages without sense ended the process of server ${server.id}.`
      : reply.kind === 'success'
        ? undefined
        : `After messages without sense PUT gave ${messageText(reply)}.`,
    'The server lived on, and took the next PUT.',
  );
}

/** What a GET gave instead, in words; a value that was just put may take a moment. */
export async function stored(
  lab: MessagesLab,
  key: string,
  value: string,
  from?: number,
): Promise<string | undefined> {
  const isRight = async (): Promise<true | undefined> =>
    valueOf((await lab.get(key, from)).reply) === value ? true : undefined;
  if ((await until(LATE_MS * lab.allowance, isRight)) === true) return undefined;
  const { reply, server } = await lab.get(key, from);
  return `GET of "${key}" gave ${messageText(reply)} at server ${server} instead of ${JSON.stringify(value.slice(0, 40))}`;
}

/** Clients begin at different servers, and must not come to different stores. */
export const messagesSafety: Step<MessagesLab> = {
  title: 'Clients begin at different servers',
  judges: ['every-server', 'same-answers', 'concurrent-puts', 'all-succeed'],
  async perform(lab, verdicts) {
    await lab.ready();
    await everyServer(lab, verdicts);
    lab.takeTrace();
    await sameAnswers(lab, verdicts);
    lab.takeTrace();
    await concurrentPuts(lab, verdicts);
    lab.takeTrace();
    await allSucceed(lab, verdicts);
  },
};

async function everyServer(lab: MessagesLab, verdicts: Verdicts): Promise<void> {
  let problem: string | undefined;
  let direct = 0;
  for (const { id } of lab.servers) {
    const key = lab.newKey();
    const put = await lab.put(key, `from ${id}`, id);
    const get = await lab.get(key, id);
    if (put.server === id) direct += 1;
    const bad = [put, get].find(({ reply }) => reply.kind !== 'success');
    if (bad !== undefined)
      problem ??= `A client that began at server ${id} came to no server that takes its call: ${messageText(bad.reply)}`;
  }
  verdicts.hold(
    'every-server',
    problem === undefined ? undefined : `${problem}.`,
    direct === 1
      ? 'One server took the calls, and the others sent clients on.'
      : `${direct} of ${lab.servers.length} servers took the calls themselves.`,
  );
}

async function sameAnswers(lab: MessagesLab, verdicts: Verdicts): Promise<void> {
  const key = lab.newKey();
  let problem: string | undefined;
  for (const { id: writer } of lab.servers) {
    const value = `put from ${writer}`;
    await lab.put(key, value, writer);
    for (const { id: reader } of lab.servers) {
      const wrong = await stored(lab, key, value, reader);
      if (wrong !== undefined)
        problem ??= `A client put "${value}", beginning at server ${writer}; another began at server ${reader}: ${wrong}`;
    }
    if (problem !== undefined) break;
  }
  verdicts.hold(
    'same-answers',
    problem === undefined ? undefined : `${problem}.`,
    'Wherever clients began, they got the value that was put last.',
  );
}

async function concurrentPuts(lab: MessagesLab, verdicts: Verdicts): Promise<void> {
  let problem: string | undefined;
  for (let round = 0; round < ROUNDS && problem === undefined; round += 1) {
    const key = lab.newKey();
    const values = Array.from({ length: AT_ONCE }, (_, client) => `client${client}`);
    await Promise.all(values.map((value, client) => lab.put(key, value, client % lab.servers.length)));
    let seen: unknown[] = [];
    await until(LATE_MS * lab.allowance, async () => {
      seen = [];
      for (const { id } of lab.servers) seen.push(valueOf((await lab.get(key, id)).reply));
      return seen.every((value) => value === seen[0]) ? true : undefined;
    });
    if (seen.some((value) => value !== seen[0]) || !values.includes(String(seen[0])))
      problem = `${AT_ONCE} values were put under "${key}" at the same moment; clients that begin at servers 0 to ${lab.servers.length - 1} get ${seen.map((value) => JSON.stringify(value)).join(', ')}`;
  }
  verdicts.hold(
    'concurrent-puts',
    problem === undefined ? undefined : `${problem}.`,
    `In ${ROUNDS} rounds of ${AT_ONCE} at the same moment one value stayed, the same for all.`,
  );
}

async function allSucceed(lab: MessagesLab, verdicts: Verdicts): Promise<void> {
  let problem: string | undefined;
  const since = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const key = lab.newKey();
      for (let call = 0; call < CALLS / CLIENTS / 2; call += 1) {
        const put = await lab.put(key, String(call));
        const get = await lab.get(key);
        const bad = [put, get].find(({ reply }) => reply.kind !== 'success');
        if (bad !== undefined)
          problem ??= `Nothing had failed, and a call of client ${client} gave ${messageText(bad.reply)}`;
      }
    }),
  );
  verdicts.hold(
    'all-succeed',
    problem === undefined ? undefined : `${problem}.`,
    `${CALLS} calls of ${CLIENTS} clients succeeded in ${((performance.now() - since) / 1_000).toFixed(1)} s.`,
  );
}
