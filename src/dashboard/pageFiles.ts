import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HttpCall } from '../http/httpCall.js';

const gzipped = promisify(gzip);

/** The files of the page and their types; there are no others. */
const types: ReadonlyMap<string, string> = new Map([
  ['index.html', 'text/html; charset=utf-8'],
  ['app.js', 'text/javascript; charset=utf-8'],
  ['app.css', 'text/css; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
]);

/** Nothing is loaded from elsewhere, nothing is written into the page, and no other page may frame it. */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

interface PageFile {
  readonly type: string;
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
    const plain = await readFile(new URL(name, this.folder));
    return { type: types.get(name) ?? '', plain, gzip: await gzipped(plain) };
  }
}
