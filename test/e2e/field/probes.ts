import { XmlRpcClient } from '../../../src/xmlrpc/index.js';

const PROBE_MS = 1_000;

/** The response to a GET; the status is 0 when there is no answer in time.
 */
export async function get(port: number, path: string): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(PROBE_MS) });
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    return { status: 0, text: String(error) };
  }
}

/** Whether a server says that it takes part in its cluster. */
export async function isReady(port: number): Promise<boolean> {
  return (await get(port, '/readyz')).status === 200;
}

/** The committed versions that one server has, in the order of the names. */
export async function versionsAt(port: number, names: readonly string[]): Promise<number[]> {
  const client = new XmlRpcClient({ host: '127.0.0.1', port, keepAlive: false });
  const calls = names.map(
    (name) =>
      new Map<string, string | string[]>([
        ['methodName', 'surfstore.tester_getversion'],
        ['params', [name]],
      ]),
  );
  const answer = await client.call('system.multicall', [calls], { timeoutMs: 30_000 });
  if (!Array.isArray(answer)) throw new Error('system.multicall gave no array');
  return answer.map((one) => (Array.isArray(one) ? Number(one[0]) : Number.NaN));
}
