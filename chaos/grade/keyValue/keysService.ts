import { ClusterError } from '../../cluster/cluster.js';
import { StepEnded } from '../steps/lab.js';
import type { Step, Verdicts } from '../steps/step.js';
import { until } from '../subject/subject.js';
import { ELECTION_MS, sameList, type KeysLab } from './keysLab.js';
import { answerText, listOf, statusOf, statusProblem, type KeysServer } from './keysServer.js';

const ROUNDS = 3;
const AT_ONCE = 6;
const SETTLE_MS = 3_000;

/** Three servers are started; one leads. */
export const keysStart: Step<KeysLab> = {
  title: 'Three servers are started',
  judges: ['starts', 'status-form', 'one-leader'],
  async perform(lab, verdicts) {
    try {
      // Some wait for each other before they listen.
      await Promise.all(lab.servers.map(({ id }) => lab.cluster.start(id)));
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      const [summary = '', ...tail] = error.message.split('\n');
      for (const line of tail) lab.say(line);
      verdicts.fail('starts', `${summary}.`);
      throw new StepEnded('Not all servers could be started.');
    }
    verdicts.pass('starts', 'Three servers listen on their ports.');
    const found = await lab.leader();
    await statusForm(lab, verdicts);
    if (found === undefined) {
      const roles = await Promise.all(lab.servers.map(async (server) => (await server.status())?.role));
      const problem = `Three servers run, and ${ELECTION_MS / 1_000} s later their states are ${roles.map((role) => role ?? 'not told').join(', ')}: one must lead.`;
      verdicts.fail('one-leader', problem);
      return;
    }
    // A server that comes late may try to reach the others only every few seconds.
    const agreed = await until(ELECTION_MS * lab.allowance, async () => {
      const named = await Promise.all(lab.servers.map(async (server) => (await server.status())?.leader));
      return new Set(named.map((name) => JSON.stringify(name))).size === 1 && named[0] !== null
        ? named[0]
        : undefined;
    });
    verdicts.hold(
      'one-leader',
      agreed === undefined
        ? `Server ${found.leader.id} leads, and the servers do not all name the same leader.`
        : undefined,
      `Server ${found.leader.id} led after ${found.ms} ms, and all name ${JSON.stringify(agreed)}.`,
    );
  },
};

async function statusForm(lab: KeysLab, verdicts: Verdicts): Promise<void> {
  for (const server of lab.servers) {
    const problem = statusProblem(await server.statusReply());
    if (problem === undefined) continue;
    verdicts.fail('status-form', `GET /admin/status at server ${server.id} ${problem}.`);
    return;
  }
  verdicts.pass('status-form', 'All servers told state, leader, raft_term and commit_idx.');
}

/** One client, one request after the other. */
export const keysBasics: Step<KeysLab> = {
  title: 'One client puts, appends and gets',
  judges: [
    'put',
    'get-form',
    'put-replaces',
    'append',
    'append-creates',
    'missing-key',
    'put-reaches-all',
    'any-server',
    'status-moves',
  ],
  async perform(lab, verdicts) {
    const leader = await lab.settled();
    await puts(lab, verdicts, leader);
    await appends(lab, verdicts, leader);
    lab.takeTrace();
    await missing(lab, verdicts);
    lab.takeTrace();
    await reaches(lab, verdicts, leader);
    lab.takeTrace();
    await anyServer(lab, verdicts);
    lab.takeTrace();
    await moves(lab, verdicts, leader);
  },
};

