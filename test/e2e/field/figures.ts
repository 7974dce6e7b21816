/** Times of one kind, in milliseconds. */
export class Times {
  private readonly values: number[] = [];

  add(ms: number): void {
    this.values.push(ms);
  }

  get count(): number {
    return this.values.length;
  }

  /** 0 when there is none. */
  get medianMs(): number {
    return this.quantileMs(0.5);
  }

  get maxMs(): number {
    return this.quantileMs(1);
  }

  quantileMs(quantile: number): number {
    const sorted = this.values.toSorted((a, b) => a - b);
    const index = Math.min(sorted.length - 1, Math.floor(quantile * sorted.length));
    return Math.round(sorted[index] ?? 0);
  }

  toJSON(): unknown {
    const { count, medianMs, maxMs } = this;
    const [p90Ms, p95Ms, p99Ms] = [0.9, 0.95, 0.99].map((quantile) => this.quantileMs(quantile));
    return { count, medianMs, p90Ms, p95Ms, p99Ms, maxMs };
  }
}

/** Writes lines and rows of a table on stdout; the first row sets the widths. */
export class Printer {
  constructor(private readonly widths: readonly number[]) {}

  row(...cells: readonly (string | number)[]): void {
    this.line(cells.map((cell, column) => this.cell(String(cell), column)).join('  '));
  }

  line(text: string): void {
    process.stdout.write(`${text.trimEnd()}\n`);
  }

  private cell(text: string, column: number): string {
    const width = this.widths[column] ?? 0;
    return width < 0 ? text.padStart(-width) : text.padEnd(width);
  }
}
