import type { Socket } from 'node:net';

/** Listeners by socket: one real listener each, because a client may have many pipelined calls on one socket. */
const watched = new WeakMap<Socket, Set<() => void>>();

/** Calls the listener once when the socket closes. Gives a function that takes the listener away again. */
export function onSocketClose(socket: Socket, listener: () => void): () => void {
  let listeners = watched.get(socket);
  if (listeners === undefined) {
    listeners = new Set();
    watched.set(socket, listeners);
    socket.once('close', notify(listeners));
  }
  const present = listeners;
  present.add(listener);
  return () => void present.delete(listener);
}

function notify(listeners: Set<() => void>): () => void {
  return () => {
    for (const listener of listeners) listener();
    listeners.clear();
  };
}
