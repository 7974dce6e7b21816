/**
 * One connection's side of a protocol: the bytes of its calls, and the judgement of their replies. Calls
 * are made one at a time, so a conversation may keep what the next request depends on.
 */
export interface Conversation {
  /** Opens the connection and is answered once, before the first call. */
  readonly greeting?: Buffer;
  /** Sent before the connection is closed, for servers that would keep a session otherwise. */
  readonly farewell?: Buffer;
  /** The bytes of the next call. */
  nextRequest(): Buffer;
  /** Bytes that the reply takes at the beginning of `received`; undefined while it is not complete. */
  replyLength(received: Buffer): number | undefined;
  /** Takes a complete reply; true when the call succeeded. */
  takeReply(reply: Buffer): boolean;
}

/** Bytes of the values that are written and read where systems are compared. */
export const VALUE_BYTES = 300;

/** The key that every reader of a key reads. */
export const BENCH_KEY = 'bench';

/** A value of {@link VALUE_BYTES} bytes that tells one call from another. */
export function valueOf(call: number): string {
  return String(call).padStart(VALUE_BYTES, 'v');
}
