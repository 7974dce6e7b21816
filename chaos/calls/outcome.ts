import { NotSentError, RpcFault } from './rpcError.js';

/**
 * Faults after which the call certainly was not carried out: not the leader, crashed when it came, superseded, overloaded, failed or
 * stopped before it was accepted, and the faults of a call that nobody could make sense of.
 */
const NOT_DONE_CODES: ReadonlySet<number> = new Set([1, 2, 5, 6, 7, 9, -32700, -32600, -32601, -32602]);

/** Whether a call that ended in this error certainly had no effect. All that is not known to be so is unknown. */
export function certainlyNotDone(error: unknown): boolean {
  if (error instanceof RpcFault) return NOT_DONE_CODES.has(error.code);
  return error instanceof NotSentError;
}

/** The fault of a server that does not have the method, such as a hook of one with `--no-chaos-hooks`. */
export function isMethodMissing(error: unknown): boolean {
  return error instanceof RpcFault && error.code === -32601;
}
