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
