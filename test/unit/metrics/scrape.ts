/** One output of `/metrics`, read by the rules of the text format. */
export class Scrape {
  readonly types = new Map<string, string>();
  readonly helps = new Map<string, string>();
  /** Values by name and labels, as they stand in the line. */
  readonly values = new Map<string, number>();

  /** @throws Error for a line that is none of the format, and for one that comes twice */
  constructor(readonly text: string) {
    for (const line of text.split('\n')) this.read(line);
  }

  /** The value of a line such as `name{label="value"}`; 0 when there is none. */
  value(series: string): number {
    return this.values.get(series) ?? 0;
  }

  /** The metrics of ours. */
  get ours(): string[] {
    return [...this.types.keys()].filter((name) => name.startsWith('surfstore_'));
  }

  private read(line: string): void {
    if (line === '') return;
    const comment = /^# (HELP|TYPE) ([a-z_0-9]+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      const known = kind === 'HELP' ? this.helps : this.types;
      if (known.has(name)) throw new Error(`twice: ${line}`);
      known.set(name, rest);
      return;
    }
    const sample =
      /^([a-z_0-9]+(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\})?) (-?[0-9.]+(?:e[+-]?\d+)?|[+-]Inf|NaN)$/.exec(
        line,
      );
    const [, series = '', value] = sample ?? [];
    if (sample === null || this.values.has(series)) throw new Error(`not in the format, or twice: ${line}`);
    this.values.set(series, Number(value));
  }
}
