import { BlockTooLargeError } from '../blocks/blockStore.js';
import { errorTable, leaderHint, ServiceError, type LeaderAddress } from '../node/errors.js';
import { blockErrorOf } from './blockErrors.js';
import { FAULT_CODES, XmlRpcFault } from '../xmlrpc/index.js';

/** A call with arguments that the method does not take; nothing was done. */
export function invalidParams(explanation: string): XmlRpcFault {
  return new XmlRpcFault(FAULT_CODES.INVALID_PARAMS, explanation);
}

/** Turns the errors of this service into faults with stable codes and words. */
export class FaultTranslator {
  constructor(private readonly servers: readonly LeaderAddress[]) {}

  /**
   * The fault for an error of this service; any other error unchanged, which the XML-RPC server reports as internal.
   */
  translate(error: unknown): unknown {
    if (error instanceof ServiceError) return new XmlRpcFault(error.code, this.explain(error));
    const kind = blockErrorOf(error);
    if (kind !== undefined)
      return new XmlRpcFault(errorTable[kind].code, `${errorTable[kind].word}: ${(error as Error).message}`);
    if (error instanceof BlockTooLargeError) return invalidParams(error.message);
    return error;
  }

  /** The explanation of the error; it names the leader to a client that asked another server. */
  private explain(error: ServiceError): string {
    if (error.kind !== 'notLeader') return error.message;
    const leader = error.leader === null ? undefined : this.servers[error.leader];
    return `${error.message}; ${leader === undefined ? 'no leader is known at the moment' : leaderHint(leader)}`;
  }
}