async function puts(lab: KeysLab, verdicts: Verdicts, leader: KeysServer): Promise<void> {
  const key = lab.newKey();
  const reply = await leader.put(key, ['cat', 'dog']);
  const refused =
    reply.kind === 'value'
      ? undefined
      : `PUT of ["cat", "dog"] at the leader, server ${leader.id}, gave ${answerText(reply)}`;
  const problem = refused ?? (await lab.gives(leader, key, ['cat', 'dog']));
  const read = await leader.get(key);
  const list = listOf(read);
  // A list in a form that is not understood is left to the assertion on forms.
  const isMisread = refused === undefined && read.kind === 'value' && list === undefined;
  const isStored = isMisread && JSON.stringify(read.value).includes('cat');
  verdicts.hold(
    'put',
    problem === undefined || isStored ? undefined : `${problem}.`,
    `PUT was answered, and GET gave the list.`,
  );
  if (list?.remark !== undefined) verdicts.remark('get-form', list.remark);
  const form =
    list === undefined
      ? `GET gave ${answerText(read)}, not a list of strings.`
      : list.list.every((item) => typeof item === 'string')
        ? undefined
        : `GET gave ${answerText(read)}: not every item is a string.`;
  verdicts.hold('get-form', form, `GET gave ${answerText(read)}.`);
  if (refused !== undefined) throw new StepEnded('The leader did not take a PUT.');
  if (isMisread) throw new StepEnded('The answer of GET has no form in which a list could be read.');
  await leader.put(key, ['cow']);
  const replaced = await lab.gives(leader, key, ['cow']);
  verdicts.hold(
    'put-replaces',
    replaced === undefined ? undefined : `After a second PUT ${replaced}.`,
    'A second PUT replaced the list.',
  );
}

/** As in the example of the assignment, with a list; or with a string, as its text says. */
async function appends(lab: KeysLab, verdicts: Verdicts, leader: KeysServer): Promise<void> {
  let problem: string | undefined;
  for (const form of ['list', 'text'] as const) {
    const key = lab.newKey();
    await leader.put(key, ['cat']);
    const reply = await leader.append(key, 'mouse', form);
    const wrong =
      reply.kind === 'value'
        ? await lab.gives(leader, key, ['cat', 'mouse'])
        : `APPEND gave ${answerText(reply)}`;
    if (wrong === undefined) {
      lab.appendForm = form;
      if (form === 'text')
        verdicts.remark(
          'append',
          `As in the example, with "value": ["mouse"], ${problem ?? 'it is not taken'}.`,
        );
      problem = undefined;
      break;
    }
    problem ??= wrong;
  }
  verdicts.hold(
    'append',
    problem === undefined ? undefined : `After PUT of ["cat"] and APPEND of "mouse", ${problem}.`,
    'APPEND added a string at the end.',
  );
  const fresh = lab.newKey();
  const reply = await leader.append(fresh, 'mouse', lab.appendForm);
  const created =
    reply.kind === 'value' ? await lab.gives(leader, fresh, ['mouse']) : `APPEND gave ${answerText(reply)}`;
  verdicts.hold(
    'append-creates',
    created === undefined ? undefined : `The key "${fresh}" was never written, and ${created}.`,
    'APPEND to a new key made a list of one string.',
  );
}

async function missing(lab: KeysLab, verdicts: Verdicts): Promise<void> {
  const [server] = lab.servers;
  if (server === undefined) return;
  const reply = await server.get('never written');
  const list = listOf(reply)?.list;
  const lives = (await server.statusReply()).kind !== 'silent';
  const problem =
    reply.kind === 'silent'
      ? `GET of a key that was never written got no answer: ${reply.text}.`
      : list !== undefined && list.length > 0
        ? `GET of a key that was never written gave ${answerText(reply)}.`
        : lives
          ? undefined
          : 'After GET of a key that was never written the server is silent.';
  if (reply.kind === 'fault' && reply.text.startsWith('status 5'))
    verdicts.remark('missing-key', `It gave ${answerText(reply)}; 404 is what HTTP has for it.`);
  verdicts.hold('missing-key', problem, `It gave ${answerText(reply)}.`);
}

async function reaches(lab: KeysLab, verdicts: Verdicts, leader: KeysServer): Promise<void> {
  const key = lab.newKey();
  await leader.put(key, ['everywhere']);
  let problem: string | undefined;
  for (const server of lab.servers) problem ??= await lab.gives(server, key, ['everywhere']);
  verdicts.hold(
    'put-reaches-all',
    problem === undefined ? undefined : `PUT of ["everywhere"] at server ${leader.id}; then ${problem}.`,
    'All three servers gave what was put at one.',
  );
}

