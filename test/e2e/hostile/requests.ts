import { expect } from 'chai';
import { FAULT_CODES, XmlRpcClient, XmlRpcFault, type XmlRpcValue } from '../../../src/xmlrpc/index.js';
import { hostileDocuments } from './documents.js';
import { callXml, faultCodeOf, postBody, send } from '../support/http.js';
import { python } from '../support/python.js';
import { toEveryServer, type Target } from './target.js';

const MEBIBYTE = 1024 * 1024;

/** Registers the tests: what can be wrong with a request. */
export function hostileRequests(target: Target): void {
  const hostile = toEveryServer(target);

  for (const [what, documents] of Object.entries(hostileDocuments)) {
    hostile(`${what}: a fault with HTTP 200`, async (port) => {
      for (const document of documents) {
        const answer = await postBody(port, document);
        const shown = document.toString().slice(0, 200);
        expect(answer.status, shown).to.equal(200);
        expect(faultCodeOf(answer), `${shown} got ${answer.body.slice(0, 300)}`).to.be.within(
          -32_710,
          -32_600,
        );
      }
    });
  }

  hostile('wrong, missing or additional parameters of every method: fault -32602', async (port) => {
    const client = new XmlRpcClient({ host: '127.0.0.1', port });
    try {
      for (const method of (await client.call('system.listMethods')) as string[]) {
        const signatures = (await client.call('system.methodSignature', [method])) as string[][];
        for (const params of wrongParameters(
          method,
          signatures.map(([, ...types]) => types),
        )) {
          const error = await client.call(method, params).catch((reason: unknown) => reason);
          const shown = `${method}(${JSON.stringify(params)})`;
          expect(error, shown).to.be.instanceOf(XmlRpcFault);
          expect(error, shown).to.include({ faultCode: FAULT_CODES.INVALID_PARAMS });
        }
      }
      expect(await client.call('surfstore.isCrashed'), 'crash with parameters does nothing').to.equal(false);
    } finally {
      client.close();
    }
  });

  hostile('nil, double and date where they have no place: a fault', async (port) => {
    for (const value of [
      '<nil/>',
      '<double>1.0</double>',
      '<dateTime.iso8601>20200101T00:00:00</dateTime.iso8601>',
    ]) {
      const inHashList = `<array><data><value>${value}</value></data></array>`;
      // A double is what clients that guess types make of some names and hashes.
      const whereDoublesMayBe = [
        callXml('surfstore.updatefile', value, '<int>1</int>', '<array><data/></array>'),
        callXml('surfstore.updatefile', 'typed', '<int>1</int>', value),
        callXml('surfstore.updatefile', 'typed', '<int>1</int>', inHashList),
        callXml('surfstore.tester_getversion', value),
      ];
      for (const call of [
        ...(value.startsWith('<double>') ? [] : whereDoublesMayBe),
        callXml('surfstore.updatefile', 'typed', value, '<array><data/></array>'),
        callXml('surfstore.putblock', value),
        callXml('system.multicall', value),
      ]) {
        expect(faultCodeOf(await postBody(port, call)), call).to.equal(FAULT_CODES.INVALID_PARAMS);
      }
    }
  });

  hostile('what is refused leaves Python’s connection usable', async (port) => {
    await python('refused_then_used.py', [`localhost:${port}`]);
  });

  hostile(
    'a multicall in a multicall, of nonsense, or of too many calls: a fault in its place',
    async (port) => {
      const client = new XmlRpcClient({ host: '127.0.0.1', port });
      const entry = (methodName: XmlRpcValue, params: XmlRpcValue): XmlRpcValue =>
        new Map([
          ['methodName', methodName],
          ['params', params],
        ]);
      try {
        const answers = await client.call('system.multicall', [
          [
            entry('system.multicall', [[]]),
            entry('surfstore.nothing', []),
            entry('surfstore.ping', 'no array'),
            entry(1, []),
            'no struct',
            new Map(),
            entry('surfstore.ping', []),
          ],
        ]);
        const codes = (answers as unknown[]).map((one) =>
          one instanceof Map ? Number(one.get('faultCode')) : one,
        );
        expect(codes).to.deep.equal([-32_600, -32_601, -32_602, -32_602, -32_602, -32_602, [true]]);
        const many = Array.from({ length: 1_001 }, () => entry('surfstore.ping', []));
        const error = await client.call('system.multicall', [many]).catch((reason: unknown) => reason);
        expect(error).to.include({ faultCode: FAULT_CODES.INVALID_PARAMS });
      } finally {
        client.close();
      }
    },
  );

  hostile('a body of 50 MB is refused with 413, with and without Content-Length', async (port) => {
    const head = ['POST /RPC2 HTTP/1.1', 'Host: test'];
    const part = Buffer.alloc(MEBIBYTE, 'x');
    const whole = Buffer.concat(Array.from({ length: 50 }, () => part));
    expect((await postBody(port, whole)).status).to.equal(413);

    const chunk = Buffer.concat([Buffer.from(`${MEBIBYTE.toString(16)}\r\n`), part, Buffer.from('\r\n')]);
    const chunked = [...head, 'Transfer-Encoding: chunked', '', ''].join('\r\n');
    const chunks = Buffer.concat([Buffer.from(chunked), ...Array.from({ length: 50 }, () => chunk)]);
    expect((await send(port, chunks)).status).to.equal(413);
  });

  hostile(
    'other HTTP methods get 405, other paths 404, bodies compressed in an unknown way 415',
    async (port) => {
      for (const method of ['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND']) {
        const { status } = await send(
          port,
          `${method} /RPC2 HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`,
        );
        expect(status, method).to.equal(405);
      }
      for (const path of [
        '/etc/passwd',
        '/../../RPC2',
        '/RPC3',
        '//',
        '*',
        `/${'a'.repeat(10_000)}`,
        '/%00',
        '/\u00ff',
      ]) {
        const request = `POST ${path} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
        expect((await send(port, Buffer.from(request, 'latin1'))).status, path).to.be.oneOf([400, 404]);
      }
      const compressed = await postBody(port, Buffer.from('1f8b08', 'hex'), ['Content-Encoding: br']);
      expect(compressed.status).to.equal(415);
      const broken = await postBody(port, Buffer.from('1f8b08', 'hex'), ['Content-Encoding: gzip']);
      expect([broken.status, faultCodeOf(broken)]).to.deep.equal([200, FAULT_CODES.NOT_WELL_FORMED]);
    },
  );

  /** @param signatures the types of the parameters, the shortest first */
  function wrongParameters(method: string, signatures: readonly (readonly string[])[]): XmlRpcValue[][] {
    const types = signatures.at(-1) ?? [];
    const right = types.map((type) => samples[type] ?? '');
    const wrong: XmlRpcValue[][] = [[...right, 'one too many'], Array.from({ length: 100 }, () => 1)];
    const least = signatures[0]?.length ?? 0;
    for (let given = 0; given < least; given += 1) wrong.push(right.slice(0, given));
    right.forEach((_value, position) => {
      // Hash lists are opaque: anything goes.
      if (method === 'surfstore.updatefile' && position === 2) return;
      for (const [type, sample] of Object.entries(samples)) {
        // A name is understood as an int or base64, too.
        const isName = position === 0 && NAMING.includes(method);
        if (isName && (type === 'int' || type === 'base64')) continue;
        if (type !== types[position]) wrong.push(right.with(position, sample));
      }
    });
    return wrong;
  }
}

/** Methods whose first parameter is the name of a file. */
const NAMING: readonly string[] = ['surfstore.updatefile', 'surfstore.tester_getversion'];

const samples: Readonly<Record<string, XmlRpcValue>> = {
  string: 'text',
  int: 1,
  boolean: true,
  base64: Buffer.from('bytes'),
  array: ['one'],
  struct: new Map([['a', 1]]),
};
