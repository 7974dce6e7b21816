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
