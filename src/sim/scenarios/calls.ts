import { ServiceError } from '../../node/errors.js';
import type { PendingCall } from '../../node/pendingRequests.js';
import type { NodeId } from '../../raft/types.js';
import {
  encodeOpenSession,
  encodeUpdateFile,
  sessionIn,
  type RequestId,
  type CommandResult,
} from '../../stateMachine/command.js';
import type { ClientRoute } from '../attempts.js';
import {
  answerTo,
  isSuccess,
  type RequestOutcome,
  type Read,
  type Request,
  type Write,
  commandOf,
} from '../requests.js';
import type { ClientEvents } from '../simClient.js';
import type { VirtualTime } from '../simHost.js';
import type { SimProcess, SimServer } from '../simServer.js';

/** The opening of a session; its id is null while there is none, and for ever when it fails. */
export interface Opening {
  sessionId: string | null;
}

/** Calls that a scenario makes itself carry client numbers from here on. */
export const FIRST_CALLER = 1000;
/** Longer than any scenario waits. */
const ROUTED_MS = 60_000;

/** One call on one server; `outcome` is null while nobody has answered. */
export interface ScenarioCall {
  readonly server: NodeId;
  /** The command as it is in the log; empty for a read. */
  readonly command: string;
  readonly invokedAt: number;
  returnedAt: number | null;
  outcome: RequestOutcome | null;
}

/** Calls that a scenario makes on single servers; each is recorded, so that it is part of the history. */
export class Calls {
  private callers = FIRST_CALLER;
  private readonly writes: SentWrite[] = [];

  constructor(
    private readonly record: ClientEvents,
    private readonly time: VirtualTime,
  ) {}

  /** Asks one server to commit a fresh command: the first version of a file of its own. */
  propose(server: SimServer, text: string): ScenarioCall {
    const name = `s${this.callers}`;
    const content = text === '' ? name : `${name} ${text}`;
    const command = encodeUpdateFile(name, 1, content);
    const request: Request = { kind: 'update', file: name, version: 1, content };
    return this.call(server, request, command, ({ node }, succeed, fail) => {
      node
        .propose(command)
        .promise.then((result) => succeed({ kind: 'updated', applied: result === 'applied' }), fail);
    });
  }

  /** Reads from one server, or through it. */
  read(server: SimServer, request: Read, way: ClientRoute): ScenarioCall {
    return this.call(server, request, '', ({ node, router, state }, succeed, fail) => {
      const promise = way === 'routed' ? router.read(ROUTED_MS).promise : node.read().promise;
      promise.then(() => succeed(answerTo(request, state)), fail);
    });
  }

  /** Opens a session at one server, or through it. It changes no file and no key, and is no part of the history. */
  openSession({ process }: SimServer, way: ClientRoute): Opening {
    const opening: Opening = { sessionId: null };
    const fail = (error: unknown): void => {
      if (!(error instanceof ServiceError)) throw error;
    };
    process?.host.perform(() => {
      const { node, router } = process;
      try {
        const result =
          way === 'routed'
            ? router.propose(encodeOpenSession(), ROUTED_MS).promise.then((routed) => routed.result)
            : node.propose(encodeOpenSession()).promise;
        result.then((opened) => (opening.sessionId = sessionIn(opened) ?? null), fail);
      } catch (error) {
        fail(error);
      }
    });
    return opening;
  }

  /** A write that is to be sent. */
  write(write: Write, request: RequestId | undefined): SentWrite {
    const sent = new SentWrite(this.callers, write, request, this.record, this.time);
    this.callers += 1;
    this.writes.push(sent);
    return sent;
  }

  /** Nobody waits for writes any more that were never answered. */
  giveUp(): void {
    for (const write of this.writes) write.giveUp();
  }

