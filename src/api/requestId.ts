import { SINGLE, type RequestId } from '../stateMachine/command.js';
import { checkClientId, checkSequence, InputError } from './keyValueInput.js';

/**
 * The request id in an `Idempotency-Key` header: a name for this single request, quoted or not, or the name of a client
 * with its `sequence` as parameter: `"laptop-7"; sequence=12`.
 *
 * @throws InputError
 */
export function requestIdFromHeader(header: string): RequestId {
  const found = /^\s*(?:"([^"\\]*)"|([^\s";,]+))\s*(?:;\s*sequence=(\d{1,16})\s*)?$/.exec(header);
  if (found === null)
    throw new InputError(
      'Idempotency-Key must be a name, such as "8e03978e-40d5", or a client with its sequence: "client"; sequence=1',
    );
  const [, quoted, bare, sequence] = found;
  return {
    clientId: checkClientId(quoted ?? bare),
    sequence: sequence === undefined ? SINGLE : checkSequence(Number(sequence)),
  };
}

/**
 * The request id in a JSON message or an XML-RPC parameter: a name for this single request, or `{clientId, sequence}`.
 *
 * @throws InputError
 */
export function requestIdFrom(value: unknown): RequestId {
  if (typeof value === 'string') return { clientId: checkClientId(value), sequence: SINGLE };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InputError('request must be a string or {clientId, sequence}');
  const { clientId, sequence } = value as { readonly clientId?: unknown; readonly sequence?: unknown };
  if (clientId === undefined) throw new InputError('request must have a clientId and a sequence');
  return { clientId: checkClientId(clientId), sequence: checkSequence(sequence) };
}
