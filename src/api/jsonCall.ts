import type { HttpCall } from '../http/httpCall.js';
import { tooMuchUnread } from '../http/refusal.js';
import type { RequestId } from '../stateMachine/command.js';
import { requestIdFromHeader } from './requestId.js';

const JSON_TYPE = 'application/json';

/**
 * Reads a JSON body and hands over its text; a body that is too large, compressed in an unknown way, of another type or not
 * UTF-8 is answered here.
 */
export function readJson(call: HttpCall, bytesMax: number, done: (text: string) => void): void {
  const type = call.request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== undefined && type !== JSON_TYPE) {
    const reason = `The body must be of Content-Type ${JSON_TYPE}, not ${type}.`;
    call.refuse({ status: 415, reason });
    return;
  }
  call.readBody({ bytesMax }, (body) => {
    if (body === 'not inflatable') {
      call.text(400, 'The body is not compressed as its Content-Encoding says.');
      return;
    }
    const text = textOf(body);
    if (text === undefined) call.text(400, 'The body is not UTF-8.');
    else done(text);
  });
}

/** Answers with JSON. */
export function sendJson(call: HttpCall, status: number, value: unknown): void {
  call.send(status, JSON_TYPE, `${JSON.stringify(value)}\n`);
}

/** Answers with JSON that is made already, and perhaps shared with other replies. */
export function sendJsonPieces(
  call: HttpCall,
  status: number,
  pieces: readonly (string | Uint8Array)[],
): void {
  const bytes = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece));
  if (!call.sendPieces(status, JSON_TYPE, bytes)) call.text(503, `overloaded: ${tooMuchUnread}`);
}

/** The request id in the header Idempotency-Key, if it is there. @throws InputError */
export function requestIdOf({ request }: HttpCall): RequestId | undefined {
  const header = request.headers['idempotency-key'];
  return header === undefined ? undefined : requestIdFromHeader(String(header));
}

function textOf(body: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}