  private call(
    server: SimServer,
    request: Request,
    command: string,
    begin: (
      process: SimProcess,
      succeed: (outcome: RequestOutcome) => void,
      fail: (error: unknown) => void,
    ) => void,
  ): ScenarioCall {
    const { record, time } = this;
    const operation = record.invoked(this.callers, request);
    this.callers += 1;
    const call: ScenarioCall = {
      server: server.id,
      command,
      invokedAt: time.nowMs,
      returnedAt: null,
      outcome: null,
    };
    const end = (outcome: RequestOutcome): void => {
      if (call.outcome !== null) return;
      call.outcome = outcome;
      call.returnedAt = time.nowMs;
      record.returned(operation, outcome);
    };
    const { process } = server;
    if (process === undefined) {
      end({ kind: 'failed', reason: 'connection refused' });
      return call;
    }
    process.host.onKill(() => end({ kind: 'unknown', reason: 'the connection was lost' }));
    process.host.perform(() => {
      const arrivedMs = time.nowMs;
      const succeed = (outcome: RequestOutcome): void => {
        record.answered(server.id, arrivedMs);
        end(outcome);
      };
      const fail = (error: unknown): void => end(outcomeOf(error));
      try {
        begin(process, succeed, fail);
      } catch (error) {
        fail(error);
      }
    });
    return call;
  }
}

/** Whether a call was answered with success. */
export function succeeded({ outcome }: ScenarioCall): boolean {
  return isSuccess(outcome);
}

function outcomeOf(error: unknown): RequestOutcome {
  if (!(error instanceof ServiceError)) throw error;
  return { kind: error.outcome === 'notDone' ? 'failed' : 'unknown', reason: error.message };
}

/** The end of one attempt: a result, the error in its place, or `lost` with the process that was asked. */
type Answer = CommandResult | ServiceError | 'lost';

/** One attempt; `answer` is null while there is none. */
export interface Sent {
  readonly server: number;
  answer: Answer | null;
  /** Whether an attempt of the server's own, before the one that was answered, may have been done. */
  repeated: boolean;
  /** The client hangs up. */
  hangUp: () => void;
}

/** A write that a scenario sends as often as it likes, to any server: one operation in the history. */
export class SentWrite {
  readonly command: string;
  readonly invokedAt: number;
  outcome: RequestOutcome | null = null;
  private readonly operation: number;

  constructor(
    caller: number,
    private readonly write: Write,
    request: RequestId | undefined,
    private readonly record: ClientEvents,
    private readonly time: VirtualTime,
  ) {
    this.command = commandOf(write, request);
    this.invokedAt = time.nowMs;
    this.operation = record.invoked(caller, write);
  }

  /** Sends it. The first result that the client hears ends the operation, unless it tells nothing. */
  send(server: SimServer, way: ClientRoute, isHeard: boolean): Sent {
    const sent: Sent = { server: server.id, answer: null, repeated: false, hangUp: () => undefined };
    const end = (answer: Answer): void => {
      if (sent.answer !== null) return;
      sent.answer = answer;
      if (isHeard) this.hear(answer);
    };
    const { process } = server;
    if (process === undefined) {
      end(new ServiceError('stopped', 'connection refused'));
      return sent;
    }
    process.host.onKill(() => end('lost'));
    process.host.perform(() => {
      const arrivedMs = this.time.nowMs;
      const fail = (error: unknown): void => {
        if (!(error instanceof ServiceError)) throw error;
        end(error);
      };
      try {
        const { promise, cancel } = this.begin(process, way);
        sent.hangUp = cancel;
        promise.then(({ result, repeated }) => {
          this.record.answered(server.id, arrivedMs);
          sent.repeated = repeated;
          end(result);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
    return sent;
  }

  /** The client goes on without knowing. No effect once it knows. */
  giveUp(): void {
    this.end({ kind: 'unknown', reason: 'the client gave up' });
  }

  private begin(
    { node, router }: SimProcess,
    way: ClientRoute,
  ): PendingCall<{ readonly result: CommandResult; readonly repeated: boolean }> {
    if (way === 'routed') return router.propose(this.command, ROUTED_MS);
    const { promise, cancel } = node.propose(this.command);
    return { promise: promise.then((result) => ({ result, repeated: false })), cancel };
  }

  private hear(answer: Answer): void {
    if (answer === 'applied' || answer === 'refused')
      this.end(
        this.write.kind === 'update'
          ? { kind: 'updated', applied: answer === 'applied' }
          : { kind: 'written' },
      );
  }

  private end(outcome: RequestOutcome): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    this.record.returned(this.operation, outcome);
  }
}