async function anyServer(lab: KeysLab, verdicts: Verdicts): Promise<void> {
  let problem: string | undefined;
  for (const server of lab.servers) {
    const key = lab.newKey();
    const put = await server.put(key, ['one']);
    const append = await server.append(key, 'two', lab.appendForm);
    const refused = [put, append].find(({ kind }) => kind !== 'value');
    if (refused !== undefined) problem ??= `a write gave ${answerText(refused)}`;
    else for (const reader of lab.servers) problem ??= await lab.gives(reader, key, ['one', 'two']);
    if (problem !== undefined) {
      verdicts.fail('any-server', `PUT and APPEND were sent to server ${server.id}: ${problem}.`);
      return;
    }
  }
  verdicts.pass('any-server', 'PUT and APPEND at each of the three servers were read at all.');
}

async function moves(lab: KeysLab, verdicts: Verdicts, leader: KeysServer): Promise<void> {
  const before = statusOf(await leader.statusReply());
  await leader.put(lab.newKey(), ['moves']);
  await until(SETTLE_MS, async () => {
    const now = await leader.status();
    return (now?.commitIndex ?? 0) > (before?.commitIndex ?? 0) ? true : undefined;
  });
  const after = statusOf(await leader.statusReply());
  if (before?.commitIndex === undefined || after?.commitIndex === undefined) {
    verdicts.rest(['status-moves'], 'The status of the leader does not tell commit_idx.');
    return;
  }
  const problem =
    after.commitIndex <= before.commitIndex
      ? `commit_idx was ${before.commitIndex} before a PUT and ${after.commitIndex} after it.`
      : after.term !== before.term || after.role !== 'leader'
        ? `A PUT changed who leads: raft_term went from ${before.term ?? '?'} to ${after.term ?? '?'}.`
        : undefined;
  verdicts.hold(
    'status-moves',
    problem,
    `A PUT moved commit_idx from ${before.commitIndex} to ${after.commitIndex}; the term remained.`,
  );
}

/** Strings are appended to one key by all servers at the same moment. */
export const keysConcurrent: Step<KeysLab> = {
  title: 'Clients append at the same moment',
  judges: ['concurrent-appends'],
  async perform(lab, verdicts) {
    await lab.settled();
    let problem: string | undefined;
    for (let round = 0; round < ROUNDS && problem === undefined; round += 1) {
      const key = lab.newKey();
      const items = Array.from({ length: AT_ONCE }, (_, client) => `client${client}`);
      const replies = await Promise.all(
        items.map((item, client) => atServer(lab, client).append(key, item, lab.appendForm)),
      );
      const refused = replies.find(({ kind }) => kind !== 'value');
      const lists = await lab.equalLists(key, items.length, SETTLE_MS);
      const [first = []] = lists;
      const sorted = [...first].sort();
      if (refused !== undefined) problem = `one of ${AT_ONCE} gave ${answerText(refused)}`;
      else if (!sameList(sorted, items)) problem = `the list is ${JSON.stringify(first)}`;
      else if (lists.some((list) => !sameList(list, first)))
        problem = `the servers have ${lists.map((list) => JSON.stringify(list)).join(' and ')}`;
    }
    verdicts.hold(
      'concurrent-appends',
      problem === undefined
        ? undefined
        : `${AT_ONCE} strings were appended to one key at the same moment, and ${problem}.`,
      `In ${ROUNDS} rounds of ${AT_ONCE} at the same moment each string was there once, in one order.`,
    );
  },
};

/** Clients are spread over the servers. */
function atServer({ servers }: KeysLab, client: number): KeysServer {
  const server = servers[client % servers.length];
  if (server === undefined) throw new Error('there are no servers');
  return server;
}
