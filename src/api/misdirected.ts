import type { ServerRequest } from '../http/message.js';
import type { Refusal } from '../http/refusal.js';

/** Why a request is refused whatever surface it is for: it comes from a page of another site, or has lost its path. */
export function misdirected(request: ServerRequest, path: string): Refusal | undefined {
  return foreignOrigin(request) ?? jsonWithoutPath(request, path);
}

/**
 * A page of another site may send requests from its visitor's browser, and one of them could crash this server. The
 * browser names the origin; other programs send no Origin.
 */
function foreignOrigin({ headers }: ServerRequest): Refusal | undefined {
  const { origin, host = '' } = headers;
  if (origin === undefined || isSameOrigin(origin, host)) return undefined;
  const reason = `Requests from web pages of other sites are refused; this one comes from ${origin.slice(0, 100)}.`;
  return { status: 403, reason };
}

function isSameOrigin(origin: string, host: string): boolean {
  try {
    return new URL(origin).origin === new URL(`http://${host}`).origin;
  } catch {
    return false;
  }
}

/** HTTP clients take dots for steps in the path: `/keys/..` arrives as `/`. */
function jsonWithoutPath({ method, headers }: ServerRequest, path: string): Refusal | undefined {
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (method !== 'POST' || type !== 'application/json' || (path !== '/' && path !== '/RPC2'))
    return undefined;
  const reason =
    'Calls here are XML-RPC. JSON goes to /messages or /keys/KEY; "." and ".." cannot be keys, because HTTP clients ' +
    'take them for steps in the path.';
  return { status: 400, reason };
}
