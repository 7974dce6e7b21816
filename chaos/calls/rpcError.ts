/** The server answered, and the answer is a fault. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault';

  constructor(
    readonly code: number,
    readonly text: string,
  ) {
    super(text);
  }
}

/** The call never left: nobody listens there. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
}

/** The call may have arrived; no answer came: the connection broke, the time was up, or the answer was nonsense. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** Errors that come before a connection stands. */
const NOT_SENT_CODES: readonly string[] = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'];

/** The error for a request or an answer that did not get through. */
export function errorOfExchange(error: unknown): NotSentError | NoAnswerError {
  if (!(error instanceof Error)) return new NoAnswerError(String(error));
  const code = 'code' in error ? String(error.code) : '';
  const message = error.message === '' ? code : error.message;
  return NOT_SENT_CODES.includes(code) ? new NotSentError(message) : new NoAnswerError(message);
}
