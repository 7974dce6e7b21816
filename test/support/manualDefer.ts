/** Long work that goes on when told to, piece by piece. */
export class ManualDefer {
  private waiting: (() => void)[] = [];

  readonly defer = (run: () => void): (() => void) => {
    const piece = (): void => run();
    this.waiting.push(piece);
    return () => (this.waiting = this.waiting.filter((other) => other !== piece));
  };

  /** Pieces that wait for their turn. */
  get size(): number {
    return this.waiting.length;
  }

  /** Does `count` pieces, one after another; false when there were fewer. */
  work(count = 1): boolean {
    for (let done = 0; done < count; done += 1) {
      const piece = this.waiting.shift();
      if (piece === undefined) return false;
      piece();
    }
    return true;
  }

  workAll(): void {
    while (this.work());
  }
}
