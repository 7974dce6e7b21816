import { Socket } from 'node:net';
import { expect } from 'chai';
import { ClientCall, noCallEvents } from '../../../src/http/clientCall.js';
import { JsonMessages } from '../../../src/api/jsonMessages.js';
import { KeyValueService } from '../../../src/api/keyValueService.js';
import { ClientSessions } from '../../../src/node/clientSessions.js';
import { ServiceError } from '../../../src/node/errors.js';
import { LeaderRouter, type LeaderCalls } from '../../../src/node/leaderRouter.js';
import { systemClock } from '../../../src/node/clock.js';
import type { CommandResult } from '../../../src/stateMachine/command.js';
import { bytesOnTheWire } from '../../../src/xmlrpc/text.js';
import { Service, servers } from './service.js';

const noCalls: LeaderCalls<CommandResult> = {
  propose: () => {
    throw new Error('nobody is to be asked');
  },
  readIndex: () => {
    throw new Error('nobody is to be asked');
  },
};

/** The messages of one server; in a cluster of one it leads. */
class Messages {
  readonly errors: unknown[] = [];
  private readonly messages: JsonMessages;

  constructor(readonly service: Service) {
    const { node, state } = service;
    const router = new LeaderRouter(node, noCalls, systemClock, { callsMax: 100, charsMax: 1_000_000 });
    const wire = { bytesOnTheWire, bodyBytesMax: 100_000 };
    this.messages = new JsonMessages({
      service: new KeyValueService({
        router,
        keys: state.keys,
        sessions: new ClientSessions(),
        wire,
        requireRunning: () => node.requireRunning(),
      }),
      router,
      servers,
      bodyBytesMax: 100_000,
    });
  }

  async send(message: unknown): Promise<unknown> {
    const line = typeof message === 'string' ? message : JSON.stringify(message);
    const internalError = (_call: unknown, error: unknown): void => void this.errors.push(error);
    const call = new ClientCall(new Socket(), { ...noCallEvents, internalError });
    return JSON.parse(await this.messages.answer(line, call));
  }

  /** The id of a new session. */
  async openSession(): Promise<string> {
    const reply = (await this.send({ type: 'openSession' })) as { payload: { clientId: string } };
    return reply.payload.clientId;
  }

  static async leading(sessionsMax?: number): Promise<Messages> {
    const options = sessionsMax === undefined ? {} : { sessionsMax };
    return new Messages(await Service.leading({ servers: 1, ...options }));
  }
}

const put = (key: string, value: unknown, more: object = {}): object => ({
  type: 'put',
  payload: { key, value },
  ...more,
});
const append = (key: string, value: unknown, more: object = {}): object => ({
  type: 'append',
  payload: { key, value },
  ...more,
});
const get = (key: string): object => ({ type: 'get', payload: { key } });
const success = { code: 'success' };

