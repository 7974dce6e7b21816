import type { Outcome } from '../node/errors.js';
import type { JsonValue } from '../stateMachine/command.js';
import { errorPage, kindOfWord, refusal, serviceFailure, type Attempt, type Failure } from './errors.js';
import type { Page, Message } from './connections.js';

/** How much of an error page is shown. */
const ERROR_TEXT_LENGTH = 200;

/**
 * What the reply to a message says: a value, undefined for a key that is not there; undefined for a put or append that was
 * done; for a delete whether there was such a key; the id of a session that was opened.
 */
export type MessageAnswer = JsonValue | undefined;

type MessageType = Message['type'];

type Fields = Readonly<Record<string, unknown>>;

/**
 * Understands the response to a message.
 *
 * @throws TypeError when it is not what this service replies
 */
export function readReply(page: Page, type: MessageType): Attempt<MessageAnswer> {
  const reply = replyIn(page);
  if (reply === undefined) return { failure: failedPage(page) };
  const payload = isObject(reply['payload']) ? reply['payload'] : undefined;
  switch (reply['code']) {
    case 'success':
      return { value: answerIn(payload, type) };
    case 'fail':
      if (payload?.['error'] !== 'notFound' || (type !== 'get' && type !== 'delete'))
        return { failure: failureIn(payload, type) };
      return { value: type === 'delete' ? false : undefined };
    case 'redirect':
      return { failure: redirectIn(payload) };
    default:
      throw unexpected('a reply to a message');
  }
}

/** The reply of the service, or undefined for a page of another status. A message that is refused has status 400. */
function replyIn({ status, text }: Page): Fields | undefined {
  if (status !== 200 && status !== 400) return undefined;
  const reply = parsed(text);
  if (isObject(reply)) return reply;
  if (status === 200) throw unexpected('a reply to a message');
  return undefined;
}

function failedPage({ status, text }: Page): Failure {
  const reason = text.trim().slice(0, ERROR_TEXT_LENGTH);
  return errorPage(
    new Error(reason === '' ? `HTTP status ${status}` : `HTTP status ${status}: ${reason}`),
    status,
  );
}

/** The id in the answer to the opening of a session. @throws TypeError */
export function sessionIdIn(answer: MessageAnswer): string {
  if (typeof answer !== 'string') throw unexpected('a session');
  return answer;
}

function answerIn(payload: Fields | undefined, type: MessageType): MessageAnswer {
  if (type === 'put' || type === 'append') return undefined;
  if (type === 'delete') return true;
  const value = payload?.[type === 'get' ? 'value' : 'clientId'];
  if (value === undefined) throw unexpected(type === 'get' ? 'a value' : 'a session');
  return value as JsonValue;
}

function failureIn(payload: Fields | undefined, type: MessageType): Failure {
  const { message, error, outcome } = payload ?? {};
  // A service of another kind may say in its own way that it does not know this type.
  if (type === 'openSession' && error === undefined)
    return refusal(new Error('the server opens no sessions'), 'notDone');
  if (typeof message !== 'string' || typeof error !== 'string' || !isOutcome(outcome))
    throw unexpected('a reply that says what failed');
  const kind = kindOfWord(error);
  return kind === undefined
    ? refusal(new Error(message), outcome)
    : serviceFailure(kind, new Error(message), outcome);
}

function redirectIn(payload: Fields | undefined): Failure {
  const { message, leader } = payload ?? {};
  const id = isObject(leader) ? leader['id'] : undefined;
  if (typeof message !== 'string' || typeof id !== 'number')
    throw unexpected('a redirection that names the leader');
  return { ...serviceFailure('notLeader', new Error(message), 'notDone'), leader: id };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOutcome(value: unknown): value is Outcome {
  return value === 'notDone' || value === 'unknown';
}

function unexpected(what: string): TypeError {
  return new TypeError(`the server's answer is not ${what}; is it a server of this service?`);
}
