import type { EntryId } from '../raft/types.js';

/** Whether both name the same entry. */
export function isSame(a: EntryId, b: EntryId): boolean {
  return a.term === b.term && a.index === b.index;
}
