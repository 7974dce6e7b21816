import { HttpError, type HttpClient } from '../http/client.js';
import type { AttemptLimits } from './failure.js';
import { timerMs } from './timerMs.js';

/** Largest response. */
const RESPONSE_BYTES_MAX = 256 * 1024 * 1024;

/** Where a request goes. */
export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

/** A whole response. */
export interface Page {
  readonly status: number;
  readonly text: string;
}

/** Sends JSON, once, and gives the response, whatever its status. @throws HttpError when there is none */
export function postJson(
  http: HttpClient,
  target: HttpTarget,
  text: string,
  { timeoutMs, headMs, signal }: AttemptLimits,
): Promise<Page> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => exchange.abort('the call was given up');
    const exchange = http.request(
      {
        ...target,
        headers: { 'Content-Type': 'application/json' },
        body: [Buffer.from(text)],
        bodyBytesMax: () => RESPONSE_BYTES_MAX,
        timeoutMs: Number.isFinite(timeoutMs) ? timerMs(timeoutMs) : undefined,
        headMs: Number.isFinite(headMs) ? timerMs(headMs) : undefined,
      },
      (outcome) => {
        signal?.removeEventListener('abort', onAbort);
        if (outcome instanceof HttpError) reject(outcome);
        else resolve({ status: outcome.status, text: outcome.body.toString('utf8') });
      },
    );
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort);
  });
}
