import { HttpClient, HttpError } from '../http/client.js';
import type { RequestId } from '../stateMachine/command.js';
import { lostCall, type Attempt, type AttemptLimits, type Carrier } from './failure.js';
import { postJson, type Page } from './httpPost.js';
import type { ServerInfo } from './leaderFinder.js';
import { readReply, type MessageAnswer } from './messageReply.js';

/** The longest that a server lets a message wait. */
const SERVER_TIMEOUT_MS_MAX = 600_000;

/** A message to the key/value service. */
export type Message =
  | { readonly type: 'openSession' }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'delete'; readonly key: string; readonly request: RequestId | undefined }
  | {
      readonly type: 'put' | 'append';
      readonly key: string;
      /** The value as JSON, so that it is the same in every attempt, whatever its owner does with it meanwhile. */
      readonly json: string;
      /** Undefined for servers that offer no sessions. */
      readonly request: RequestId | undefined;
    };

/** The HTTP connections over which messages go to the servers of a cluster. */
export class MessageConnections implements Carrier<Message, MessageAnswer> {
  private readonly http = new HttpClient();

  async attempt(
    { host, port }: ServerInfo,
    message: Message,
    limits: AttemptLimits,
  ): Promise<Attempt<MessageAnswer>> {
    let page: Page;
    try {
      page = await postJson(
        this.http,
        { host, port, path: '/messages' },
        textOf(message, limits.headMs),
        limits,
      );
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      return { failure: lostCall(error) };
    }
    return readReply(page, message.type);
  }

  close(): void {
    this.http.close();
  }
}

function textOf(message: Message, timeoutMs: number): string {
  const limits = `"timeout_ms":${serverTimeoutMs(timeoutMs)}`;
  if (message.type === 'openSession') return `{"type":"openSession","payload":{},${limits}}`;
  const { type, key } = message;
  const value = 'json' in message ? `,"value":${message.json}` : '';
  const id = 'request' in message ? message.request : undefined;
  const request = id === undefined ? '' : `"request":${JSON.stringify(id)},`;
  return `{"type":"${type}","payload":{"key":${JSON.stringify(key)}${value}},${request}${limits}}`;
}

/** A little less than we wait: the server's word on what became of the call says more than its silence. */
function serverTimeoutMs(timeoutMs: number): number {
  return Math.min(SERVER_TIMEOUT_MS_MAX, Math.max(1, Math.floor(0.9 * timeoutMs)));
}
