import type { ServerReply, ServerRequest } from '../http/message.js';

/** What a GET is answered with. */
export interface Page {
  readonly status: 200 | 503;
  readonly contentType: string;
  readonly body: string;
}

/** Pages by path; each is made when it is asked for. */
export type Pages = ReadonlyMap<string, () => Page>;

/** Answers GET and HEAD with the page, and any other method with 405. */
export function servePage(request: ServerRequest, response: ServerReply, makePage: () => Page): void {
  request.on('error', ignore);
  response.on('error', ignore);
  // A body that comes along is not looked at.
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    send(response, 405, { 'Content-Type': TEXT, Allow: 'GET, HEAD' }, 'This page is read with GET.\n');
    return;
  }
  const { status, contentType, body } = makePage();
  send(response, status, { 'Content-Type': contentType, 'Cache-Control': 'no-store' }, body);
}

export function textPage(status: Page['status'], line: string): Page {
  return { status, contentType: TEXT, body: `${line}\n` };
}

export function jsonPage(value: object): Page {
  return { status: 200, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}

const TEXT = 'text/plain; charset=utf-8';

function send(
  response: ServerReply,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function ignore(): void {
  // A connection that breaks is noticed by its closing.
}
