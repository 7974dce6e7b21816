import { ServiceError } from '../node/errors.js';
import type { CommandResult } from '../stateMachine/command.js';

/**
 * The result of a command that took effect or was refused for what it asks.
 *
 * @throws ServiceError when it was refused for its request id
 */
export function requireKnown(result: CommandResult): CommandResult {
  switch (result) {
    case 'stale':
      throw new ServiceError(
        'staleRequest',
        'this client has gone on to a later request; see what became of this one',
      );
    case 'reused':
      throw new ServiceError('requestReused', 'this name of a request was used for a different one before');
    case 'sessionExpired':
      throw new ServiceError(
        'sessionExpired',
        'this client is not known, or not any more; begin again with a new clientId and sequence 1',
      );
    case 'applied':
    case 'refused':
    case 'notAList':
    case 'tooLarge':
    case 'missing':
    case 'none':
      return result;
  }
}
