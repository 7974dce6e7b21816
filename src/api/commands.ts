import { ServiceError } from '../node/errors.js';
import { sessionIn, type CommandResult } from '../stateMachine/command.js';
import { invalidParams } from './faults.js';

/**
 * The result of a change that took effect or was refused for what it asks.
 *
 * @throws ServiceError when it was refused for its request id
 */
export function requireKnown(result: CommandResult): CommandResult {
  switch (result) {
    case 'stale':
      throw new ServiceError(
        'staleRequest',
        'this session has gone on to a later request; see what became of this one',
      );
    case 'reused':
      throw new ServiceError('requestReused', 'this name of a request was used for a different one before');
    case 'sessionExpired':
      throw new ServiceError(
        'sessionExpired',
        'no session with this clientId is open, or not any more; nothing was done now, but an earlier attempt may ' +
          'have been; openSession opens a session',
      );
    case 'epochMoved':
      throw new ServiceError(
        'epochMoved',
        'a garbage collection of blocks has begun since this epoch, so blocks of the file may be gone; nothing was ' +
          'done; ask again which are stored, and send the update with the new epoch and a new request',
      );
    case 'applied':
    case 'refused':
    case 'notAList':
    case 'tooLarge':
    case 'missing':
    case 'none':
    default:
      return result;
  }
}

/** The id of the session that a command has opened. */
export function requireOpened(result: CommandResult): string {
  const sessionId = sessionIn(result);
  if (sessionId === undefined) throw new Error(`opening a session gave ${result}`);
  return sessionId;
}

/** Room for the envelope of a message that carries a single entry. */
const ENVELOPE_BYTES = 4096;

/** Text that is no longer than this fits whatever it holds: no character takes more than 8 bytes on the way. */
const GROWTH_MAX = 8;

/** Limits of the requests that carry commands to the peers. */
export interface WireLimits {
  /** Bytes that a command takes in a request to a peer. */
  readonly bytesOnTheWire: (command: string) => number;
  /** Largest request body that a peer accepts. */
  readonly bodyBytesMax: number;
}

/** Why a command could never be replicated, because no request to a peer could carry it; undefined for one that can. */
export function sizeProblem(
  command: string,
  { bytesOnTheWire, bodyBytesMax }: WireLimits,
): string | undefined {
  const room = bodyBytesMax - ENVELOPE_BYTES;
  if (command.length * GROWTH_MAX <= room) return undefined;
  const bytes = bytesOnTheWire(command);
  return bytes > room
    ? `the command takes ${bytes} bytes in the log; at most ${room} are allowed`
    : undefined;
}

/**
 * Refuses a command that could never be replicated.
 *
 * @throws XmlRpcFault -32602
 */
export function refuseTooLarge(command: string, wire: WireLimits): void {
  const problem = sizeProblem(command, wire);
  if (problem !== undefined) throw invalidParams(problem);
}
