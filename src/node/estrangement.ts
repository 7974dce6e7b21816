import type { NodeId, RefusalReason } from '../raft/types.js';

/** For people: why this server and another one have nothing to do with each other, and what to do. */
export function estrangementText(peer: NodeId, reason: RefusalReason): string {
  switch (reason) {
    case 'roster':
      return (
        `server ${peer} was started with another list of servers: give all servers the same cluster file, or the same ` +
        '--cluster-name where the files must differ'
      );
    case 'cluster':
      return (
        `server ${peer} belongs to another cluster, which came into being when a majority of the directories was empty: stop ` +
        'the servers that are in the wrong, remove their directories, and start them again, or restore all of them together'
      );
    case 'history':
      return (
        `server ${peer} leads with a log that lacks what is committed here: a majority has lost its data; keep this ` +
        "server's data"
      );
  }
}
