import { expect } from 'chai';
import { InputError, TooLargeError } from '../../../src/api/keyValueInput.js';
import { KeyValueService, type WriteLimits } from '../../../src/api/keyValueService.js';
import { ServiceError, type ErrorKind } from '../../../src/node/errors.js';
import type { LeaderRouter, Routed } from '../../../src/node/leaderRouter.js';
import { RequestLanes } from '../../../src/node/requestLanes.js';
import { decodeCommand, type CommandResult, type RequestId } from '../../../src/stateMachine/command.js';
import { KeyValue } from '../../../src/stateMachine/keyValue.js';
import { bytesOnTheWire } from '../../../src/transport/peerEndpoint.js';

type Answer = Routed<CommandResult> | Promise<Routed<CommandResult>> | Error;

const done: Answer = { result: 'applied', repeated: false };
const forgotten: Answer = { result: 'sessionExpired', repeated: false };
const forgottenAfterRepetition: Answer = { result: 'sessionExpired', repeated: true };

/** A service before a router that answers by a script; the last answer is given again. */
class Bench {
  readonly requests: RequestId[] = [];
  readonly service: KeyValueService;
  private names = 0;

  constructor(...script: readonly Answer[]) {
    const answers = [...script];
    const router: Pick<LeaderRouter<CommandResult>, 'propose' | 'read'> = {
      propose: (command) => {
        const { request } = decodeCommand(command) ?? {};
        if (request === undefined) throw new Error('what is routed must have a request id');
        this.requests.push(request);
        const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? done;
        const promise = answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        return { promise, cancel: () => undefined };
      },
      read: () => ({
        promise: Promise.resolve({ result: undefined, repeated: false }),
        cancel: () => undefined,
      }),
    };
    this.service = new KeyValueService({
      router: router as LeaderRouter<CommandResult>,
      keys: new KeyValue(),
      lanes: new RequestLanes(() => `lane${(this.names += 1)}`),
      wire: { bytesOnTheWire, bodyBytesMax: 65_536 },
      requireRunning: () => undefined,
    });
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
      'lane1 1',
      'lane1 2',
      'lane1 3',
    ]);
  });

  it('are sent again under a new name when theirs was forgotten before anything was done', async () => {
    const bench = new Bench(forgotten, forgotten, done);
    expect(await bench.append()).to.equal('ok');
    expect(bench.requests.map(({ clientId }) => clientId)).to.deep.equal(['lane1', 'lane2', 'lane3']);
  });

  it('are never sent under a new name once an attempt may have been done', async () => {
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
        { clientId: 'lane1', sequence: 1 },
        { clientId: 'lane1', sequence: next },
      ]);
    });
  }

  it('whose client hangs up use up their number, and their answer comes too late to free it again', async () => {
    let answer: (routed: Routed<CommandResult>) => void = () => undefined;
    const slow = new Promise<Routed<CommandResult>>((resolve) => (answer = resolve));
    const bench = new Bench(slow, done);
    const hangUps: (() => void)[] = [];
    const first = bench.append({ caller: { onHangUp: (listener) => void hangUps.push(listener) } });
    for (const hangUp of hangUps) hangUp();
    const second = bench.append();
    answer({ result: 'applied', repeated: false });
    await Promise.all([first, second]);
    await bench.append();
    expect(bench.requests.map(({ clientId, sequence }) => `${clientId} ${sequence}`)).to.deep.equal([
      'lane1 1',
      'lane1 2',
      'lane1 3',
    ]);
  });

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
    expect(bench.requests).to.deep.equal([{ clientId: 'lane1', sequence: 1 }]);
  });
});
