import { expect } from 'chai';
import { InputError, TooLargeError } from '../../../src/api/keyValueInput.js';
import { KeyValueService, type WriteLimits } from '../../../src/api/keyValueService.js';
import { ClientSessions } from '../../../src/node/clientSessions.js';
import { ServiceError, type ErrorKind } from '../../../src/node/errors.js';
import type { LeaderRouter, RoutedResult } from '../../../src/node/leaderRouter.js';
import type { PendingCall } from '../../../src/node/pendingRequests.js';
import {
  decodeCommand,
  encodeOpenSession,
  type CommandResult,
  type RequestId,
} from '../../../src/stateMachine/command.js';
import { KeyValue } from '../../../src/stateMachine/keyValue.js';
import { bytesOnTheWire } from '../../../src/xmlrpc/text.js';

type Answer = RoutedResult<CommandResult> | Promise<RoutedResult<CommandResult>> | Error;

const done: Answer = { result: 'applied', repeated: false };
const forgotten: Answer = { result: 'sessionExpired', repeated: false };
const forgottenAfterRepetition: Answer = { result: 'sessionExpired', repeated: true };

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A service before a router that answers writes by a script; the last answer is given again. Sessions are opened at once,
 * and are 1, 2 and so on, unless there is an answer in `openings`.
 */
class Bench {
  readonly requests: RequestId[] = [];
  readonly openings: Answer[] = [];
  readonly service: KeyValueService;
  /** Openings that were given up. */
  cancelled = 0;
  private opened = 0;

  constructor(...script: readonly Answer[]) {
    const answers = [...script];
    const router: Pick<LeaderRouter<CommandResult>, 'propose' | 'read'> = {
      propose: (command) => {
        if (command === encodeOpenSession()) {
          const { promise } = pendingOf(this.openings.shift() ?? this.nextSession());
          return { promise, cancel: () => void (this.cancelled += 1) };
        }
        const { request } = decodeCommand(command) ?? {};
        if (request === undefined) throw new Error('what is routed must have a request id');
        this.requests.push(request);
        const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? done;
        return pendingOf(answer);
      },
      read: () => ({
        promise: Promise.resolve({ result: undefined, repeated: false }),
        cancel: () => undefined,
      }),
    };
    this.service = new KeyValueService({
      router: router as LeaderRouter<CommandResult>,
      keys: new KeyValue(),
      sessions: new ClientSessions(),
      wire: { bytesOnTheWire, bodyBytesMax: 65_536 },
      requireRunning: () => undefined,
    });
  }

  private nextSession(): Answer {
    return { result: `opened:${(this.opened += 1)}`, repeated: false };
  }

  /** `ok`, or the error that the append ended with. */
  append(limits: Partial<WriteLimits> = {}, item = 'x'): Promise<unknown> {
    const caller = { onHangUp: () => undefined };
    return this.service.append('k', [item], { timeoutMs: 1_000, request: undefined, caller, ...limits }).then(
      () => 'ok',
      (error: unknown) => error,
    );
  }

  async kindOf(limits?: Partial<WriteLimits>): Promise<ErrorKind> {
    const error = await this.append(limits);
    if (error instanceof ServiceError) return error.kind;
    throw new Error(`no ServiceError: ${String(error)}`);
  }
}

function pendingOf(answer: Answer): PendingCall<RoutedResult<CommandResult>> {
  const promise = answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  return { promise, cancel: () => undefined };
}

const own = (sequence: number): Partial<WriteLimits> => ({ request: { clientId: 'client', sequence } });

