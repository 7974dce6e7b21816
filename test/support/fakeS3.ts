import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const PAGE_MAX = 7;

/** The least of an object store that speaks the protocol of S3: objects of one bucket, in memory; checks no signature. */
export class FakeS3 {
  readonly objects = new Map<string, Buffer>();
  /** Refuses to store more, as a bucket with a quota does. */
  isFull = false;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  static async start(): Promise<FakeS3> {
    const fake = new FakeS3();
    await once(fake.server.listen(0, '127.0.0.1'), 'listening');
    return fake;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', this.endpoint);
    const name = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    const isSigned = request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 Credential=') ?? false;
    if (!isSigned) refuse(response, 403, 'AccessDenied');
    else if (searchParams.has('list-type')) this.list(response, searchParams);
    else if (request.method === 'PUT') this.put(response, name, body);
    else this.others(request, response, name);
  }

  private put(response: ServerResponse, name: string, body: Buffer): void {
    if (this.isFull) refuse(response, 403, 'QuotaExceeded');
    else {
      this.objects.set(name, body);
      response.writeHead(200, { ETag: '"of no importance"' }).end();
    }
  }

  private others({ method }: IncomingMessage, response: ServerResponse, name: string): void {
    const object = this.objects.get(name);
    if (method === 'DELETE') {
      this.objects.delete(name);
      response.writeHead(204).end();
    } else if (object === undefined) refuse(response, 404, 'NoSuchKey');
    else {
      response.writeHead(200, { 'Content-Length': object.length });
      response.end(method === 'HEAD' ? undefined : object);
    }
  }

  private list(response: ServerResponse, query: URLSearchParams): void {
    const prefix = query.get('prefix') ?? '';
    const after = query.get('continuation-token') ?? '';
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && name > after).sort();
    const page = names.slice(0, PAGE_MAX);
    const contents = page.map((name) => {
      const size = this.objects.get(name)?.length ?? 0;
      return (
        `<Contents><Key>${name}</Key><LastModified>${new Date().toISOString()}</LastModified>` +
        `<ETag>"x"</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`
      );
    });
    const more =
      names.length > page.length
        ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${page.at(-1)}</NextContinuationToken>`
        : '<IsTruncated>false</IsTruncated>';
    response
      .writeHead(200, { 'Content-Type': 'application/xml' })
      .end(
        `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>${more}${contents.join('')}</ListBucketResult>`,
      );
  }
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'Content-Type': 'application/xml' })
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
}
