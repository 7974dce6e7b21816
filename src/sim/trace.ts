/** One thing that happened, in fixed columns: time in ms, server, kind, detail. */
function traceLine(atMs: number, server: number | null, kind: string, detail: string): string {
  const time = atMs.toFixed(3).padStart(12);
  const who = (server === null ? '-' : `s${server}`).padEnd(4);
  return `${time}  ${who}${kind.padEnd(12)}${detail}`;
}

interface Noted {
  readonly atMs: number;
  readonly server: number | null;
  readonly kind: string;
  readonly detail: () => string;
}

/**
 * What happened in a run: a hash over everything, so that two runs can be compared, and the last events for a
 * report. Texts are made only when somebody reads them.
 */
export class Trace {
  private readonly ring: Noted[] = [];
  private next = 0;
  private mixed = 0x811c9dc5;
  private count = 0;

  /**
   * @param keep how many of the last events can be shown
   * @param onLine told of every event as a line; makes the run slower
   */
  constructor(
    private readonly now: () => number,
    private readonly keep: number,
    private readonly onLine?: (line: string) => void,
  ) {}

  get events(): number {
    return this.count;
  }

  /** A hash of all events so far, eight hexadecimal digits. */
  get hash(): string {
    return (this.mixed >>> 0).toString(16).padStart(8, '0');
  }

  /** Notes an event; `numbers` tell it apart from others of its kind and go into the hash. */
  note(kind: string, server: number | null, numbers: readonly number[], detail: () => string): void {
    const atMs = this.now();
    this.count += 1;
    this.mix(Math.round(atMs * 1000));
    this.mix(server ?? -1);
    for (let position = 0; position < kind.length; position += 1) this.mix(kind.charCodeAt(position));
    for (const number of numbers) this.mix(number);
    this.ring[this.next] = { atMs, server, kind, detail };
    this.next = (this.next + 1) % this.keep;
    this.onLine?.(traceLine(atMs, server, kind, detail()));
  }

  /** The last events, oldest first. */
  lastLines(): string[] {
    const noted = [...this.ring.slice(this.next), ...this.ring.slice(0, this.next)];
    return noted.map(({ atMs, server, kind, detail }) => traceLine(atMs, server, kind, detail()));
  }

  private mix(value: number): void {
    const low = value >>> 0;
    const high = Math.floor(value / 2 ** 32) >>> 0;
    this.mixed = Math.imul(this.mixed ^ low, 0x01000193);
    this.mixed = Math.imul(this.mixed ^ high ^ (this.mixed >>> 15), 0x01000193);
  }
}
