import type { RunMs, ServerId } from './runRecord.js';

const TTY_EVERY_MS = 250;
const LINE_EVERY_MS = 10_000;

/** The state of a run at a glance. */
interface Glance {
  readonly at: RunMs;
  readonly leader: ServerId | undefined;
  readonly down: readonly ServerId[];
  readonly operations: number;
  /** The last step of the monkey. */
  readonly doing: string;
}

/** A line on stderr that says how it goes: in place on a terminal, else a new one now and then. */
export class Progress {
  private readonly timer: NodeJS.Timeout;
  private readonly isTerminal = process.stderr.isTTY;

  constructor(private readonly glance: () => Glance) {
    this.timer = setInterval(() => this.show(), this.isTerminal ? TTY_EVERY_MS : LINE_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    if (this.isTerminal) process.stderr.write('\r\u001b[K');
  }

  private show(): void {
    const text = glanceText(this.glance());
    if (!this.isTerminal) return void process.stderr.write(`chaos: ${text}\n`);
    process.stderr.write(`\r\u001b[K${text.slice(0, process.stderr.columns - 1)}`);
  }
}

function glanceText({ at, leader, down, operations, doing }: Glance): string {
  const leads = leader === undefined ? 'no leader' : `server ${leader} leads`;
  const ill = down.length === 0 ? 'all up' : `down: ${down.join(', ')}`;
  return `${(at / 1_000).toFixed(0)} s, ${operations} operations, ${leads}, ${ill}; ${doing}`;
}
