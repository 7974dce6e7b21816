import { ServiceError } from '../node/errors.js';
import { sessionIn, type CommandResult } from '../stateMachine/command.js';

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
