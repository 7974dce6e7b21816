import { once } from 'node:events';
import xmlrpc from 'xmlrpc';
import { atEnd, writeClusterFile } from '../../e2e/support/cluster.js';
import type { RequestListener } from 'node:http';
import { freePorts } from '../../e2e/support/ports.js';

/** The bug of a cluster. */
export type Bug = 'none' | 'losesUpdates' | 'doublesWrites' | 'twoLeaders' | 'noHooks';

import { FakeKeys } from './fakeKeys.js';

type Answer = (error: unknown, value: unknown) => void;

/**
 * Three servers that answer the public calls from one map in this process, and so their keys: no Raft, server 0 leads
 * term 1 for ever. The others lose some answers to writes of keys; a leader must not. With a bug planted, to see that the
 * monkey finds it.
 *
 * @returns the cluster file
 */
export async function fakeCluster(bug: Bug): Promise<string> {
  const ports = await freePorts(3);
  const files = new Map<string, [number, unknown]>();
  const keys = new FakeKeys(bug !== 'doublesWrites');
  let updates = 0;
  for (const [id, port] of ports.entries()) {
    const server = xmlrpc.createServer({ host: '127.0.0.1', port });
    await once(server.httpServer, 'listening');
    const [callMethod] = server.httpServer.listeners('request') as RequestListener[];
    server.httpServer.removeAllListeners('request').on('request', (request, response) => {
      if (/^\/(?:keys\/|sessions)/.test(request.url ?? '')) void keys.handle(request, response, id !== 0);
      else callMethod?.(request, response);
    });
    atEnd(() => {
      server.httpServer.closeAllConnections();
      server.httpServer.close();
    });
    const on = (name: string, method: (...params: unknown[]) => unknown): void => {
      server.on(`surfstore.${name}`, (_error: unknown, params: unknown[], answer: Answer) => {
        try {
          answer(null, method(...params));
        } catch (fault) {
          answer(fault, undefined);
        }
      });
    };
    const onLeader = (name: string, method: (...params: unknown[]) => unknown): void =>
      on(name, (...params) => {
        if (id === 0) return method(...params);
        throw faultOf(1, 'notLeader: ask another server');
      });
    const leads = id === 0 || (bug === 'twoLeaders' && id === 1);
    on('status', () => ({
      ...{ id, role: leads ? 'leader' : 'follower', crashed: false, term: 1, leader: 0, votedFor: 0 },
      ...{ commitIndex: updates, lastApplied: updates, lastIndex: updates, waitingCalls: 0 },
      unreachableFrom: [],
    }));
    for (const name of ['makeUnreachableFrom', 'crash', 'restore']) {
      on(name, () => {
        if (bug === 'noHooks') throw faultOf(-32601, 'no such method');
        return true;
      });
    }
    on('tester_getversion', (name) => files.get(String(name))?.[0] ?? 0);
    onLeader('getfileinfomap', () => Object.fromEntries(files));
    onLeader('updatefile', (name, version, hashList) => {
      if (version !== (files.get(String(name))?.[0] ?? 0) + 1) return false;
      updates += 1;
      if (bug !== 'losesUpdates' || updates % 7 !== 0) files.set(String(name), [version, hashList]);
      return true;
    });
  }
  return writeClusterFile(ports);
}

function faultOf(faultCode: number, faultString: string): Error {
  return Object.assign(new Error(faultString), { faultCode, faultString });
}
