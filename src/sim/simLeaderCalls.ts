import type { ServedCalls, SimNetwork } from './simNetwork.js';
import { ServiceError } from '../node/errors.js';
import type { LeaderCalls } from '../node/leaderRouter.js';
import type { PendingCall } from '../node/pendingRequests.js';
import type { NodeId } from '../raft/types.js';
import type { CommandResult } from '../stateMachine/command.js';
import { callBytes } from './exchange.js';
import type { Prng } from './prng.js';
import type { SimHost } from './simHost.js';

/** After at most so long a connection on which something was lost is given up. */
const SILENCE_MS_MAX = 3000;

/**
 * The calls of one server on whoever leads, over the network that messages take: late, lost, or, as a proxy between the
 * two might do it, carried twice.
 */
export class SimLeaderCalls implements LeaderCalls<CommandResult> {
  constructor(
    private readonly id: NodeId,
    private readonly host: SimHost,
    private readonly network: SimNetwork,
    private readonly random: Prng,
  ) {}

  propose(leader: NodeId, command: string): PendingCall<CommandResult> {
    return this.call(leader, callBytes(command), (calls) => calls.propose(command), mayHaveEffect);
  }

  readIndex(leader: NodeId): PendingCall<number> {
    return this.call(
      leader,
      0,
      (calls) => calls.readIndex(),
      () => true,
    );
  }

  /** @param isSure whether an answer holds although another copy of the call may be answered otherwise */
  private call<T>(
    leader: NodeId,
    bytes: number,
    serve: (calls: ServedCalls) => PendingCall<T>,
    isSure: (answer: T) => boolean,
  ): PendingCall<T> {
    const isDoubled = this.network.doubles(this.random);
    const call = new Call<T>(this.id, leader, bytes, this.host, this.network, this.random);
    if (isDoubled) call.send(serve, () => undefined);
    call.send(serve, (answer) => {
      // Of two copies one may have been refused, and the other not.
      const isKnown = 'result' in answer ? isSure(answer.result) : answer.error.outcome === 'unknown';
      call.end(isDoubled && !isKnown ? lostAnswer(leader) : answer);
    });
    return { promise: call.promise, cancel: () => call.cancel() };
  }
}

type Answer<T> = { readonly result: T } | { readonly error: ServiceError };

/** One call from the side of the server that makes it. */
class Call<T> {
  readonly promise: Promise<T>;
  private resolve!: (result: T) => void;
  private reject!: (error: Error) => void;
  private isOver = false;
  private readonly served: PendingCall<T>[] = [];

  constructor(
    private readonly from: NodeId,
    private readonly to: NodeId,
    private readonly bytes: number,
    private readonly host: SimHost,
    private readonly network: SimNetwork,
    private readonly random: Prng,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Sends one copy. */
  send(serve: (calls: ServedCalls) => PendingCall<T>, answer: (answer: Answer<T>) => void): void {
    const give = (value: Answer<T>): void => {
      this.pass(this.to, this.from, 0, () => answer(value), answer);
    };
    this.pass(this.from, this.to, this.bytes, () => this.arrive(serve, give), answer);
  }

  end(answer: Answer<T>): void {
    this.host.perform(() => {
      if (this.isOver) return;
      this.isOver = true;
      if ('result' in answer) this.resolve(answer.result);
      else this.reject(answer.error);
    });
  }

  /** Hangs up; the one that was asked notices a little later. */
  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.network.pass(this.from, this.to, this.random, 0, () => {
      for (const { cancel } of this.served) cancel();
    });
  }

  private arrive(serve: (calls: ServedCalls) => PendingCall<T>, give: (answer: Answer<T>) => void): void {
    const endpoint = this.network.endpoint(this.to);
    if (endpoint === undefined) {
      give({ error: new ServiceError('noLeader', `server ${this.to} does not answer: connection refused`) });
      return;
    }
    const forget = endpoint.host.onKill(() => give(lostAnswer(this.to)));
    const end = (answer: Answer<T>): void => {
      forget();
      give(answer);
    };
    const fail = (error: unknown): void => {
      if (!(error instanceof ServiceError)) throw error;
      end({ error });
    };
    endpoint.host.perform(() => {
      try {
        const pending = serve(endpoint.calls);
        this.served.push(pending);
        pending.promise.then((result) => end({ result }), fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  private pass(
    from: NodeId,
    to: NodeId,
    bytes: number,
    arrive: () => void,
    answer: (answer: Answer<T>) => void,
  ): void {
    const lose = (): void => {
      this.host.after(SILENCE_MS_MAX * this.random.next(), () => answer(lostAnswer(this.to)));
    };
    if (this.network.pass(from, to, this.random, bytes, arrive, lose) === undefined) lose();
  }
}

function lostAnswer(leader: NodeId): { readonly error: ServiceError } {
  return { error: new ServiceError('timedOut', `server ${leader} does not answer: the connection was lost`) };
}

/** A result that says what became of the command, and not only of this copy of it. */
function mayHaveEffect(result: CommandResult): boolean {
  return result !== 'sessionExpired' && result !== 'stale';
}
