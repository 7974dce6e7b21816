import type { ByteBudget } from '../http/byteBudget.js';
import type { CallEvents, ClientCall } from '../http/clientCall.js';
import type { HttpCall } from '../http/httpCall.js';
import type { XmlRpcServerOptions } from '../xmlrpc/index.js';
import type { Pages } from './pages.js';

/** Everything that one port serves. */
export interface Surfaces {
  /** POSTs to `/RPC2` and `/`. */
  readonly xmlrpc: XmlRpcServerOptions;
  /** The pages that GET and HEAD of their paths return. */
  readonly pages?: Pages;
  /** Other HTTP surfaces: the first that matches a path gets all its requests, whatever the method. */
  readonly routes?: readonly Route[];
  /** JSON lines over plain TCP. Without it every connection is HTTP. */
  readonly lines?: LineSurface;
  /** Receives the events of every call on any surface. */
  readonly events?: CallEvents;
}

/** An HTTP surface that matches its paths itself. */
export interface Route {
  /** @param path the path without the query, as it was sent: its percent signs are not decoded */
  matches(path: string): boolean;
  /** Answers the request, now or later. Must not throw; errors of the connection are handled elsewhere. */
  handle(call: HttpCall): void;
}

/** A surface of one JSON message per line, and one line for each as the answer. */
export interface LineSurface {
  /** A longer line, its line feed not counted, gets a fail reply, and its connection is ended. */
  readonly lineBytesMax: number;
  /** Holds the lines that have not come completely, and those that wait. @default the one of this process */
  readonly receiving?: ByteBudget;
  /**
   * Answers one message. Messages of one connection come one after another: the next when this one is answered.
   *
   * @param line what stands before the line feed (or carriage return and line feed); not blank, maybe not JSON
   * @returns the reply on one line, without a line feed. A rejection is an internal error of the call.
   */
  answer(line: string, call: ClientCall): Promise<string>;
}
