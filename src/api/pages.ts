import type { HttpCall } from '../http/httpCall.js';

/** The response to a GET. */
export interface Page {
  readonly status: 200 | 503;
  readonly contentType: string;
  readonly body: string;
}

/** Pages by path; each is made when it is asked for. */
export type Pages = ReadonlyMap<string, () => Page>;

/** Answers GET and HEAD with the page, and any other method with 405. */
export function servePage(call: HttpCall, makePage: () => Page): void {
  if (!call.isRead) {
    call.text(405, 'This page is read with GET.', { Allow: 'GET, HEAD' });
    return;
  }
  const { status, contentType, body } = makePage();
  call.send(status, contentType, body);
}

export function textPage(status: Page['status'], line: string): Page {
  return { status, contentType: TEXT, body: `${line}\n` };
}

export function jsonPage(value: object): Page {
  return { status: 200, contentType: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}

const TEXT = 'text/plain; charset=utf-8';
