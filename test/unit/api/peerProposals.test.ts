import { expect } from 'chai';
import {
  encodeAppend,
  encodeOpenSession,
  encodePut,
  encodeUpdateFile,
  sessionIn,
  SINGLE,
  type CommandResult,
  type JsonValue,
} from '../../../src/stateMachine/command.js';
import { carriedByXml, type CallContext } from '../../../src/xmlrpc/index.js';
import { eventually, nobody, Service, turn } from './service.js';

/** A list in a list, and so on. */
function nested(levels: number): JsonValue {
  let value: JsonValue = [];
  for (let level = 1; level < levels; level += 1) value = [value];
  return value;
}

function lastCommand(service: Service): string | undefined {
  let command: string | undefined;
  service.storage.load((_error, { entries }) => (command = entries.at(-1)?.command));
  return command;
}

describe('api: surfstore.propose', () => {
  let service: Service;

  beforeEach(async () => {
    service = await Service.leading();
  });

  async function openSession(): Promise<string> {
    const opened = (await service.call('propose', encodeOpenSession(), 1)) as CommandResult;
    return sessionIn(opened) ?? opened;
  }

  it('opens a session, and gives its id within a word', async () => {
    expect(await service.call('propose', ' {"type":"openSession","more":1}', 1)).to.equal(
      `opened:${service.node.status.core.lastIndex}`,
    );
    expect(lastCommand(service)).to.equal(encodeOpenSession());
  });

  it('replicates a command of the key/value service and gives its result as a word', async () => {
    const request = { clientId: await openSession(), sequence: 1 };
    expect(await service.call('propose', encodePut('a', { b: [1] }), 1)).to.equal('applied');
    expect(service.state.keys.get('a')).to.deep.equal({ b: [1] });
    expect(await service.call('propose', encodeAppend('a', ['x']), 1)).to.equal('notAList');
    for (let times = 0; times < 2; times += 1)
      expect(await service.call('propose', encodeAppend('l', ['x'], request), 1)).to.equal('applied');
    expect(service.state.keys.get('l')).to.deep.equal(['x']);
  });

  it('gives the refusals of a request id as words, too: the server that was asked makes them faults', async () => {
    let clientId = 'me';
    const append = (sequence: number, item: string): Promise<unknown> =>
      service.call('propose', encodeAppend('l', [item], { clientId, sequence }), 1);
    expect(await append(1, 'x')).to.equal('sessionExpired');
    clientId = await openSession();
    expect([await append(1, 'x'), await append(3, 'y')]).to.deep.equal(['applied', 'applied']);
    expect([await append(2, 'z'), await append(3, 'z')]).to.deep.equal(['stale', 'reused']);
  });

  it('puts the text into the log as this server would write it, so that a retry here is known by it', async () => {
    const request = { clientId: '\ufffe', sequence: SINGLE };
    const command = encodeAppend('l\uffff', ['x'], request);
    expect(await service.call('propose', ` ${carriedByXml(command)}\n`, 1)).to.equal('applied');
    expect(lastCommand(service)).to.equal(command);
    expect(await service.node.propose(command).promise).to.equal('applied');
    expect(service.state.keys.get('l\uffff')).to.deep.equal(['x']);
  });

  const garbage = [
    '',
    'x',
    'null',
    '[]',
    '{}',
    encodeUpdateFile('a', 1, ['h']),
    encodeUpdateFile('a', 1, ['h'], { clientId: 'me', sequence: 1 }),
    '{"type":"kvPut","key":"a"}',
    '{"type":"kvPut","key":1,"value":1}',
    '{"type":"kvAppend","key":"a","items":"x"}',
    '{"type":"kvPut","key":"a","value":1,"request":null}',
    '{"type":"kvPut","key":"a","value":1,"request":{"clientId":"me","sequence":-1}}',
  ];
  for (const command of garbage) {
    it(`refuses what is no command of the key/value service with -32602: ${command}`, async () => {
      const { lastIndex } = service.node.status.core;
      const fault = await service.fault('propose', command, 1);
      expect(fault.faultCode).to.equal(-32602);
      expect(fault.faultString).to.equal('command is no command of the key/value service');
      expect(service.node.status.core.lastIndex).to.equal(lastIndex);
    });
  }

  for (const [what, command, text] of [
    ['an empty key', encodePut('', 1), 'the key must not be empty'],
    ['too long a key', encodePut('k'.repeat(4097), 1), 'the key is 4097 bytes long'],
    ['too deep a value', encodePut('a', nested(101)), 'nested more than 100 lists'],
    ['too deep an item', encodeAppend('a', [nested(101)]), 'nested more than 100 lists'],
    [
      'a value so deep that nobody could write it',
      encodePut('a', 0).replace('0', '['.repeat(20_000) + ']'.repeat(20_000)),
      'nested more than 100 lists',
    ],
    ['no name of a client', encodePut('a', 1, { clientId: '', sequence: 1 }), 'the name of a client'],
    [
      'too long a name',
      encodePut('a', 1, { clientId: 'x'.repeat(257), sequence: 1 }),
      'the name of a client',
    ],
    ['more than a peer would take', encodePut('a', 'x'.repeat(100_000)), 'at most'],
  ] as const) {
    it(`refuses ${what} with -32602`, async () => {
      const { lastIndex } = service.node.status.core;
      const fault = await service.fault('propose', command, 1);
      expect(fault.faultCode).to.equal(-32602);
      expect(fault.faultString).to.contain(text);
      expect(service.node.status.core.lastIndex).to.equal(lastIndex);
    });
  }

  it('takes what is just within the limits', async () => {
    expect(await service.call('propose', encodePut('k'.repeat(4096), nested(100)), 1)).to.equal('applied');
    expect(await service.call('propose', encodeAppend('a', [nested(100)]), 1)).to.equal('applied');
    expect(service.state.snapshot(1_000).next().done).to.equal(false);
  });

  it('and readIndex are answered by the leader only', async () => {
    const follower = new Service();
    expect((await follower.fault('propose', encodePut('a', 1), 1)).faultCode).to.equal(1);
    expect((await follower.fault('readIndex', 1)).faultCode).to.equal(1);
  });
});

