/**
 * An HTTP request brought no response. `code` is what the operating system or the resolver said, `ECONNRESET` also for a
 * connection that closed before the whole response was there, `ETIMEDOUT` when the time was up, `EABORTED` when the
 * caller gave up, `EMSGSIZE` for a response larger than the limit, `EINVAL` when no request can be made of it.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly code: string,
    message: string,
    /** Whether any part of the request may have reached the server. False only when it is known that none did. */
    readonly sent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
