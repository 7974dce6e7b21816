import type { SnapshotPolicy } from '../../src/node/snapshots.js';

/** For nodes whose snapshots are not the subject. */
export const noSnapshots: SnapshotPolicy = { entriesMax: Infinity, bytesMax: Infinity, chunkChars: 1 };