describe('api: JSON messages', () => {
  it('answers put and get in the words of the assignment', async () => {
    const messages = await Messages.leading();
    expect(await messages.send(put('k', 'v'))).to.deep.equal(success);
    expect(await messages.send(get('k'))).to.deep.equal({
      code: 'success',
      payload: { key: 'k', value: 'v' },
    });
    expect(await messages.send(get('x'))).to.deep.equal({
      code: 'fail',
      payload: { message: 'there is no such key', key: 'x', error: 'notFound', outcome: 'notDone' },
    });
  });

  it('takes the type in any letter case, and null for a member that is not set', async () => {
    const messages = await Messages.leading();
    const message = { type: 'PUT', payload: { key: 'k', value: null }, request: null, timeout_ms: null };
    expect(await messages.send(message)).to.deep.equal(success);
    expect(await messages.send(get('k'))).to.deep.nested.include({ 'payload.value': null });
  });

  it('an append adds one item, and what is no list refuses it', async () => {
    const messages = await Messages.leading();
    expect(await messages.send(append('list', 'a'))).to.deep.equal(success);
    expect(await messages.send(append('list', ['b']))).to.deep.equal(success);
    expect(await messages.send(get('list'))).to.deep.nested.include({ 'payload.value': ['a', ['b']] });
    await messages.send(put('text', 't'));
    expect(await messages.send(append('text', 'a'))).to.deep.nested.include({
      code: 'fail',
      'payload.error': 'invalid',
      'payload.outcome': 'notDone',
    });
  });

  it('a delete removes a key, and says when there is none', async () => {
    const messages = await Messages.leading();
    const remove = (more: object = {}): object => ({ type: 'delete', payload: { key: 'k' }, ...more });
    await messages.send(put('k', { any: 'value' }));
    expect(await messages.send(remove({ request: 'once' }))).to.deep.equal(success);
    const notFound = {
      code: 'fail',
      'payload.key': 'k',
      'payload.error': 'notFound',
      'payload.outcome': 'notDone',
    };
    for (const message of [get('k'), remove()])
      expect(await messages.send(message)).to.deep.nested.include(notFound);
    await messages.send(put('k', 'again'));
    expect(await messages.send(remove({ request: 'once' }))).to.deep.equal(success);
    expect(await messages.send(get('k'))).to.deep.nested.include({ 'payload.value': 'again' });
  });

  it('with a request a message takes effect once, and not with another content', async () => {
    const messages = await Messages.leading();
    for (const request of ['once', { clientId: await messages.openSession(), sequence: 1 }]) {
      expect(await messages.send(append('list', 'x', { request }))).to.deep.equal(success);
      expect(await messages.send(append('list', 'x', { request }))).to.deep.equal(success);
      expect(await messages.send(append('list', 'y', { request }))).to.deep.nested.include({
        'payload.error': 'requestReused',
        'payload.outcome': 'notDone',
      });
    }
    expect(await messages.send(get('list'))).to.deep.nested.include({ 'payload.value': ['x', 'x'] });
  });

  it('openSession gives the id of a session, another one each time, whatever the letter case and payload', async () => {
    const messages = await Messages.leading();
    const replies = [];
    for (const message of [{ type: 'openSession' }, { type: 'OPENSESSION', payload: {}, timeout_ms: 1_000 }])
      replies.push(await messages.send(message));
    const { lastIndex } = messages.service.node.status.core;
    expect(replies).to.deep.equal(
      [lastIndex - 1, lastIndex].map((index) => ({ code: 'success', payload: { clientId: `${index}` } })),
    );
  });

  it('openSession without a leader fails, and nothing was done', async () => {
    const messages = new Messages(new Service());
    expect(await messages.send({ type: 'openSession', timeout_ms: 20 })).to.deep.nested.include({
      code: 'fail',
      'payload.error': 'noLeader',
      'payload.outcome': 'notDone',
    });
  });

  it('a client that is not known, or has gone on, is told so', async () => {
    const messages = await Messages.leading();
    for (const sequence of [1, 2])
      expect(
        await messages.send(append('list', 'x', { request: { clientId: 'c', sequence } })),
      ).to.deep.nested.include({ 'payload.error': 'sessionExpired' });
    const clientId = await messages.openSession();
    const numbered = (sequence: number): object => ({ request: { clientId, sequence } });
    await messages.send(append('list', '1', numbered(1)));
    await messages.send(append('list', '2', numbered(5)));
    expect(await messages.send(append('list', '3', numbered(4)))).to.deep.nested.include({
      'payload.error': 'staleRequest',
      'payload.outcome': 'unknown',
    });
    expect(await messages.send(get('list'))).to.deep.nested.include({ 'payload.value': ['1', '2'] });
  });

  it('a write without a request succeeds although the session that the server uses for it was forgotten', async () => {
    const messages = await Messages.leading(1);
    expect(await messages.send(append('list', 'a'))).to.deep.equal(success);
    await messages.openSession();
    expect(await messages.send(append('list', 'b'))).to.deep.equal(success);
    expect(await messages.send(get('list'))).to.deep.nested.include({ 'payload.value': ['a', 'b'] });
  });

  it('writes at the same time without a request do not get in each other’s way', async () => {
    const messages = await Messages.leading();
    const items = Array.from({ length: 50 }, (_, number) => number);
    const replies = await Promise.all(items.map((item) => messages.send(append('list', item))));
    expect(replies).to.deep.equal(items.map(() => success));
    expect(messages.service.state.keys.get('list')).to.have.members(items);
  });

  it('a server that knows of no leader fails when the deadline is over', async () => {
    const messages = new Messages(new Service());
    expect(await messages.send({ ...get('k'), timeout_ms: 20 })).to.deep.nested.include({
      code: 'fail',
      'payload.error': 'noLeader',
      'payload.outcome': 'notDone',
    });
  });

  it('a crashed server fails at once', async () => {
    const messages = await Messages.leading();
    messages.service.node.crash();
    for (const message of [get('k'), put('k', 1)])
      expect(await messages.send(message)).to.deep.nested.include({
        code: 'fail',
        'payload.error': 'isCrashed',
      });
  });

  it('the keys "." and ".." are refused, and nothing is stored', async () => {
    const messages = await Messages.leading();
    for (const key of ['.', '..']) {
      for (const message of [put(key, 1), append(key, 1), get(key), { type: 'delete', payload: { key } }]) {
        const reply = await messages.send(message);
        expect(reply).to.deep.nested.include({ code: 'fail', 'payload.error': 'invalid' });
        expect(reply).to.have.nested.property('payload.message').that.contains(`must not be "${key}"`);
      }
    }
    expect(messages.service.state.keys.size).to.equal(0);
    for (const key of ['...', 'a/..', './a', ' .'])
      expect(await messages.send(put(key, 1))).to.include(success);
  });

  it('an error that nobody foresaw is a fail reply, and is reported', async () => {
    const messages = await Messages.leading();
    messages.service.state.keys.get = () => {
      throw new TypeError('unforeseen');
    };
    expect(await messages.send(get('k'))).to.deep.nested.include({
      code: 'fail',
      'payload.error': 'internal',
    });
    expect(messages.errors).to.have.lengthOf(1);
    expect(messages.errors[0]).to.be.instanceOf(TypeError).and.not.instanceOf(ServiceError);
  });
});
