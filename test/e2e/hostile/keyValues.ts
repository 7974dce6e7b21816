import { expect } from 'chai';
import { connectRaw } from '../../support/xmlrpcServer.js';
import { send } from '../support/http.js';
import { within } from '../support/waiting.js';
import { toEveryServer, type Target } from './target.js';

const ANSWER_MS = 10_000;
const DEPTH = 200_000;

/** Nested far deeper than a program that recurses can follow. */
const deep = '['.repeat(DEPTH) + ']'.repeat(DEPTH);
const deepObjects = '{"a":'.repeat(DEPTH) + '1' + '}'.repeat(DEPTH);

const messages: Readonly<Record<string, readonly string[]>> = {
  'no JSON': [
    '',
    '{',
    '{"type":"put","payload":{"key":"k","value":',
    'nul',
    '{"a":1}{"b":2}',
    '\u0000',
    '{\\',
  ],
  'JSON that is no message': [
    'null',
    '1',
    '"text"',
    '[]',
    '{}',
    '{"type":"put"}',
    '{"payload":{}}',
    '[[[]]]',
  ],
  'a key of a wrong type': ['null', '1', '[]', '{}', '""', `"${'k'.repeat(5_000)}"`].map(
    (key) => `{"type":"put","payload":{"key":${key},"value":1}}`,
  ),
  'a value that is nested without end': [deep, deepObjects].map(
    (value) => `{"type":"put","payload":{"key":"deep","value":${value}}}`,
  ),
  'nothing but nesting': [deep, deepObjects],
  'names that objects have': ['__proto__', 'constructor', 'toString'].map(
    (name) => `{"type":"${name}","${name}":{"${name}":1},"payload":{"${name}":1}}`,
  ),
  'a wrong request id': [
    '1',
    '[]',
    '{}',
    '""',
    '{"clientId":1,"sequence":1}',
    '{"clientId":"c","sequence":0.5}',
  ].map((request) => `{"type":"put","request":${request},"payload":{"key":"k","value":1}}`),
  'a wrong deadline': ['-1', '0', '1e99', '"1"', '[]', '2147483648'].map(
    (timeout) => `{"type":"get","timeout_ms":${timeout},"payload":{"key":"k"}}`,
  ),
};

/** Registers the tests: what can be wrong with requests to the key/value surfaces. */
export function hostileKeyValues(target: Target): void {
  const hostile = toEveryServer(target);

  for (const [what, texts] of Object.entries(messages)) {
    hostile(`a message over HTTP, ${what}: a fail reply`, async (port) => {
      for (const text of texts) {
        const answer = await post(port, '/messages', text);
        expect([200, 400], text.slice(0, 100)).to.include(answer.status);
        expect(codeOf(answer.body), text.slice(0, 100)).to.equal('fail');
      }
    });

    hostile(`a line, ${what}: a fail reply, and the connection goes on`, async (port) => {
      const lines = texts.filter((text) => text.trim() !== '');
      const good = '{"type":"get","payload":{"key":"a key that nobody writes"}}';
      // The first byte must be one that JSON lines begin with.
      const replies = await sendLines(port, [good, ...lines, good], lines.length + 2);
      for (const [number, reply] of replies.slice(1, -1).entries())
        expect(codeOf(reply), lines[number]?.slice(0, 100)).to.equal('fail');
      // Which one it is depends on who leads.
      expect(['ok', 'redirect', 'fail']).to.include(codeOf(replies.at(-1) ?? ''));
    });

    hostile(`a body for a key, ${what}: 400 with a reason`, async (port) => {
      for (const text of texts) {
        const answer = await post(port, '/keys/hostile', text);
        expect(answer.status, text.slice(0, 100)).to.equal(400);
      }
    });
  }

  hostile('paths that are no paths: an answer from 400 on', async (port) => {
    const paths = [
      '/keys/%',
      '/keys/%ff%fe',
      '/keys/%zz',
      '/keys/',
      '/keys/a?timeout_ms=%',
      '/keys//',
      '/keys',
    ];
    for (const path of paths) {
      const answer = await send(port, `GET ${path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`);
      expect(answer.status, path).to.be.within(400, 499);
    }
  });

  hostile('bytes that are not UTF-8: 400, or a fail reply', async (port) => {
    const bad = Buffer.concat([
      Buffer.from('{"type":"get","payload":{"key":"'),
      Buffer.from([0xff, 0xc0]),
      Buffer.from('"}}'),
    ]);
    for (const path of ['/messages', '/keys/a']) expect((await post(port, path, bad)).status).to.equal(400);
    const [reply = ''] = await sendLines(port, [bad], 1);
    expect(codeOf(reply)).to.equal('fail');
  });

  hostile('a line that never ends: a fail reply, and the connection is closed', async (port) => {
    const connection = connectRaw(port, `{"type":"${'x'.repeat(9 * 1024 * 1024)}`);
    await within(connection.closed, ANSWER_MS, 'the end of the connection');
    expect(codeOf(connection.received())).to.equal('fail');
  });

  hostile('commands that no server of the cluster would pass on', async (port) => {
    const commands = [
      '{}',
      'null',
      '{"type":"updateFile","name":"x","version":1,"hashList":[]}',
      deep,
    ].concat(
      `{"type":"kvPut","key":"k","value":${deep}}`,
      '{"type":"kvPut","key":"","value":1}',
      '{"type":"kvAppend","key":"k","items":1}',
    );
    for (const command of commands) {
      const xml = `<methodCall><methodName>surfstore.propose</methodName><params><param><value>${command}</value></param></params></methodCall>`;
      const answer = await post(port, '/RPC2', xml, 'text/xml');
      expect(answer.body, command.slice(0, 100)).to.include('<int>-32602</int>');
    }
  });
}

function post(
  port: number,
  path: string,
  body: string | Buffer,
  type = 'application/json',
): ReturnType<typeof send> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const head = `POST ${path} HTTP/1.1\r\nHost: test\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return send(port, Buffer.concat([Buffer.from(head), bytes]));
}

/** Sends lines on one connection; gives the replies, as many as are expected. */
async function sendLines(
  port: number,
  lines: readonly (string | Buffer)[],
  count: number,
): Promise<string[]> {
  const bytes = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
  const connection = connectRaw(port, bytes);
  const replies = (): string[] => connection.received().split('\n').slice(0, -1);
  const whole = new Promise<void>((resolve) => {
    connection.socket.on('data', () => {
      if (replies().length >= count) resolve();
    });
  });
  try {
    await within(Promise.race([whole, connection.closed]), ANSWER_MS, `${count} replies`);
  } finally {
    connection.socket.destroy();
  }
  expect(replies()).to.have.lengthOf(count);
  return replies();
}

function codeOf(reply: string): unknown {
  return (JSON.parse(reply) as { readonly code?: unknown }).code;
}
