import { invalidParams } from './faults.js';

/** Room for the envelope of a message that carries a single entry. */
const ENVELOPE_BYTES = 4096;

/** Text that is no longer than this fits whatever it holds: no character takes more than 8 bytes on the way. */
const GROWTH_MAX = 8;

/** What the way to the peers allows. */
export interface WireLimits {
  /** Bytes that a command takes in a request to a peer. */
  readonly bytesOnTheWire: (command: string) => number;
  /** Largest request body that a peer accepts. */
  readonly bodyBytesMax: number;
}

/**
 * Refuses a command that could never be replicated, because no request to a peer could carry it.
 *
 * @throws XmlRpcFault -32602
 */
export function refuseTooLarge(command: string, { bytesOnTheWire, bodyBytesMax }: WireLimits): void {
  const room = bodyBytesMax - ENVELOPE_BYTES;
  if (command.length * GROWTH_MAX <= room) return;
  const bytes = bytesOnTheWire(command);
  if (bytes > room) {
    throw invalidParams(`the update takes ${bytes} bytes in the log; at most ${room} are allowed`);
  }
}
