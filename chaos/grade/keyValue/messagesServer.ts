import { inWords } from '../subject/reply.js';
import type { Trace } from '../subject/subject.js';
import { httpExchange, lineExchange, parsedJson, type Exchange } from './exchange.js';

/** How messages are carried: a line on a TCP connection, or the body of a POST to this path. */
export type Wire = { readonly kind: 'lines' } | { readonly kind: 'http'; readonly path: string };

/** Tried in this order where nobody says it. */
export const knownWires: readonly Wire[] = [
  { kind: 'lines' },
  { kind: 'http', path: '/' },
  { kind: 'http', path: '/messages' },
];

export function wireText(wire: Wire): string {
  return wire.kind === 'lines' ? 'lines of JSON over TCP' : `POST ${wire.path}`;
}

/** The outcome of one message to one server. */
export type MessageReply =
  | { readonly kind: 'success'; readonly payload: unknown; readonly ms: number }
  | { readonly kind: 'fail'; readonly text: string; readonly ms: number }
  /** Another server is to be asked: this one, if it can be made out which. */
  | {
      readonly kind: 'redirect';
      readonly target: number | undefined;
      readonly text: string;
      readonly ms: number;
    }
  /** Neither of these codes. */
  | { readonly kind: 'unclear'; readonly text: string; readonly ms: number }
  | { readonly kind: 'refused' | 'silent'; readonly text: string; readonly ms: number };

export type Message =
  | { readonly type: 'put'; readonly payload: { readonly key: string; readonly value: string } }
  | { readonly type: 'get'; readonly payload: { readonly key: string } };

interface Ports {
  /** On which the servers take messages, by id. */
  readonly ports: readonly number[];
  /** On which they may talk to each other, by id. */
  readonly peerPorts: readonly number[];
}

/** One server of JSON messages. */
export class MessagesServer {
  constructor(
    readonly id: number,
    private readonly known: Ports,
    private readonly trace: Trace,
  ) {}

  async send(message: Message, wire: Wire, timeoutMs: number, isTraced = true): Promise<MessageReply> {
    const since = performance.now();
    const exchange = await this.exchange(message, wire, timeoutMs);
    const reply = replyOf(exchange, performance.now() - since, this.known);
    if (isTraced)
      this.trace(
        `server ${this.id}: ${inWords(message)} -> ${messageText(reply)} (${Math.round(reply.ms)} ms)`,
      );
    return reply;
  }

  /** Whether it answers any JSON at all in this way. */
  async speaks(wire: Wire, timeoutMs: number): Promise<boolean> {
    const message: Message = { type: 'get', payload: { key: 'nothing is stored under this key' } };
    const exchange = await this.exchange(message, wire, timeoutMs);
    return exchange.kind === 'answer' && exchange.status !== 404 && isObject(parsedJson(exchange.text));
  }

  /** Sends what is no message of the assignment. */
  async sendNonsense(body: unknown, wire: Wire, timeoutMs: number): Promise<void> {
    await this.exchange(body, wire, timeoutMs);
  }

  private exchange(body: unknown, wire: Wire, timeoutMs: number): Promise<Exchange> {
    const port = this.known.ports[this.id] ?? 0;
    return wire.kind === 'lines'
      ? lineExchange(port, JSON.stringify(body), timeoutMs)
      : httpExchange({ port, method: 'POST', path: wire.path, body, timeoutMs });
  }
}

export function messageText(reply: MessageReply): string {
  switch (reply.kind) {
    case 'success':
      return isObject(reply.payload) ? `success ${inWords(reply.payload)}` : 'success';
    case 'fail':
      return `fail ${reply.text}`.trim();
    case 'redirect':
      return `redirect to ${reply.target === undefined ? 'somewhere' : `server ${reply.target}`} ${reply.text}`;
    case 'unclear':
      return reply.text;
    case 'refused':
    case 'silent':
      return `no answer: ${reply.text}`;
  }
}

function replyOf(exchange: Exchange, ms: number, known: Ports): MessageReply {
  if (exchange.kind === 'refused') return { kind: 'refused', text: 'the connection was refused', ms };
  if (exchange.kind === 'silent') return { kind: 'silent', text: exchange.text, ms };
  const { status, location, text } = exchange;
  if (status >= 300 && status < 400 && location !== undefined)
    return { kind: 'redirect', target: targetIn(location, known), text: location, ms };
  const value = parsedJson(text);
  if (!isObject(value)) return { kind: 'unclear', text: inWords(text), ms };
  const { code, type, payload, ...rest } = value;
  const told = inWords(isObject(payload) || typeof payload === 'string' ? payload : rest);
  if (code === 'success') return { kind: 'success', payload, ms };
  const words = [code, type].map((word) => String(word).toLowerCase());
  if (words.some((word) => word.includes('redirect')))
    return { kind: 'redirect', target: targetIn(value, known), text: told, ms };
  if (code === 'fail') {
    // Some tell with a plain failure who leads.
    const target = targetIn(leaderIn(value), known);
    return target === undefined
      ? { kind: 'fail', text: told, ms }
      : { kind: 'redirect', target, text: told, ms };
  }
  return { kind: 'unclear', text: inWords(value), ms };
}

/**
 * The server that a redirect names. The assignment leaves its form to students: an address, a port or a number is looked for,
 * wherever it stands.
 */
export function targetIn(value: unknown, { ports, peerPorts }: Ports): number | undefined {
  const leaves = leavesOf(value);
  for (const each of leaves) {
    const [, digits] = /(?:^|:)(\d{2,5})(?:\/\S*)?$/.exec(String(each)) ?? [];
    for (const list of [ports, peerPorts]) {
      const id = list.indexOf(Number(digits ?? NaN));
      if (id >= 0) return id;
    }
  }
  const ids = leaves.filter((each) => /^\d+$/.test(String(each))).map(Number);
  return ids.find((id) => id < ports.length);
}

/** What stands under a name that has to do with a leader. */
function leaderIn(value: unknown): unknown {
  if (!isObject(value)) return undefined;
  const named = Object.entries(value).map(([name, member]) =>
    /leader|redirect/i.test(name) ? member : leaderIn(member),
  );
  return named.find((each) => each !== undefined && each !== null);
}

/** All texts and numbers in a value, in their order. */
function leavesOf(value: unknown): (string | number)[] {
  if (typeof value === 'string' || typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(leavesOf);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
