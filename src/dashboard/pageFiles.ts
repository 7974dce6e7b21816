import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpCall } from '../http/httpCall.js';

const gzipped = promisify(gzip);

/** The files of the page and their types; there are no others. The page that runs Raft lies beside their folder. */
const types: ReadonlyMap<string, string> = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ['app.js', 'text/javascript; charset=utf-8'],
  ['app.css', 'text/css; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
  ['raft.html', 'text/html; charset=utf-8'],
]);

/** Nothing is loaded from elsewhere, and nothing is written into the page. */
const OWN_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";
/** Whatever the page itself allows: it cannot be framed, and sends its forms to nobody. */
const EVERY_POLICY = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const headers = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

interface PageFile {
  readonly type: string;
  readonly policy: string;
  readonly plain: Buffer;
  readonly gzip: Buffer;
}

/** The page as it was built. A file is read when it is asked for, and kept. */
export class PageFiles {
  private readonly files = new Map<string, Promise<PageFile>>();

  /** @param folder where the build has put them */
  constructor(private readonly folder: URL) {}

  has(name: string): boolean {
    return types.has(name);
  }

  async send(call: HttpCall, name: string): Promise<void> {
    const file = await this.read(name).catch(() => undefined);
    if (file === undefined) {
      call.text(404, 'The dashboard is not built: run npm run build.');
      return;
    }
    const acceptsGzip = /\bgzip\b/.test(call.request.headers['accept-encoding'] ?? '');
    const coding = acceptsGzip ? { 'Content-Encoding': 'gzip' } : {};
    call.send(200, file.type, acceptsGzip ? file.gzip : file.plain, {
      ...headers,
      ...coding,
      'Content-Security-Policy': `${file.policy}; ${EVERY_POLICY}`,
      Vary: 'Accept-Encoding',
    });
  }

  private read(name: string): Promise<PageFile> {
    const known = this.files.get(name);
    if (known !== undefined) return known;
    const reading = this.readAnew(name);
    this.files.set(name, reading);
    // A build may come later.
    reading.catch(() => this.files.delete(name));
    return reading;
  }

  private async readAnew(name: string): Promise<PageFile> {
    const isRaft = name === 'raft.html';
    const plain = await readFile(new URL(isRaft ? '../raft.html' : name, this.folder));
    const policy = isRaft ? policyIn(plain) : OWN_POLICY;
    return { type: types.get(name) ?? '', policy, plain, gzip: await gzipped(plain) };
  }
}

/** A page that holds its own script says by the script's hash that it may run. */
function policyIn(page: Buffer): string {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page.toString())?.[1];
  if (policy === undefined)
    throw new Error('the page that runs Raft has no policy: it was built by something else');
  return policy;
}

/** The headers of a page that holds its scripts: these may run, and no others, and it asks nobody for anything. */
export function ownScripts(page: Buffer): Readonly<Record<string, string>> {
  const hashes = [...page.toString().matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, script = '']) => ` 'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src${hashes.join('') || " 'none'"}`;
  return { ...headers, 'Content-Security-Policy': `${policy}; ${EVERY_POLICY}` };
}
