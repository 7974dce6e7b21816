import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';

/** Adds or removes a listener. */
interface Listening {
  (event: 'data', listener: (chunk: Buffer) => void): unknown;
  (event: 'error', listener: (error: Error) => void): unknown;
  (event: 'end' | 'close' | 'finish' | 'drain', listener: () => void): unknown;
}

/** The part of a request that surfaces use; requests of node:http and of the fast path have it. */
export interface ServerRequest {
  readonly method?: string | undefined;
  url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
  readonly readableEnded: boolean;
  /** The complete body, when it has arrived already; such a request emits nothing. */
  readonly wholeBody?: Buffer;
  readonly on: Listening;
  readonly once: Listening;
  readonly off: Listening;
  resume(): unknown;
  destroy(): unknown;
}

/** The part of a response that surfaces use. */
export interface ServerReply {
  readonly statusCode: number;
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  writeHead(status: number, headers?: OutgoingHttpHeaders): this;
  /** False when the client does not read as fast as it is written; `drain` says when it has. */
  write(chunk: string | Uint8Array): boolean;
  end(chunk?: string | Uint8Array): unknown;
  /** Holds back all that is written until `uncork`; then it leaves together. */
  cork(): void;
  uncork(): void;
  readonly on: Listening;
  readonly once: Listening;
  readonly off: Listening;
}
