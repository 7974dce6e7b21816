import { inWords, type Reply } from '../subject/reply.js';
import type { Trace } from '../subject/subject.js';
import { httpExchange, parsedJson, type Exchange } from './exchange.js';

/** A call may be passed on to the leader, and wait there for a majority. */
const CALL_MS = 5_000;
const LOOK_MS = 1_000;
const TEXT_MAX = 200;

/** What a fault says when nobody took the connection. */
export const REFUSED = 'the connection was refused';

/** How a list is sent with APPEND: as in the example of the assignment, or as its text says. */
export type AppendForm = 'list' | 'text';

/** The state of a server, as PySyncObj tells it. Undefined: it does not say, or not in a way that is understood. */
interface RaftStatus {
  readonly role: 'follower' | 'candidate' | 'leader' | undefined;
  /** As it was told: a name, an address, an object; null: nobody. */
  readonly leader: unknown;
  readonly term: number | undefined;
  readonly commitIndex: number | undefined;
}

/** One server of the key/value service, known by nothing but the calls of the assignment. */
export class KeysServer {
  constructor(
    readonly id: number,
    private readonly port: number,
    private readonly trace: Trace,
  ) {}

  put(key: string, value: readonly string[], timeoutMs = CALL_MS): Promise<Reply> {
    return this.post(key, { type: 'PUT', value }, timeoutMs);
  }

  append(key: string, value: string, form: AppendForm, timeoutMs = CALL_MS): Promise<Reply> {
    return this.post(key, { type: 'APPEND', value: form === 'list' ? [value] : value }, timeoutMs);
  }

  /** Of one client among many, whose calls leave no trace. */
  appendQuietly(key: string, value: string, form: AppendForm, timeoutMs: number): Promise<Reply> {
    const body = { type: 'APPEND', value: form === 'list' ? [value] : value };
    return this.ask('POST', `/keys/${encodeURIComponent(key)}`, body, timeoutMs);
  }

  async get(key: string, timeoutMs = CALL_MS): Promise<Reply> {
    const reply = await this.look(key, timeoutMs);
    this.say(`GET /keys/${key}`, reply);
    return reply;
  }

  /** A GET that leaves no trace: it is repeated until something is there. */
  async look(key: string, timeoutMs = CALL_MS): Promise<Reply> {
    return this.ask('GET', `/keys/${encodeURIComponent(key)}`, undefined, timeoutMs);
  }

  async statusReply(timeoutMs = CALL_MS): Promise<Reply> {
    const reply = await this.ask('GET', '/admin/status', undefined, timeoutMs);
    this.say('GET /admin/status', reply);
    return reply;
  }

  /** Undefined: no answer, or none that is a status. It is asked very often, and leaves no trace. */
  async status(): Promise<RaftStatus | undefined> {
    return statusOf(await this.ask('GET', '/admin/status', undefined, LOOK_MS));
  }

  private async post(key: string, body: object, timeoutMs: number): Promise<Reply> {
    const reply = await this.ask('POST', `/keys/${encodeURIComponent(key)}`, body, timeoutMs);
    this.say(`POST /keys/${key} ${JSON.stringify(body)}`, reply);
    return reply;
  }

  private async ask(method: 'GET' | 'POST', path: string, body: unknown, timeoutMs: number): Promise<Reply> {
    const since = performance.now();
    const exchange = await httpExchange({ port: this.port, method, path, body, timeoutMs });
    return replyOf(exchange, performance.now() - since);
  }

  private say(call: string, reply: Reply): void {
    this.trace(`server ${this.id}: ${call} -> ${answerText(reply)} (${Math.round(reply.ms)} ms)`);
  }
}

/** Any 2xx is success, but 202: what was only accepted was not yet done. */
function replyOf(exchange: Exchange, ms: number): Reply {
  if (exchange.kind === 'refused') return { kind: 'fault', text: REFUSED, ms };
  if (exchange.kind === 'silent') return { kind: 'silent', text: exchange.text, ms };
  const { status, text } = exchange;
  if (status >= 200 && status < 300 && status !== 202)
    return { kind: 'value', value: text === '' ? null : (parsedJson(text) ?? text), ms };
  return { kind: 'fault', text: `status ${status} ${text.slice(0, TEXT_MAX)}`.trim(), ms };
}

