/** How many bytes of requests that have not come completely this process holds. */
const RECEIVING_BYTES_MAX = 256 * 1024 * 1024;

/** What one holder has of a budget. */
export interface Share {
  /** From now on the holder has this many bytes. May evict others, or this very holder, before it returns. */
  hold(bytes: number): void;
}

interface Holding {
  bytes: number;
  readonly evict: () => void;
}

/**
 * A limit on the bytes that many holders have together. Beyond it the holder that has had some for the longest time is
 * evicted: whoever sends at the usual pace is done soon, and only those that do not are in the way. A holder that is
 * alone is never evicted; its own limit bounds it.
 */
export class ByteBudget {
  /** Oldest first. */
  private readonly holdings = new Set<Holding>();
  private total = 0;

  constructor(private readonly bytesMax: number) {}

  /** What all holders have together. */
  get bytes(): number {
    return this.total;
  }

  /** @param evict called once for each time that the holder loses everything that it has; it must let go of it */
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
