import { escapeText } from '../xmlrpc/index.js';
import { encodedCommand } from '../transport/messageCodec.js';
import { invalidParams } from './faults.js';

/** Room for the envelope of a message that carries a single entry. */
const ENVELOPE_BYTES = 4096;

/** Text that is no longer than this fits whatever it holds: no character takes more than 8 bytes on the way. */
const GROWTH_MAX = 8;

/**
 * Refuses a command that could never be replicated: on its way to a peer it is quoted as JSON and escaped as
 * XML, and the result has to fit in one request body.
 *
 * @throws XmlRpcFault -32602
 */
export function refuseTooLarge(command: string, bodyBytesMax: number): void {
  const room = bodyBytesMax - ENVELOPE_BYTES;
  if (command.length * GROWTH_MAX <= room) return;
  const bytes = Buffer.byteLength(escapeText(encodedCommand(command)));
  if (bytes > room) {
    throw invalidParams(`the update takes ${bytes} bytes in the log; at most ${room} are allowed`);
  }
}
