/** The most that replies may hold together until their clients have read them. */
const OPEN_BYTES_MAX = 256 * 1024 * 1024;

/**
 * A limit on the bytes that wait to be read by clients. Bytes that several replies share count once, as they take
 * memory once.
 */
export class OpenReplies {
  /** How many open replies hold each of the pieces. */
  private readonly holders = new Map<Uint8Array, number>();
  private total = 0;

  constructor(private readonly bytesMax = OPEN_BYTES_MAX) {}

  /** The total of all open replies, shared pieces counted once. */
  get bytes(): number {
    return this.total;
  }

  /**
   * Takes in a reply of these pieces, unless there is no room for it. A reply that would be alone is always taken in.
   *
   * @returns to be called when the reply is written or its client is gone; null without room
   */
  open(pieces: readonly Uint8Array[]): (() => void) | null {
    let added = 0;
    for (const piece of pieces) if (!this.holders.has(piece)) added += piece.length;
    if (this.total > 0 && this.total + added > this.bytesMax) return null;
    for (const piece of pieces) this.hold(piece);
    let isOpen = true;
    return () => {
      if (isOpen) for (const piece of pieces) this.release(piece);
      isOpen = false;
    };
  }

  private hold(piece: Uint8Array): void {
    const holders = this.holders.get(piece) ?? 0;
    if (holders === 0) this.total += piece.length;
    this.holders.set(piece, holders + 1);
  }

  private release(piece: Uint8Array): void {
    const holders = (this.holders.get(piece) ?? 1) - 1;
    if (holders > 0) {
      this.holders.set(piece, holders);
      return;
    }
    this.holders.delete(piece);
    this.total -= piece.length;
  }
}

/** The one limit of this process. */
export const openReplies = new OpenReplies();
