import { ServiceError } from '../../node/errors.js';
import type { PendingCall } from '../../node/pendingRequests.js';
import type { CommandResult, RequestId } from '../../stateMachine/command.js';
import type { ClientRoute } from '../attempts.js';
import { commandOf, type RequestOutcome, type Write } from '../requests.js';
import type { ClientEvents } from '../simClient.js';
import type { SimProcess, SimServer } from '../simServer.js';
import type { VirtualTime } from '../virtualTime.js';

/** What became of one attempt: a result, why there is none, or `lost` with the process that was asked. */
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

/** Longer than any scenario waits. */
const ROUTED_MS = 60_000;

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
