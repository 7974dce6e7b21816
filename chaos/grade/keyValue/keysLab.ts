import { setTimeout as sleep } from 'node:timers/promises';
import type { Consistency } from '../assertions/assertion.js';
import { StepEnded } from '../steps/lab.js';
import { until } from '../subject/subject.js';
import { SubjectCluster, type SubjectClusterOptions } from '../subject/subjectCluster.js';
import { KeysServer, listOf, type AppendForm } from './keysServer.js';

/** The assignment sets no limit: PySyncObj takes one or two seconds. */
export const ELECTION_MS = 10_000;
const LOOK_EVERY_MS = 100;
const TRACE_MAX = 14;

/** Three servers of the key/value service, and what a person would do with them. */
export class KeysLab {
  readonly servers: readonly KeysServer[];
  /** Found out by the first APPEND. */
  appendForm: AppendForm = 'list';
  private lines: string[] = [];
  private keys = 0;

  private constructor(
    readonly cluster: SubjectCluster,
    readonly allowance: number,
    readonly consistency: Consistency,
  ) {
    const trace = (line: string): void => void this.lines.push(line);
    this.servers = cluster.servers.map(({ id, port }) => new KeysServer(id, port, trace));
  }

  static async prepare(
    options: SubjectClusterOptions,
    allowance: number,
    consistency: Consistency,
  ): Promise<KeysLab> {
    return new KeysLab(await SubjectCluster.prepare({ ...options, counts: false }), allowance, consistency);
  }

  /** Those whose processes run. */
  get up(): readonly KeysServer[] {
    return this.servers.filter(({ id }) => this.cluster.process(id)?.isRunning === true);
  }

  takeTrace(): string[] {
    const lines = this.lines.slice(-TRACE_MAX);
    this.lines = [];
    return lines;
  }

  say(line: string): void {
    this.lines.push(line);
  }

  /** The lists under a key at all servers that run, once they are equal and as long as this, or when the time is up. */
  async equalLists(key: string, length: number, withinMs: number): Promise<(readonly unknown[])[]> {
    let lists: (readonly unknown[])[] = [];
    await until(
      withinMs * this.allowance,
      async () => {
        const replies = await Promise.all(this.up.map((server) => server.look(key)));
        lists = replies.map((reply) => listOf(reply)?.list ?? []);
        return lists.every((list) => list.length >= length && sameList(list, lists[0] ?? [])) || undefined;
      },
      LOOK_EVERY_MS,
    );
    return lists;
  }

  newKey(): string {
    this.keys += 1;
    return `key${this.keys}`;
  }

  /** All that say that they lead. */
  async leaders(): Promise<KeysServer[]> {
    const roles = await Promise.all(this.up.map(async (server) => (await server.status())?.role));
    return this.up.filter((_, place) => roles[place] === 'leader');
  }

  /** Waits for one leader; undefined when the time is up. */
  async leader(): Promise<{ readonly leader: KeysServer; readonly ms: number } | undefined> {
    const since = performance.now();
    const leader = await until(
      ELECTION_MS * this.allowance,
      async () => {
        const [first, ...more] = await this.leaders();
        return more.length === 0 ? first : undefined;
      },
      LOOK_EVERY_MS,
    );
    return leader === undefined ? undefined : { leader, ms: Math.round(performance.now() - since) };
  }

  /**
   * All servers run, and this one leads. Where no server tells who leads, any will do.
   *
   * @throws StepEnded when there is none
   */
  async settled(): Promise<KeysServer> {
    for (const { id } of this.servers)
      if (this.cluster.process(id)?.isRunning !== true) await this.cluster.start(id);
    const [first] = this.servers;
    const isTold = (await Promise.all(this.up.map((server) => server.status()))).some(
      (status) => status?.role !== undefined,
    );
    if (!isTold && first !== undefined) return first;
    const found = await this.leader();
    if (found === undefined)
      throw new StepEnded(`All servers run, and none led within ${ELECTION_MS / 1_000} s.`);
    this.takeTrace();
    return found.leader;
  }

  /**
   * What a GET must give: at once if reads are to be linearizable, else before the time is up.
   *
   * @returns what it gave instead, in words; undefined: it gave that
   */
  async gives(
    server: KeysServer,
    key: string,
    expected: readonly string[],
    withinMs = 2_000,
  ): Promise<string | undefined> {
    const isRight = async (): Promise<true | undefined> =>
      sameList(listOf(await server.look(key))?.list, expected) ? true : undefined;
    const patienceMs = this.consistency === 'linearizable' ? 0 : withinMs * this.allowance;
    if ((await until(patienceMs, isRight, LOOK_EVERY_MS)) === true) return undefined;
    const reply = await server.get(key);
    const list = listOf(reply)?.list;
    if (sameList(list, expected) && patienceMs > 0) return undefined;
    const seen = list === undefined ? 'no list' : JSON.stringify(list);
    return `GET /keys/${key} at server ${server.id} gave ${seen} instead of ${JSON.stringify(expected)}`;
  }

  /** One that is not this one. */
  otherThan(server: KeysServer): KeysServer {
    const other = this.up.find(({ id }) => id !== server.id);
    if (other === undefined) throw new StepEnded('No other server runs.');
    return other;
  }

  /** Gives the first that says that it leads in this time. */
  async nobodyLeads(forMs: number): Promise<number | undefined> {
    const end = performance.now() + forMs;
    while (performance.now() < end) {
      const [leader] = await this.leaders();
      if (leader !== undefined) return leader.id;
      await sleep(LOOK_EVERY_MS);
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.cluster.close();
  }
}

export function sameList(one: readonly unknown[] | undefined, other: readonly unknown[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
