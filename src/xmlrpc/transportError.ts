/**
 * Given to the caller of a client when there is no answer to go by. `code` says why:
 *
 * - `ECONNREFUSED`, `ENOTFOUND`, `ECONNRESET` and the like: what the operating system or the resolver said;
 *   `ECONNRESET` also stands for a connection that closed before the whole response was there
 * - `ETIMEDOUT`: no response within the time that the caller gave
 * - `EABORTED`: the caller gave up, or closed the client
 * - `EHTTP`: a response with an HTTP status other than 200
 * - `EMSGSIZE`: a response larger than the limit
 * - `EPROTO`: a response that is not valid HTTP or not valid XML-RPC
 * - `EINVAL`: options of which no HTTP request can be made
 */
export class XmlRpcTransportError extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** Whether any part of the request may have reached the server. False only when it is known that none did. */
    readonly sent: boolean,
    options?: ErrorOptions,
    /** The HTTP status, when it was another than 200. */
    readonly status?: number,
  ) {
    super(message, options);
    this.name = 'XmlRpcTransportError';
  }
}
