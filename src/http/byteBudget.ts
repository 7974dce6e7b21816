/** Bytes of incomplete requests that this process holds at most. */
const RECEIVING_BYTES_MAX = 256 * 1024 * 1024;

/** One holder's part of a budget. */
export interface Share {
  /** From now on the holder has this many bytes. May evict others, or this very holder, before it returns. */
  hold(bytes: number): void;
}

interface Holding {
  bytes: number;
  readonly evict: () => void;
}

/**
 * A limit on the bytes that many holders have together. Beyond it the oldest holder is evicted: requests sent at the
 * usual pace are complete soon, and only slow ones stay. A holder that is alone is never evicted; its own limit bounds
 * it.
 */
export class ByteBudget {
  /** Oldest first. */
  private readonly holdings = new Set<Holding>();
  private total = 0;

  constructor(private readonly bytesMax: number) {}

  /** The bytes of all holders together. */
  get bytes(): number {
    return this.total;
  }

  /** @param evict called once for each time that the holder loses everything that it has; it must release the bytes */
  open(evict: () => void): Share {
    const holding: Holding = { bytes: 0, evict };
    return { hold: (bytes) => this.hold(holding, bytes) };
  }

  private hold(holding: Holding, bytes: number): void {
    this.total += bytes - holding.bytes;
    holding.bytes = bytes;
    if (bytes === 0) this.holdings.delete(holding);
    else this.holdings.add(holding);
    while (this.total > this.bytesMax && this.holdings.size > 1) this.evictOldest();
  }

  private evictOldest(): void {
    for (const oldest of this.holdings) {
      this.hold(oldest, 0);
      oldest.evict();
      return;
    }
  }
}

/** The one budget of this process for bodies and lines that clients have begun to send. */
export const receivingBytes = new ByteBudget(RECEIVING_BYTES_MAX);
