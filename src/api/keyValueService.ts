import type { Caller } from '../http/clientCall.js';
import type { ClientSessions } from '../node/clientSessions.js';
import { ServiceError, type ErrorKind } from '../node/errors.js';
import type { LeaderRouter, RoutedResult } from '../node/leaderRouter.js';
import { waitFor } from '../node/pendingRequests.js';
import {
  encodeAppend,
  encodeDelete,
  encodeOpenSession,
  encodePut,
  type CommandResult,
  type JsonValue,
  type RequestId,
} from '../stateMachine/command.js';
import type { KeyValue } from '../stateMachine/keyValue.js';
import { requireKnown, requireOpened, sizeProblem, type WireLimits } from './commands.js';
import { InputError, TooLargeError } from './keyValueInput.js';

/** What the key/value operations of one server work on. */
interface KeyValueParts {
  readonly router: LeaderRouter<CommandResult>;
  readonly keys: KeyValue;
  /** Numbers the writes of clients that do not number their own. */
  readonly sessions: ClientSessions;
  readonly wire: WireLimits;
  /** @throws ServiceError when this server is down */
  readonly requireRunning: () => void;
}

/** A call as its client wants it. */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly caller: Caller;
}

/** A write: with the client's own request id it takes effect once, however often it is sent. */
export interface WriteLimits extends WaitOptions {
  readonly request: RequestId | undefined;
}

/** Put, append, delete and get on any server of the cluster, with a deadline. Arguments have been checked. */
export class KeyValueService {
  constructor(private readonly parts: KeyValueParts) {}

  /** @throws ServiceError, TooLargeError */
  async put(key: string, value: JsonValue, limits: WriteLimits): Promise<void> {
    const result = await this.write((request) => encodePut(key, value, request), limits);
    if (result !== 'applied') throw new Error(`a put gave ${result}`);
  }

  /** @throws ServiceError, TooLargeError; InputError when the value under the key cannot be appended to */
  async append(key: string, items: readonly JsonValue[], limits: WriteLimits): Promise<void> {
    const result = await this.write((request) => encodeAppend(key, items, request), limits);
    if (result === 'notAList') throw new InputError('the value under this key is not a list');
    if (result === 'tooLarge') throw new TooLargeError('the list under this key would become too long');
    if (result !== 'applied') throw new Error(`an append gave ${result}`);
  }

  /** Whether there was such a key. @throws ServiceError */
  async delete(key: string, limits: WriteLimits): Promise<boolean> {
    const result = await this.write((request) => encodeDelete(key, request), limits);
    if (result !== 'applied' && result !== 'missing') throw new Error(`a delete gave ${result}`);
    return result === 'applied';
  }

  /** The value at some moment between call and answer, undefined when there is none. @throws ServiceError */
  async get(key: string, { timeoutMs, caller }: WaitOptions): Promise<JsonValue | undefined> {
    await waitFor(this.parts.router.read(timeoutMs), caller);
    return this.parts.keys.get(key);
  }

  /**
   * The id of a new session.
   *
   * @throws ServiceError; its outcome is always `notDone`, since a session that nobody knows of is as good as none
   */
  async openSession({ timeoutMs, caller }: WaitOptions): Promise<string> {
    const { promise, cancel } = this.parts.router.propose(encodeOpenSession(), timeoutMs);
    caller.onHangUp(cancel);
    try {
      return requireOpened((await promise).result);
    } catch (error) {
      throw error instanceof ServiceError ? asNotDone(error) : error;
    }
  }

  /** What this very server has applied, which may be behind. @throws ServiceError when it is down */
  getLocal(key: string): JsonValue | undefined {
    this.parts.requireRunning();
    return this.parts.keys.get(key);
  }

  private async write(
    encode: (request: RequestId) => string,
    { timeoutMs, caller, request }: WriteLimits,
  ): Promise<CommandResult> {
    const endsAt = performance.now() + timeoutMs;
    const leftMs = (): number => Math.max(1, Math.round(endsAt - performance.now()));
    let abandon = (): void => undefined;
    caller.onHangUp(() => abandon());
    const propose = (id: RequestId, abandoned: () => void): Promise<RoutedResult<CommandResult>> => {
      const { promise, cancel } = this.parts.router.propose(this.fitting(encode(id)), leftMs());
      abandon = () => {
        cancel();
        abandoned();
      };
      return promise;
    };
    if (request !== undefined) return resultOf(await propose(request, () => undefined));
    const opening = { onHangUp: (cancel: () => void) => void (abandon = cancel) };
    for (;;) {
      const { sessions } = this.parts;
      const call =
        sessions.begin() ??
        sessions.beginIn(await this.openSession({ timeoutMs: leftMs(), caller: opening }));
      try {
        const routed = await propose(call.request, () => call.end('used'));
        const isForgotten = routed.result === 'sessionExpired';
        call.end(isForgotten ? 'expired' : 'used');
        // It was forgotten before the first attempt: nothing was done under this number.
        if (!isForgotten || routed.repeated) return resultOf(routed);
      } catch (error) {
        call.end(isCertainlyNotDone(error) ? 'unused' : 'used');
        throw error;
      }
    }
  }

  /** The command, which a request to a peer can carry. @throws TooLargeError */
  private fitting(command: string): string {
    const problem = sizeProblem(command, this.parts.wire);
    if (problem !== undefined) throw new TooLargeError(problem);
    return command;
  }
}

/** @throws ServiceError when the command was refused for its request id */
function resultOf({ result, repeated }: RoutedResult<CommandResult>): CommandResult {
  if (result === 'sessionExpired' && repeated)
    throw new ServiceError('timedOut', 'it may have been done before its client was forgotten');
  return requireKnown(result);
}

function isCertainlyNotDone(error: unknown): boolean {
  return error instanceof ServiceError ? error.outcome === 'notDone' : error instanceof InputError;
}

/** The same word with a certain outcome, for an error of the opening of a session. */
function asNotDone({ kind, outcome, explanation, leader }: ServiceError): ServiceError {
  const notDone = outcome === 'notDone' ? kind : (kindsNotDone[kind] ?? 'noLeader');
  return new ServiceError(notDone, `no session was opened: ${explanation}`, leader);
}

const kindsNotDone: Partial<Record<ErrorKind, ErrorKind>> = {
  crashedWhileWaiting: 'crashed',
  failedWhileWaiting: 'failed',
  stoppedWhileWaiting: 'stopped',
};
