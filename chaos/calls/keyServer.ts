import { Agent, request as httpRequest } from 'node:http';
import type { ServerAddress } from '../../src/config/clusterFile.js';
import type { ServerId } from '../runRecord.js';
import { errorOfExchange, NoAnswerError } from './rpcError.js';
import { Refusal } from './refusal.js';

/** The name under which a write may be sent any number of times and is done once. */
export interface RequestName {
  /** Of a session that was opened. */
  readonly clientId: string;
  /** From 1 on. */
  readonly sequence: number;
}

/** A change of the list under a key. */
export type Change =
  | { readonly type: 'PUT'; readonly value: readonly string[] }
  | { readonly type: 'APPEND'; readonly value: string };

export interface KeyCallLimits {
  /** The server is to answer within so long, be it that it could not. */
  readonly deadlineMs: number;
  /** The client closes the connection after so long. */
  readonly patienceMs: number;
}

/** Calls that a server answers by itself. */
const OWN_CALL_MS = 2_000;

interface Exchange {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly patienceMs: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The key/value service of one server, over a connection of its own; one call at a time. With nothing but Node's `http`, so that a
 * misreading that client and server might share cannot hide. All calls throw Refusal, NotSentError or NoAnswerError.
 */
export class KeyServer {
  readonly id: ServerId;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly address: ServerAddress) {
    this.id = address.id;
  }

  /** The id of a new session. */
  async openSession({ deadlineMs, patienceMs }: KeyCallLimits): Promise<string> {
    const text = await this.answer({
      method: 'POST',
      path: `/sessions?timeout_ms=${deadlineMs}`,
      patienceMs,
    });
    const id = /^\{"clientId":"([^"]+)"\}\s*$/.exec(text)?.[1];
    if (id === undefined) throw new NoAnswerError(`the answer is no session: ${text.slice(0, 200)}`);
    return id;
  }

  async change(key: string, change: Change, name: RequestName, limits: KeyCallLimits): Promise<void> {
    const { clientId, sequence } = name;
    await this.answer({
      method: 'POST',
      path: `${pathOf(key)}?timeout_ms=${limits.deadlineMs}`,
      patienceMs: limits.patienceMs,
      body: JSON.stringify(change),
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': `"${clientId}"; sequence=${sequence}`,
      },
    });
  }

  /** The list, undefined when there is no such key. */
  async get(key: string, { deadlineMs, patienceMs }: KeyCallLimits): Promise<readonly string[] | undefined> {
    return this.list({ method: 'GET', path: `${pathOf(key)}?timeout_ms=${deadlineMs}`, patienceMs });
  }

  /** The list as this very server has applied it. */
  async localList(key: string): Promise<readonly string[] | undefined> {
    return this.list({
      method: 'GET',
      path: `${pathOf(key)}?consistency=local`,
      patienceMs: OWN_CALL_MS,
    });
  }

  /** Closes the connection, and with it a call that is under way. */
  hangUp(): void {
    this.agent.destroy();
  }

  private async list(exchange: Exchange): Promise<readonly string[] | undefined> {
    try {
      return asList(await this.answer(exchange));
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The body of an answer that says success. */
  private async answer(exchange: Exchange): Promise<string> {
    const { status, text } = await this.send(exchange);
    if (![200, 201, 204].includes(status)) throw new Refusal(status, text.trimEnd());
    return text;
  }

  private send({
    method,
    path,
    patienceMs,
    body = '',
    headers = {},
  }: Exchange): Promise<{ status: number; text: string }> {
    const { host, port } = this.address;
    const length = { 'Content-Length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      const onError = (error: unknown): void => fail(errorOfExchange(error));
      const timer = setTimeout(() => {
        fail(new NoAnswerError(`no answer within ${patienceMs / 1000} s`));
        this.hangUp();
      }, patienceMs);
      const options = { host, port, method, path, agent: this.agent, headers: { ...headers, ...length } };
      const call = httpRequest(options, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('error', onError);
        response.on('end', () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text });
        });
      });
      call.on('error', onError);
      call.end(body);
    });
  }
}

function pathOf(key: string): string {
  return `/keys/${encodeURIComponent(key)}`;
}

/** @throws NoAnswerError when it is none: an answer that cannot be understood tells nothing */
function asList(text: string): readonly string[] {
  const nonsense = new NoAnswerError(`the answer is not a list of strings: ${text.slice(0, 200)}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw nonsense;
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw nonsense;
  return value;
}