describe('api: surfstore.readIndex', () => {
  it('gives an index that covers everything acknowledged before', async () => {
    const service = await Service.leading();
    const before = (await service.call('readIndex', 1)) as number;
    await service.call('updatefile', 'a', 1, ['h']);
    await service.call('updatefile', 'a', 2, ['h']);
    const after = (await service.call('readIndex', 1)) as number;
    expect(after).to.be.at.least(before + 2);
    expect(after).to.equal(service.node.status.lastApplied);
  });

  it('waits for a majority, ends with the server, and gives its place back to a caller that hangs up', async () => {
    const service = await Service.leading();
    service.peers.reachable = false;
    const answers: unknown[] = [];
    const waiting = service.call('readIndex', 1).then((index) => answers.push(index));
    for (let ticks = 0; ticks < 500; ticks += 1) service.ticker.tick();
    await turn();
    expect(answers).to.deep.equal([]);
    service.peers.reachable = true;
    await eventually(
      () => answers.length > 0,
      () => service.ticker.tick(),
    );
    await waiting;

    service.peers.reachable = false;
    let hangUp = (): void => undefined;
    const context: CallContext = { ...nobody, onHangUp: (listener) => (hangUp = listener) };
    void service.surface.call('readIndex', [1], context);
    expect(service.node.status.waitingCalls).to.equal(1);
    hangUp();
    expect(service.node.status.waitingCalls).to.equal(0);
    const crashed = service.fault('readIndex', 1);
    await service.call('crash');
    expect((await crashed).faultCode).to.equal(3);
    expect((await service.fault('readIndex', 1)).faultCode).to.equal(2);
  });
});
