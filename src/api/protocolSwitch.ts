import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { CallEvents } from '../http/clientCall.js';
import type { FastPath } from '../http/fastPath.js';
import { TOO_MANY_CONNECTIONS } from './connectionLimit.js';
import { LineConnection, type LineTimeouts } from './lineConnection.js';
import type { LineSurface } from './surfaces.js';

export interface SwitchTimeouts extends LineTimeouts {
  /** A connection that has not shown its protocol by then is closed, in milliseconds. */
  readonly firstByteMs: number;
}

/** More white space than this before the first byte is left to the HTTP parser. */
const WHITE_BYTES_MAX = 1_024;

/**
 * Lets two protocols share the port of an HTTP server. A connection whose first byte after white space begins a JSON
 * object, list or string is one of lines, with a byte order mark before it or not; any other is HTTP, and begins on the
 * fast path.
 */
export class ProtocolSwitch {
  private readonly undecided = new Set<Socket>();
  private readonly lineConnections = new Set<LineConnection>();
  private readonly lineSockets = new Set<Socket>();

  constructor(
    private readonly surface: LineSurface | undefined,
    private readonly timeouts: SwitchTimeouts,
    private readonly fastPath: FastPath,
    private readonly admits: (socket: Socket) => boolean = () => true,
    private readonly events?: CallEvents,
  ) {}

  /** The HTTP server gets its connections by its own listener, only later: it tracks them and times them as ever. */
  attachTo(server: Server): void {
    const listeners = server.listeners('connection');
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      this.awaitFirstByte(socket, () => {
        for (const listener of listeners) Reflect.apply(listener, server, [socket]);
      });
    });
  }

  /** Ends the connections that are idle or undecided at once, and each of the others after its answers. */
  close(): void {
    for (const socket of this.undecided) socket.destroy();
    for (const connection of this.lineConnections) connection.close();
  }

  /** Cuts all connections of lines. */
  cut(): void {
    for (const socket of this.lineSockets) socket.destroy();
  }

  private awaitFirstByte(socket: Socket, serveHttp: () => void): void {
    let held: Buffer = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const protocol = this.surface === undefined ? 'http' : protocolOf(held);
      if (protocol === undefined) return;
      leave();
      if (protocol === 'http' || this.surface === undefined) {
        this.fastPath.accept(socket, held, serveHttp);
        return;
      }
      this.serveLines(socket, this.surface);
      // The socket is read on without a break, so its new reader gets these bytes here and now. To pause it, unshift
      // them and resume it does the same, and makes a new connection cost a fifth more.
      socket.emit('data', held.subarray(markBytesOf(held)));
    };
    const onEnd = (): void => void socket.end();
    const giveUp = setTimeout(() => socket.destroy(), this.timeouts.firstByteMs);
    const leave = (): void => {
      clearTimeout(giveUp);
      this.undecided.delete(socket);
      socket.off('data', onData).off('end', onEnd).off('close', leave);
    };
    this.undecided.add(socket);
    socket.on('error', ignore);
    socket.on('data', onData).on('end', onEnd).on('close', leave);
  }

  private serveLines(socket: Socket, surface: LineSurface): void {
    if (!this.admits(socket)) {
      socket.end(`${JSON.stringify({ code: 'fail', payload: { message: TOO_MANY_CONNECTIONS } })}\n`);
      return;
    }
    const connection = new LineConnection(socket, surface, this.timeouts, this.events);
    this.lineConnections.add(connection);
    this.lineSockets.add(socket);
    socket.once('close', () => {
      this.lineConnections.delete(connection);
      this.lineSockets.delete(socket);
    });
  }
}

/** Undefined when a byte order mark and white space are all there is so far, and no more of it than may be. */
function protocolOf(bytes: Buffer): 'lines' | 'http' | undefined {
  if (bytes.length < MARK.length && bytes.equals(MARK.subarray(0, bytes.length))) return undefined;
  const text = bytes.subarray(markBytesOf(bytes));
  const first = text.findIndex((byte) => !WHITE.has(byte));
  if ((first < 0 ? text.length : first) > WHITE_BYTES_MAX) return 'http';
  if (first < 0) return undefined;
  return OPENING.has(text[first] ?? 0) ? 'lines' : 'http';
}

/** The length of the byte order mark that the bytes begin with, 0 without one. */
function markBytesOf(bytes: Buffer): number {
  return bytes.subarray(0, MARK.length).equals(MARK) ? MARK.length : 0;
}

/** Some tools write the byte order mark of UTF-8 before the first line. */
const MARK = Buffer.of(0xef, 0xbb, 0xbf);
const WHITE: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'));
const OPENING: ReadonlySet<number> = new Set(Buffer.from('{["'));

function ignore(): void {
  // A connection that breaks is noticed by its closing.
}
