import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClientLog } from '../../chaos/clients/clientLog.js';
import { KeyClient } from '../../chaos/clients/keyClient.js';
import { KeyRing } from '../../chaos/clients/keyRing.js';
import { Prng } from '../../src/sim/prng.js';

type Answer = (response: ServerResponse) => void;

const done: Answer = (response) => response.writeHead(204).end();
const refusal =
  (status: number, text: string): Answer =>
  (response) =>
    response.writeHead(status).end(text);
const broken: Answer = (response) => response.destroy();
const silence: Answer = () => undefined;

describe('chaos: clients of keys', () => {
  let server: Server;
  let answers: Answer[];
  /** The writes that came in: the body, and under which name. */
  let seen: (readonly [body: string, name: string | undefined])[];
  /** How openings of sessions are answered; then each with a new one. */
  let openings: Answer[];
  let sessions: number;

  beforeEach(async () => {
    seen = [];
    openings = [];
    sessions = 0;
    server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        if (request.method === 'POST' && request.url?.startsWith('/sessions') === true) {
          (openings.shift() ?? opened)(response);
          return;
        }
        seen.push([body, request.headers['idempotency-key']?.toString()]);
        (answers.shift() ?? done)(response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  const opened: Answer = (response) => {
    sessions += 1;
    response.writeHead(201).end(`{"clientId":"s${sessions}"}\n`);
  };

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  function newClient(log: ClientLog, retryMs = 5_000): KeyClient {
    const { port } = server.address() as AddressInfo;
    return new KeyClient('k1', [{ id: 0, label: 'metadata0', host: '127.0.0.1', port }], log, {
      ...{ deadlineMs: 100, patienceMs: 150, retryMs, leader: () => 0, prng: new Prng(1) },
    });
  }

  /** The outcome and the number of calls of each append, when the server answers like this. */
  async function appended(times: number, retryMs: number, ...given: Answer[]): Promise<[string, number][]> {
    answers = given;
    const log = new ClientLog(() => performance.now());
    const client = newClient(log, retryMs);
    for (let number = 1; number <= times; number += 1) await client.append('a key/1', `e${number}`);
    client.hangUp();
    return log.operations().map(({ outcome, attempts }) => [outcome.status, attempts]);
  }

  const names = (): (string | undefined)[] => seen.map(([, name]) => name);

  it('send a write again under the same name until it is done: one operation', async () => {
    const timedOut = refusal(503, 'timedOut: it may still take effect');
    expect(await appended(1, 5_000, refusal(503, 'noLeader: x'), timedOut, broken, silence)).to.deep.equal([
      ['ok', 5],
    ]);
    expect(new Set(seen)).to.have.length(5);
    expect(new Set(names())).to.deep.equal(new Set(['"s1"; sequence=1']));
    expect(new Set(seen.map(([body]) => body))).to.deep.equal(new Set(['{"type":"APPEND","value":"e1"}']));
  });

  it('number their writes', async () => {
    await appended(3, 5_000);
    expect(names()).to.deep.equal(['"s1"; sequence=1', '"s1"; sequence=2', '"s1"; sequence=3']);
  });

  it('give up after a while: unknown if any call may have been carried out, else failed', async () => {
    const noLeader = refusal(503, 'noLeader: nobody');
    expect(await appended(1, 0, noLeader)).to.deep.equal([['failed', 1]]);
    expect(await appended(1, 0, broken)).to.deep.equal([['unknown', 1]]);
    const [end] = await appended(1, 60, broken, noLeader, noLeader, noLeader, noLeader);
    expect(end?.[0], 'the first call may have been').to.equal('unknown');
  });

  it('leave the number of a request that may have been done', async () => {
    await appended(4, 0, broken, done, broken, done);
    expect(names()).to.deep.equal([1, 2, 3, 4].map((sequence) => `"s1"; sequence=${sequence}`));
  });

  it('open a session before their first write, again and again: nothing was done before', async () => {
    openings = [broken, refusal(503, 'timedOut: x'), silence];
    expect(await appended(1, 5_000)).to.deep.equal([['ok', 1]]);
    expect(names()).to.deep.equal(['"s1"; sequence=1']);
    openings = [broken];
    expect(await appended(1, 0)).to.deep.equal([['failed', 0]]);
  });

  it('take a conflict for the last word', async () => {
    const conflict = refusal(409, 'sessionExpired: begin again');
    expect(await appended(2, 5_000, conflict)).to.deep.equal([
      ['unknown', 1],
      ['ok', 1],
    ]);
    expect(names()).to.deep.equal(['"s1"; sequence=1', '"s2"; sequence=1']);
  });

  it('tell a list from a key that is not there, and from nonsense', async () => {
    answers = [
      refusal(404, 'There is no such key.'),
      (response) => response.end('{"a":1}'),
      (response) => response.end('["x"]'),
    ];
    const log = new ClientLog(() => performance.now());
    const client = newClient(log);
    await client.get('a');
    await client.get('a');
    client.hangUp();
    const outcomes = log.operations().map(({ outcome, attempts }) => ({ ...outcome, attempts }));
    expect(outcomes).to.deep.equal([
      { status: 'ok', attempts: 1 },
      { status: 'ok', value: ['x'], attempts: 2 },
    ]);
  });

  it('leave the number of a request that certainly was not done to the next one', async () => {
    await appended(3, 0, done, refusal(503, 'noLeader: x'));
    expect(seen).to.deep.equal([
      ['{"type":"APPEND","value":"e1"}', '"s1"; sequence=1'],
      ['{"type":"APPEND","value":"e2"}', '"s1"; sequence=2'],
      ['{"type":"APPEND","value":"e3"}', '"s1"; sequence=2'],
    ]);
  });

  it('write a key 50 times, then another one', () => {
    const ring = new KeyRing((name) => `${name}-run7`);
    const prng = new Prng(1);
    const writes = new Map<string, number>();
    for (let times = 0; times < 1_000; times += 1) {
      const key = ring.pick(prng);
      ring.countWrite(key);
      writes.set(key.name, (writes.get(key.name) ?? 0) + 1);
    }
    expect(Math.max(...writes.values())).to.equal(50);
    expect([...writes.keys()].every((name) => /^(list|mixed)\d+-run7$/.test(name))).to.equal(true);
    expect(ring.all).to.include.members([...writes.keys()]);
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += String(part);
  return text;
}
