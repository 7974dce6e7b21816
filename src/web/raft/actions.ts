import type { NodeId } from '../../raft/types.js';

/** `stop` ends the process as `kill -9` does; `pause` freezes it, and `resume` lets it catch up with all that waited. */
type ServerAction = 'crash' | 'restore' | 'stop' | 'start' | 'timeout' | 'pause' | 'resume';
/** `retry` sends the last write of the client again; `session` opens a session, which makes that harmless. */
type ClientAction = 'request' | 'read' | 'session' | 'retry';
/** Of one direction. `heal` also ends slowness and losses. */
type LinkAction = 'cut' | 'heal' | 'slow' | 'lossy';
type MessageAction = 'drop' | 'hold' | 'release' | 'duplicate' | 'forward';

export interface OnServer {
  readonly kind: ServerAction;
  readonly server: NodeId;
}

/** Clients are numbered from 0. @default the first one */
export interface OnClient {
  readonly kind: ClientAction;
  readonly server: NodeId;
  readonly client?: number;
}

export interface OnLink {
  readonly kind: LinkAction;
  readonly from: NodeId;
  readonly to: NodeId;
}

/** Messages are numbered in the order in which they were sent. */
export interface OnMessage {
  readonly kind: MessageAction;
  readonly message: number;
}

/** Something that the user does. */
export type Action = OnServer | OnClient | OnLink | OnMessage;

/** In this order for ever: a link to a moment holds their places. */
export const actionKinds: readonly Action['kind'][] = [
  'crash',
  'restore',
  'stop',
  'start',
  'timeout',
  'request',
  'cut',
  'heal',
  'pause',
  'resume',
  'read',
  'session',
  'retry',
  'slow',
  'lossy',
  'drop',
  'hold',
  'release',
  'duplicate',
  'forward',
];

/** Clients that a world has. */
export const CLIENTS = 3;

/** The subject of an action: it decides which numbers a link holds for it. */
export function subjectOf(kind: Action['kind']): 'server' | 'client' | 'link' | 'message' {
  switch (kind) {
    case 'crash':
    case 'restore':
    case 'stop':
    case 'start':
    case 'timeout':
    case 'pause':
    case 'resume':
      return 'server';
    case 'request':
    case 'read':
    case 'session':
    case 'retry':
      return 'client';
    case 'cut':
    case 'heal':
    case 'slow':
    case 'lossy':
      return 'link';
    case 'drop':
    case 'hold':
    case 'release':
    case 'duplicate':
    case 'forward':
      return 'message';
  }
}

/** Both directions of the links between a server and the others. */
export function linksOf(kind: LinkAction, server: NodeId, others: Iterable<NodeId>): Action[] {
  return [...others]
    .filter((other) => other !== server)
    .flatMap((other) => [
      { kind, from: server, to: other },
      { kind, from: other, to: server },
    ]);
}

/** Cuts all links between the servers of one side and the others, or heals them. */
export function partition(kind: LinkAction, side: readonly NodeId[], servers: number): Action[] {
  const others = Array.from({ length: servers }, (_, id) => id).filter((id) => !side.includes(id));
  return side.flatMap((server) => linksOf(kind, server, others));
}
