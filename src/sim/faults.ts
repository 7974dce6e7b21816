import { majorityOf } from '../raft/config.js';
import type { EntryId, NodeId } from '../raft/types.js';
import type { Fault, Target } from './plan.js';
import { passesIn } from './shapes.js';
import type { DiskCopy } from './simDisk.js';
import type { SimNetwork } from './simNetwork.js';
import type { SimServer } from './simServer.js';

/** What faults act on. */
export interface FaultScene {
  readonly servers: readonly SimServer[];
  readonly network: SimNetwork;
  /** A server that leads right now, if any. */
  currentLeader(): SimServer | undefined;
  /** The last entry that is committed so far; index 0 when there is none. */
  readonly lastCommitted: EntryId;
  /** A disk that was copied for this fault. */
  copyFor(fault: Fault, server: SimServer): DiskCopy | undefined;
}

/**
 * Begins a fault; the returned function makes it good. Faults overlap freely: making one good undoes just what
 * it did, and nothing when something else has undone that already.
 */
export function beginFault(scene: FaultScene, fault: Fault): () => void {
  switch (fault.kind) {
    case 'crash':
      return onEach(scene, fault.targets, (server) => {
        server.process?.node.crash();
        return () => server.process?.node.restore();
      });
    case 'reset':
      return onEach(scene, fault.targets, ({ id }) => {
        scene.network.closeConnections(id);
        return () => undefined;
      });
    case 'kill':
      return onEach(scene, fault.targets, (server) => {
        server.kill();
        return () => server.start();
      });
    case 'pause':
      return onEach(scene, fault.targets, (server) => {
        const { process } = server;
        server.pause();
        return () => {
          if (server.process === process) server.resume();
        };
      });
    case 'diskFailure':
      return onEach(scene, fault.targets, (server) => {
        server.disk.breakDown();
        return () => restartFailed(server);
      });
    case 'slowDisk':
      return onEach(scene, fault.targets, (server) => {
        server.disk.slownessMs += fault.extraMs;
        return () => (server.disk.slownessMs -= fault.extraMs);
      });
    case 'partition':
      return cutLinks(scene, (from, to) => fault.side.includes(from) !== fault.side.includes(to));
    case 'bridge':
      return cutLinks(
        scene,
        (from, to) =>
          from !== fault.over && to !== fault.over && fault.side.includes(from) !== fault.side.includes(to),
      );
    case 'isolate':
      return onEach(scene, fault.targets, ({ id }) =>
        cutLinks(scene, (from, to) => from === id || to === id),
      );
    case 'deafen':
      return onEach(scene, fault.targets, ({ id }) => cutLinks(scene, (_, to) => to === id));
    case 'mute':
      return onEach(scene, fault.targets, ({ id }) => cutLinks(scene, (from) => from === id));
    case 'slowLinks':
      return onEach(scene, fault.targets, ({ id }) => slowLinks(scene, id, fault.extraMs));
    case 'chain':
    case 'ring':
    case 'star':
    case 'bridges':
    case 'oneWay': {
      const passes = passesIn(fault, scene.currentLeader()?.id);
      return cutLinks(scene, (from, to) => !passes(from, to));
    }
    case 'wipe':
    case 'rollback':
      return onEach(scene, fault.targets, (server) => loseDisk(scene, fault, server));
  }
}

/** Takes back everything that any fault has done. */
export function healAll({ servers, network }: FaultScene): void {
  network.heal();
  for (const server of servers) {
    server.disk.slownessMs = 0;
    server.resume();
    restartFailed(server);
    server.start();
    server.process?.node.restore();
  }
}

/** Not more disks are lost at a time than servers may be missing: nothing could save what was acknowledged then. */
function loseDisk(scene: FaultScene, fault: Fault, server: SimServer): () => void {
  const { servers } = scene;
  const lost = servers.filter((each) => each !== server && !isEstablished(each)).length;
  if (lost + 1 > servers.length - majorityOf(servers.length)) return () => undefined;
  const copy = scene.copyFor(fault, server);
  server.kill();
  server.replaceDisk(copy, scene.lastCommitted);
  return () => server.start();
}

/** A server that failed ends its process; whoever runs it starts it again on the same disk. */
function restartFailed(server: SimServer): void {
  server.disk.repair();
  if (server.process?.node.status.lifecycle !== 'failed') return;
  server.kill();
  server.start();
}

function onEach(
  scene: FaultScene,
  targets: readonly Target[],
  begin: (server: SimServer) => () => unknown,
): () => void {
  const ends = targets.flatMap((target) => {
    const server = target === 'leader' ? scene.currentLeader() : scene.servers[target];
    return server === undefined ? [] : [begin(server)];
  });
  return () => {
    for (const end of ends) end();
  };
}

function cutLinks(
  { servers, network }: FaultScene,
  isCut: (from: NodeId, to: NodeId) => boolean,
): () => void {
  const cut: [NodeId, NodeId][] = [];
  for (const { id: from } of servers) {
    for (const { id: to } of servers) {
      if (from === to || !isCut(from, to)) continue;
      network.cutLink(from, to);
      cut.push([from, to]);
    }
  }
  return () => {
    for (const [from, to] of cut) network.joinLink(from, to);
  };
}

function slowLinks({ servers, network }: FaultScene, id: NodeId, extraMs: number): () => void {
  const peers = servers.filter((server) => server.id !== id);
  const slow = (byMs: number): void => {
    for (const peer of peers) {
      network.slowLink(id, peer.id, byMs);
      network.slowLink(peer.id, id, byMs);
    }
  };
  slow(extraMs);
  return () => slow(-extraMs);
}

/** Whether a majority may rest on it: its disk was not lost, and the cluster has it among its voters. */
function isEstablished({ isLost, disk }: SimServer): boolean {
  return !isLost && disk.durableStanding === 'voter';
}
