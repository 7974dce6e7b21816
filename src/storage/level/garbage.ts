import { chunkKey, entryKey } from './levelRecord.js';

/** Keys from `gte` up to but without `lt`. */
export interface KeyRange {
  readonly gte: string;
  readonly lt: string;
}

/** Deletions of this many records take about a millisecond. */
const ENTRIES_PER_SLICE = 1000;
const CHUNKS_PER_SLICE = 8;

/** Numbered records that count for nothing any more; those below `next` are deleted already. */
interface Heap {
  readonly keyOf: (number: number) => string;
  readonly perSlice: number;
  readonly end: number;
  next: number;
}

/** What is to be deleted from the database, given out in slices so that deleting holds nothing up. */
export class Garbage {
  private readonly heaps: Heap[] = [];

  addEntries(first: number, last: number): void {
    this.add({ keyOf: entryKey, perSlice: ENTRIES_PER_SLICE, next: first, end: last + 1 });
  }

  addSnapshot({ id, chunkCount }: { readonly id: number; readonly chunkCount: number }): void {
    const keyOf = (chunk: number): string => chunkKey(id, chunk);
    this.add({ keyOf, perSlice: CHUNKS_PER_SLICE, next: 0, end: chunkCount });
  }

  /** The next keys to delete. */
  take(): KeyRange | undefined {
    const heap = this.heaps[0];
    if (heap === undefined) return undefined;
    const sliceEnd = Math.min(heap.next + heap.perSlice, heap.end);
    const slice = { gte: heap.keyOf(heap.next), lt: heap.keyOf(sliceEnd) };
    heap.next = sliceEnd;
    if (heap.next === heap.end) this.heaps.shift();
    return slice;
  }

  private add(heap: Heap): void {
    if (heap.next < heap.end) this.heaps.push(heap);
  }
}
