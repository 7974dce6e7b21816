import { setTimeout as sleep } from 'node:timers/promises';
import { HistoryRecorder, isAnswered, type KvPut } from '../../../src/verify/index.js';
import { Prng } from '../../../src/sim/prng.js';
import type { Consistency } from '../assertions/assertion.js';
import { StepEnded } from '../steps/lab.js';
import type { Step, Verdicts } from '../steps/step.js';
import { until } from '../subject/subject.js';
import { judgeOrder } from './judgeOrder.js';
import { CALL_MS, valueOf, type MessagesLab } from './messagesLab.js';
import { messageText, type MessagesServer, type Message, type MessageReply } from './messagesServer.js';

const CLIENTS = 4;
const GET_SHARE = 0.35;
const PAUSE_MS = 30;
const BEFORE_MS = 2_000;
const AFTER_MS = 2_000;

/** Clients put and get all the time, while two leaders are ended, one after the other. */
export function messagesMany(seed: number, consistency: Consistency): Step<MessagesLab> {
  return {
    title: 'Many clients, while two leaders are ended',
    judges: ['calls-end', 'succeeds-again', 'second-leader', 'nothing-lost', 'linearizable'],
    async perform(lab, verdicts) {
      await lab.startAll();
      if ((await lab.findWire()) === undefined) throw new StepEnded('Server 0 answers nothing.');
      const first = await until(CALL_MS * lab.allowance, async () =>
        (await lab.put('first', 'value')).reply.kind === 'success' ? true : undefined,
      );
      if (first === undefined) throw new StepEnded('No server took a PUT.');
      lab.takeTrace();
      const since = performance.now();
      const work = new ManyClients(lab, new HistoryRecorder(() => performance.now() - since));
      const clients = Array.from({ length: CLIENTS }, (_, number) =>
        work.run(number, new Prng(seed).fork(number)),
      );
      const waits: number[] = [];
      const ended: number[] = [];
      for (let leader = 0; leader < 2; leader += 1) {
        await sleep(BEFORE_MS);
        ended.push(work.leader);
        lab.say(`server ${work.leader}, where calls had succeeded, is ended`);
        await lab.cluster.kill(work.leader);
        const waited = await work.successAfter(CALL_MS * lab.allowance);
        if (waited === undefined) break;
        waits.push(waited);
      }
      await sleep(AFTER_MS);
      work.end();
      await Promise.all(clients);
      const waitText = waits.map((ms) => `${(ms / 1_000).toFixed(1)} s`).join(' and ');
      verdicts.hold(
        'succeeds-again',
        waits.length === 2
          ? undefined
          : `Server ${ended.at(-1) ?? '?'} was ended, ${lab.up.length} of ${lab.servers.length} were left, and no PUT succeeded within ${CALL_MS / 1_000} s.`,
        `Calls succeeded again ${waitText} after a leader was ended.`,
      );
      work.judgeEnds(verdicts);
      await work.judgeLoss(verdicts, waits.length === 2);
      if (consistency === 'linearizable')
        judgeOrder(verdicts, work.history.operations(), (line) => lab.say(line));
    },
  };
}

/** Clients that send each message once: what became of it is known, or unknown, but never doubled. */
class ManyClients {
  private isOver = false;
  private at = 0;
  private successes = 0;
  private hanging: string | undefined;
  private sent = 0;

  constructor(
    private readonly lab: MessagesLab,
    readonly history: HistoryRecorder,
  ) {
    this.at = lab.leader;
  }

  get leader(): number {
    return this.at;
  }

  end(): void {
    this.isOver = true;
  }

  async run(number: number, prng: Prng): Promise<void> {
    const name = `c${number}`;
    for (let value = 1; !this.isOver; value += 1) {
      const server = this.lab.servers[this.at];
      if (server === undefined) return;
      const isRead = prng.chance(GET_SHARE);
      const key = `counter${isRead ? prng.between(0, CLIENTS - 1) : number}`;
      const reply = isRead
        ? await this.get(server, name, key)
        : await this.put(server, name, key, String(value));
      this.follow(server, reply, isRead);
      await sleep(PAUSE_MS);
    }
  }

