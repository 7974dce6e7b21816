import { membership } from './membership.js';
import type { Mutation } from '../mutation.js';
import { blockMutations } from './blocks.js';
import { commit } from './commit.js';
import { crashes } from './crashes.js';
import { elections } from './elections.js';
import { httpMutations } from './http.js';
import { memoryMutations } from './memory.js';
import { nodes } from './nodes.js';
import { readsAndClients } from './reads.js';
import { replies } from './replies.js';
import { replication } from './replication.js';
import { sessionMutations } from './sessions.js';
import { snapshotMutations } from './snapshots.js';
import { syncMutations } from './sync.js';
import { storageMutations } from './storage.js';

/** Every mutation, in the order of the table. */
export const allMutations: readonly Mutation[] = [
  ...replication,
  ...commit,
  ...elections,
  ...readsAndClients,
  ...nodes,
  ...replies,
  ...crashes,
  ...snapshotMutations,
  ...storageMutations,
  ...httpMutations,
  ...sessionMutations,
  ...memoryMutations,
  ...membership,
  ...blockMutations,
  ...syncMutations,
];
