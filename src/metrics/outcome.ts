import { errorKindOf, errorTable, ServiceError } from '../node/errors.js';
import { FAULT_CODES, XmlRpcFault } from '../xmlrpc/index.js';

/** The word for an error, of a bounded set: that of the table of errors, or what kind of fault it is. */
export function outcomeOf(error: unknown): string {
  if (error instanceof ServiceError) return errorTable[error.kind].word;
  if (error instanceof XmlRpcFault) return wordOf(error.faultCode);
  return 'internal';
}

function wordOf(code: number): string {
  switch (code) {
    case FAULT_CODES.METHOD_NOT_FOUND:
      return 'methodNotFound';
    case FAULT_CODES.INVALID_PARAMS:
      return 'invalid';
    case FAULT_CODES.INTERNAL_ERROR:
      return 'internal';
    default: {
      const kind = errorKindOf(code);
      return kind === undefined ? 'fault' : errorTable[kind].word;
    }
  }
}