  /** How long it took until a PUT succeeded at another server; undefined: the time was up. */
  async successAfter(withinMs: number): Promise<number | undefined> {
    const [since, before] = [performance.now(), this.successes];
    const found = await until(withinMs, () => Promise.resolve(this.successes > before ? true : undefined));
    return found === true ? performance.now() - since : undefined;
  }

  judgeEnds(verdicts: Verdicts): void {
    verdicts.hold(
      'calls-end',
      this.hanging,
      `Each of ${this.sent} calls ended with an answer, or because its server was ended.`,
    );
  }

  /** In the end each client's key has the number that was acknowledged last, or a later one. */
  async judgeLoss(verdicts: Verdicts, hasMajority: boolean): Promise<void> {
    if (!hasMajority) {
      verdicts.rest(['nothing-lost', 'second-leader'], 'No server took calls in the end.');
      return;
    }
    const puts = this.history.operations().filter((each): each is KvPut => each.kind === 'kvPut');
    const acknowledged = puts.filter(isAnswered);
    const problems: string[] = [];
    for (const key of new Set(acknowledged.map((put) => put.key))) {
      const last = Math.max(
        ...acknowledged.filter((put) => put.key === key).map(({ value }) => Number(value)),
      );
      const { reply } = await this.lab.get(key);
      const found = Number(valueOf(reply));
      // A call whose end nobody knows may still take effect after a later one.
      const isLate = puts.some(
        (put) => put.key === key && Number(put.value) === found && put.outcome.status === 'unknown',
      );
      if (!(found >= last) && !isLate)
        problems.push(
          `"${key}" was put with ${last}, which gave success, and in the end GET gives ${messageText(reply)}`,
        );
    }
    const figures = `${acknowledged.length} of ${puts.length} PUTs succeeded while two leaders were ended`;
    const problem = problems[0] === undefined ? undefined : `${figures}; ${problems[0]}.`;
    verdicts.hold('nothing-lost', problem, `${figures}; each key has the last of its values.`);
    const { reply } = await this.lab.get('first');
    verdicts.hold(
      'second-leader',
      valueOf(reply) === 'value'
        ? undefined
        : `Two leaders were ended, and GET of a key that was put before gives ${messageText(reply)}.`,
      'After two leaders were ended, what was put before is there, and calls succeed.',
    );
  }

  private async put(
    server: MessagesServer,
    client: string,
    key: string,
    value: string,
  ): Promise<MessageReply> {
    const call = this.history.invoke(client, { kind: 'kvPut', key, value });
    const reply = await this.send(server, { type: 'put', payload: { key, value } });
    if (reply.kind === 'success') call.ok({});
    else if (reply.kind === 'refused' || reply.kind === 'redirect') call.fail(reply.kind);
    else call.unknown(reply.text);
    return reply;
  }

  private async get(server: MessagesServer, client: string, key: string): Promise<MessageReply> {
    const call = this.history.invoke(client, { kind: 'kvGet', key });
    const reply = await this.send(server, { type: 'get', payload: { key } });
    const value = valueOf(reply);
    if (reply.kind === 'success')
      call.ok(
        value === undefined ? {} : { value: typeof value === 'string' ? value : JSON.stringify(value) },
      );
    else call.unknown(reply.text);
    return reply;
  }

  private async send(server: MessagesServer, message: Message): Promise<MessageReply> {
    const reply = await server.send(
      message,
      this.lab.wire ?? { kind: 'lines' },
      CALL_MS * this.lab.allowance,
      false,
    );
    this.sent += 1;
    if (reply.kind === 'silent' && this.lab.cluster.process(server.id)?.isRunning === true)
      this.hanging ??= `${message.type.toUpperCase()} of "${message.payload.key}" at server ${server.id}, which runs, got no answer: ${reply.text}.`;
    return reply;
  }

  private follow(server: MessagesServer, reply: MessageReply, isRead: boolean): void {
    if (reply.kind === 'success') {
      if (!isRead) this.successes += 1;
      this.at = server.id;
    } else if (this.at === server.id && !(isRead && reply.kind === 'fail')) {
      const target = reply.kind === 'redirect' ? reply.target : undefined;
      const next = target === undefined || target === server.id ? server.id + 1 : target;
      this.at = next % this.lab.servers.length;
    }
  }
}