describe('api: writes of the key/value service', () => {
  it('carry the number that the client gave them', async () => {
    const bench = new Bench();
    await bench.append(own(7));
    expect(bench.requests).to.deep.equal([{ clientId: 'client', sequence: 7 }]);
  });

  it('are numbered here when the client did not, one after another', async () => {
    const bench = new Bench();
    for (let write = 0; write < 3; write += 1) expect(await bench.append()).to.equal('ok');
    expect(bench.requests.map(({ clientId, sequence }) => `${clientId} ${sequence}`)).to.deep.equal([
      '1 1',
      '1 2',
      '1 3',
    ]);
  });

  it('are sent again in a new session when theirs was forgotten before anything was done', async () => {
    const bench = new Bench(forgotten, forgotten, done);
    expect(await bench.append()).to.equal('ok');
    expect(bench.requests.map(({ clientId }) => clientId)).to.deep.equal(['1', '2', '3']);
  });

  it('are never sent in a new session once an attempt may have been done', async () => {
    const bench = new Bench(forgottenAfterRepetition, done);
    expect(await bench.kindOf()).to.equal('timedOut');
    expect(bench.requests).to.have.lengthOf(1);
    expect(await new Bench(forgottenAfterRepetition).kindOf(own(2))).to.equal('timedOut');
  });

  it('of a client that was forgotten are refused: only the client knows whether it may begin anew', async () => {
    const bench = new Bench(forgotten);
    expect(await bench.kindOf(own(2))).to.equal('sessionExpired');
    expect(bench.requests).to.have.lengthOf(1);
  });

  const ends: readonly (readonly [string, Error, number])[] = [
    ['was certainly not done', new ServiceError('noLeader', ''), 1],
    ['may have been done', new ServiceError('timedOut', ''), 2],
    ['ended in something that nobody foresaw', new Error('unforeseen'), 2],
  ];
  for (const [what, error, next] of ends) {
    it(`a write that ${what}: the next one has number ${next}`, async () => {
      const bench = new Bench(error, done);
      expect(await bench.append()).to.equal(error);
      expect(await bench.append()).to.equal('ok');
      expect(bench.requests).to.deep.equal([
        { clientId: '1', sequence: 1 },
        { clientId: '1', sequence: next },
      ]);
    });
  }

  it('whose client hangs up use up their number, and their answer comes too late to free it again', async () => {
    let answer: (routed: RoutedResult<CommandResult>) => void = () => undefined;
    const slow = new Promise<RoutedResult<CommandResult>>((resolve) => (answer = resolve));
    const bench = new Bench(slow, done);
    const hangUps: (() => void)[] = [];
    const first = bench.append({ caller: { onHangUp: (listener) => void hangUps.push(listener) } });
    await turn();
    for (const hangUp of hangUps) hangUp();
    const second = bench.append();
    answer({ result: 'applied', repeated: false });
    await Promise.all([first, second]);
    await bench.append();
    expect(bench.requests.map(({ clientId, sequence }) => `${clientId} ${sequence}`)).to.deep.equal([
      '1 1',
      '1 2',
      '1 3',
    ]);
  });

  it('whose client hangs up while their session is opened go nowhere', async () => {
    const bench = new Bench();
    let opened: (routed: RoutedResult<CommandResult>) => void = () => undefined;
    bench.openings.push(new Promise((resolve) => (opened = resolve)));
    const hangUps: (() => void)[] = [];
    void bench.append({ caller: { onHangUp: (listener) => void hangUps.push(listener) } });
    await turn();
    for (const hangUp of hangUps) hangUp();
    expect(bench.cancelled).to.equal(1);
    opened({ result: 'opened:9', repeated: false });
  });

  const openingEnds: readonly (readonly [ErrorKind, ErrorKind])[] = [
    ['noLeader', 'noLeader'],
    ['timedOut', 'noLeader'],
    ['overloaded', 'overloaded'],
    ['crashed', 'crashed'],
    ['crashedWhileWaiting', 'crashed'],
    ['failedWhileWaiting', 'failed'],
    ['stoppedWhileWaiting', 'stopped'],
  ];
  for (const [kind, told] of openingEnds) {
    it(`for which no session could be opened (${kind}) were certainly not done: ${told}`, async () => {
      const bench = new Bench();
      bench.openings.push(new ServiceError(kind, 'by the script'));
      const error = (await bench.append()) as ServiceError;
      expect(error).to.include({ kind: told, outcome: 'notDone' });
      expect(error.message).to.contain('no session was opened: by the script');
      expect(bench.requests).to.deep.equal([]);
      expect(await bench.append()).to.equal('ok');
    });
  }

  it('that what is stored refuses are the client’s mistake', async () => {
    for (const result of ['notAList', 'tooLarge'] as const) {
      const error = await new Bench({ result, repeated: false }).append();
      expect(error).to.be.instanceOf(InputError).and.not.instanceOf(ServiceError);
    }
  });

  it('that fit into no request to a peer go nowhere, and use up no number', async () => {
    const bench = new Bench();
    expect(await bench.append({}, 'x'.repeat(70_000))).to.be.instanceOf(TooLargeError);
    expect(await bench.append()).to.equal('ok');
    expect(bench.requests).to.deep.equal([{ clientId: '1', sequence: 1 }]);
  });
});
