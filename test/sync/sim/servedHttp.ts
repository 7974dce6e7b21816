import { Socket } from 'node:net';
import type { Route } from '../../../src/api/surfaces.js';
import { noCallEvents } from '../../../src/http/clientCall.js';
import { HttpCall } from '../../../src/http/httpCall.js';
import type { ServerReply, ServerRequest } from '../../../src/http/message.js';

/** A request over HTTP, without the connection. */
export interface SimRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly body?: Uint8Array;
}

export interface SimAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Has a shipped route answer a request; `cancel` hangs up. Without a route that matches it is answered with 404. */
export function serveHttp(
  routes: readonly Route[],
  { method, url, body = new Uint8Array(0) }: SimRequest,
): { readonly promise: Promise<SimAnswer>; readonly cancel: () => void } {
  const socket = new Socket();
  const ignore = (): void => undefined;
  const listening = { on: ignore, once: ignore, off: ignore };
  const request: ServerRequest = {
    ...{ method, url, socket, ...listening },
    headers: method === 'POST' ? { 'content-type': 'application/json' } : {},
    readableEnded: true,
    wholeBody: Buffer.from(body),
    resume: ignore,
    destroy: ignore,
  };
  const promise = new Promise<SimAnswer>((resolve) => {
    const reply = new CollectedReply(resolve);
    const call = new HttpCall(request, reply, noCallEvents);
    const route = routes.find((each) => each.matches(call.path));
    if (route === undefined) call.text(404, 'there is no such page');
    else route.handle(call);
  });
  return { promise, cancel: () => void socket.emit('close') };
}

/** Collects what is written. */
class CollectedReply implements ServerReply {
  statusCode = 200;
  headersSent = false;
  writableFinished = false;
  readonly destroyed = false;
  private readonly pieces: Buffer[] = [];

  constructor(private readonly done: (answer: SimAnswer) => void) {}

  writeHead(status: number): this {
    this.statusCode = status;
    this.headersSent = true;
    return this;
  }

  write(chunk: string | Uint8Array): boolean {
    this.pieces.push(typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk));
    return true;
  }

  end(chunk?: string | Uint8Array): void {
    if (chunk !== undefined) this.write(chunk);
    this.writableFinished = true;
    this.done({ status: this.statusCode, body: Buffer.concat(this.pieces) });
  }

  cork(): void {
    // Nothing that is written is sent anywhere.
  }

  uncork(): void {
    // Nothing that is written is sent anywhere.
  }

  on(): void {
    // Nothing happens to a reply here.
  }

  readonly once = this.on.bind(this);
  readonly off = this.on.bind(this);
}
