import { Refusal } from './refusal.js';
import { NotSentError, RpcFault } from './rpcError.js';

/**
 * Faults after which the call certainly was not carried out: not the leader, crashed when it came, superseded, overloaded, failed or
 * stopped before it was accepted. A code alone says nothing, as other servers use the same for anything: an exception of Python that
 * comes after the write has code 1, too. Code and word together are this product's.
 */
const NOT_DONE_FAULTS: ReadonlyMap<number, string> = new Map([
  [1, 'notLeader'],
  [2, 'isCrashed'],
  [5, 'superseded'],
  [6, 'overloaded'],
  [7, 'failed'],
  [9, 'stopped'],
]);

/**
 * Words of the key/value service that say the same. `isCrashed`, `failed` and `stopped` are not among them: the word alone does not
 * tell whether the call was accepted before.
 */
const NOT_DONE_WORDS: ReadonlySet<string> = new Set(['noLeader', 'notLeader', 'superseded', 'overloaded']);

/** Its request was wrong, or its name was used before for another one: nothing was done, and nothing will be by sending it again. */
const SENSELESS: ReadonlySet<number> = new Set([400, 404, 405, 413, 415, 422]);
/** Nothing is known of the client, or only that it has gone on: sending it again tells nothing more. */
const CONFLICT = 409;

/** Whether a call that ended in this error certainly had no effect. All that is not known to be so is unknown. */
export function certainlyNotDone(error: unknown): boolean {
  if (error instanceof RpcFault) {
    const word = NOT_DONE_FAULTS.get(error.code);
    return word !== undefined && /^\w+/.exec(error.text)?.[0] === word;
  }
  if (error instanceof Refusal)
    return SENSELESS.has(error.status) || (error.status === 503 && NOT_DONE_WORDS.has(error.word));
  return error instanceof NotSentError;
}

/** Whether the key/value service would say the same of the same request for ever. */
export function isLastWord(error: unknown): boolean {
  return error instanceof Refusal && (SENSELESS.has(error.status) || error.status === CONFLICT);
}

/** Whether somebody answered, be it with a fault or a refusal. */
export function isAnswer(error: unknown): boolean {
  return error instanceof RpcFault || error instanceof Refusal;
}

/** The fault of a server that does not have the method, such as a hook of one with `--no-chaos-hooks`. */
export function isMethodMissing(error: unknown): boolean {
  return error instanceof RpcFault && error.code === -32601;
}
