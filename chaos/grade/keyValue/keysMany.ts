import { setTimeout as sleep } from 'node:timers/promises';
import { HistoryRecorder, isAnswered, type KvAppend, type KvGet } from '../../../src/verify/index.js';
import { Prng } from '../../../src/sim/prng.js';
import type { Step, Verdicts } from '../steps/step.js';
import type { Reply } from '../subject/reply.js';
import { judgeOrder } from './judgeOrder.js';
import { sameList, type KeysLab } from './keysLab.js';
import { listOf, REFUSED } from './keysServer.js';

const CLIENTS = 4;
const KEYS = ['many-a', 'many-b'] as const;
const GET_SHARE = 0.35;
const CALL_MS = 3_000;
const PAUSE_MS = 25;
const BEFORE_MS = 2_500;
const DOWN_MS = 4_000;
const AFTER_MS = 3_000;
const EQUAL_MS = 10_000;

/** Clients append and get all the time, while the leader is shut down and started again. */
export function keysMany(seed: number): Step<KeysLab> {
  return {
    title: 'Many clients, while the leader is shut down',
    judges: ['nothing-lost', 'reads-plausible', 'linearizable'],
    async perform(lab, verdicts) {
      const leader = await lab.settled();
      const since = performance.now();
      const history = new HistoryRecorder(() => performance.now() - since);
      const ending = new AbortController();
      const work = Promise.all(
        Array.from({ length: CLIENTS }, (_, number) =>
          client(lab, history, `c${number}`, new Prng(seed).fork(number), ending.signal),
        ),
      );
      await sleep(BEFORE_MS);
      lab.say(`server ${leader.id}, which leads, is shut down, and started again ${DOWN_MS / 1_000} s later`);
      await lab.cluster.kill(leader.id);
      await sleep(DOWN_MS);
      await lab.cluster.start(leader.id);
      await sleep(AFTER_MS);
      ending.abort();
      await work;
      await judge(lab, verdicts, history);
    },
  };
}

async function client(
  lab: KeysLab,
  history: HistoryRecorder,
  name: string,
  prng: Prng,
  ending: AbortSignal,
): Promise<void> {
  for (let number = 1; !ending.aborted; number += 1) {
    const key = prng.pick(KEYS);
    const server = prng.pick(lab.servers);
    if (prng.chance(GET_SHARE)) {
      const call = history.invoke(name, { kind: 'kvGet', key });
      const reply = await server.look(key, CALL_MS);
      const read = listOf(reply);
      if (read === undefined) call.unknown('no list');
      else call.ok(read.list.length === 0 ? {} : { value: read.list.map(String) });
    } else {
      const value = `${name}-${number}`;
      const call = history.invoke(name, { kind: 'kvAppend', key, value });
      const reply = await server.appendQuietly(key, value, lab.appendForm, CALL_MS);
      if (reply.kind === 'value') call.ok({});
      else if (isRefused(reply)) call.fail(REFUSED);
      else call.unknown(reply.text);
    }
    await sleep(PAUSE_MS);
  }
}

/** Nobody took the connection, so that nothing was done. Any other error may come after the write. */
function isRefused(reply: Reply): boolean {
  return reply.kind === 'fault' && reply.text === REFUSED;
}

/** Every value that these clients send is a text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function judge(lab: KeysLab, verdicts: Verdicts, history: HistoryRecorder): Promise<void> {
  const operations = history.operations();
  const appends = operations.filter((operation): operation is KvAppend => operation.kind === 'kvAppend');
  const gets = operations.filter((operation): operation is KvGet => operation.kind === 'kvGet');
  const acknowledged = appends.filter(isAnswered);
  if (acknowledged.length === 0) {
    verdicts.rest(['nothing-lost', 'reads-plausible', 'linearizable'], 'No APPEND was acknowledged.');
    return;
  }
  const problems: string[] = [];
  const implausible: string[] = [];
  for (const key of KEYS) {
    const expected = acknowledged.filter((append) => append.key === key).map(({ value }) => textOf(value));
    const lists = await lab.equalLists(key, expected.length, EQUAL_MS);
    const list = (lists[0] ?? []).map(String);
    const other = lists.findIndex((each) => !sameList(each, list));
    if (other > 0)
      problems.push(
        `in the end the servers have different lists under "${key}", of ${lists.map(({ length }) => length).join(', ')} strings`,
      );
    const lost = expected.filter((item) => lists.some((each) => !each.includes(item)));
    if (lost.length > 0)
      problems.push(
        `${lost.length} of ${expected.length} acknowledged strings are not in the list of each server, "${lost[0] ?? ''}" among them`,
      );
    const doubled = list.find((item, place) => list.indexOf(item) !== place);
    if (doubled !== undefined) problems.push(`"${doubled}" was appended once, and is in the list twice`);
    for (const get of gets.filter((each) => each.key === key && isAnswered(each))) {
      const read = get.outcome.status === 'ok' && Array.isArray(get.outcome.value) ? get.outcome.value : [];
      if (!sameList(read, list.slice(0, read.length)))
        implausible.push(
          `a GET of "${key}" gave ${read.length} strings up to "${textOf(read.at(-1))}", and the list in the end does not begin with these`,
        );
    }
  }
  const figures = `${acknowledged.length} of ${appends.length} APPENDs were acknowledged, ${gets.filter(isAnswered).length} of ${gets.length} GETs answered`;
  verdicts.hold(
    'nothing-lost',
    problems[0] === undefined ? undefined : `${figures}; ${problems[0]}.`,
    `${figures}; each acknowledged string is there once.`,
  );
  verdicts.hold(
    'reads-plausible',
    implausible[0] === undefined ? undefined : `${implausible[0]}.`,
    'Each list that was read is a beginning of the list in the end.',
  );
  if (lab.consistency === 'linearizable') judgeOrder(verdicts, operations, (line) => lab.say(line));
}