/** As in `["a"]`, `status 404`, `no answer: within 5 s`. */
export function answerText(reply: Reply): string {
  if (reply.kind === 'value') return reply.value === null ? 'success' : inWords(reply.value);
  return reply.kind === 'fault' ? reply.text : `no answer: ${reply.text}`;
}

/** A list of a GET, and how far its form is from a list of JSON. */
interface ReadList {
  readonly list: readonly unknown[];
  /** Undefined: it is one. */
  readonly remark: string | undefined;
}

/**
 * The list that a GET gave; an empty one for a key that was never written. A list within an object, or as Python writes it, is
 * understood, since the assignment does not say how a list is to be sent.
 */
export function listOf(reply: Reply): ReadList | undefined {
  if (reply.kind === 'fault')
    return reply.text.startsWith('status 4') ? { list: [], remark: undefined } : undefined;
  if (reply.kind !== 'value') return undefined;
  const { value } = reply;
  if (value === null || value === 'None') return { list: [], remark: undefined };
  if (Array.isArray(value)) return { list: value, remark: undefined };
  if (typeof value === 'object') {
    const lists = Object.values(value).filter((member) => Array.isArray(member));
    const [list] = lists;
    return lists.length === 1 && list !== undefined
      ? { list, remark: 'The list is within an object; a list alone is what a client expects.' }
      : undefined;
  }
  const list = typeof value === 'string' ? pythonList(value) : undefined;
  return list === undefined
    ? undefined
    : {
        list,
        remark: "The list is written as Python's str() does it, which is not JSON: json.dumps(value).",
      };
}

/** As in `['cat', 'dog']`: names of one kind of quotes without quotes or backslashes in them. */
function pythonList(text: string): string[] | undefined {
  if (!/^\s*\[\s*('[^'\\]*'\s*(,\s*'[^'\\]*'\s*)*)?\]\s*$/.test(text)) return undefined;
  return [...text.matchAll(/'([^']*)'/g)].map(([, item = '']) => item);
}

const roles = ['follower', 'candidate', 'leader'] as const;

/** A name that PySyncObj's `getStatus()` has, and others that are understood in its place. */
const names = {
  state: ['state', 'role', 'raft_state', 'raftState'],
  leader: ['leader', 'leader_id', 'leaderId'],
  term: ['raft_term', 'term', 'current_term', 'currentTerm'],
  commitIndex: ['commit_idx', 'commit_index', 'commitIndex'],
} as const;

export function statusOf(reply: Reply): RaftStatus | undefined {
  if (reply.kind !== 'value' || typeof reply.value !== 'object' || reply.value === null) return undefined;
  const told = reply.value as Readonly<Record<string, unknown>>;
  const under = (known: readonly string[]): unknown => told[known.find((name) => name in told) ?? ''];
  const state = under(names.state);
  const role =
    typeof state === 'number'
      ? roles[state]
      : roles.find((each) => typeof state === 'string' && state.toLowerCase().includes(each));
  return {
    role,
    leader: under(names.leader) ?? null,
    term: numberOf(under(names.term)),
    commitIndex: numberOf(under(names.commitIndex)),
  };
}

/** How an answer differs from a status of PySyncObj; undefined: it does not. */
export function statusProblem(reply: Reply): string | undefined {
  const status = statusOf(reply);
  if (status === undefined || reply.kind !== 'value')
    return `gave ${answerText(reply)}, which is no object of JSON`;
  const missing = Object.values(names).find(([name]) => !(name in (reply.value as object)));
  if (missing !== undefined) return `has no ${missing[0]}`;
  if (status.role === undefined) return 'has no state of 0, 1 or 2 (follower, candidate, leader)';
  if (status.term === undefined) return 'has no whole number as raft_term';
  return status.commitIndex === undefined ? 'has no whole number as commit_idx' : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
}
