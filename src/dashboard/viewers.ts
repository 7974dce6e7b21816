import type { HttpCall } from '../http/httpCall.js';

/** Streams that may be open at the same time. */
const VIEWERS_MAX = 32;
/** A viewer that reads nothing for so long is dropped. */
const UNREAD_MS = 20_000;

interface ViewersOptions {
  /** Told whenever the number of viewers has changed. */
  readonly changed: (viewers: number) => void;
  readonly viewersMax?: number;
  readonly unreadMs?: number;
  /** @default that of the process */
  readonly clockMs?: () => number;
}

interface Viewer {
  readonly call: HttpCall;
  /** Since when it has not read what was written; null: it has. */
  blockedSince: number | null;
}

/**
 * The open streams of samples (server-sent events). A sample holds everything, so a viewer that is slow misses some and no more; what
 * waits for it in this process is one sample at most.
 */
export class Viewers {
  private readonly viewers = new Set<Viewer>();
  private readonly viewersMax: number;
  private readonly unreadMs: number;
  private readonly clockMs: () => number;

  constructor(private readonly options: ViewersOptions) {
    this.viewersMax = options.viewersMax ?? VIEWERS_MAX;
    this.unreadMs = options.unreadMs ?? UNREAD_MS;
    this.clockMs = options.clockMs ?? performance.now.bind(performance);
  }

  get size(): number {
    return this.viewers.size;
  }

  /** Opens a stream that begins with this event; refuses when there are too many. */
  add(call: HttpCall, name: string, data: unknown): void {
    if (this.viewers.size >= this.viewersMax) {
      call.text(503, `overloaded: ${this.viewersMax} pages look at this server already`, {
        'Retry-After': '5',
      });
      return;
    }
    if (call.isGone) return;
    const { reply } = call;
    call.answered('200');
    reply.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const viewer: Viewer = { call, blockedSince: null };
    this.viewers.add(viewer);
    reply.on('drain', () => (viewer.blockedSince = null));
    reply.on('close', () => this.remove(viewer));
    this.write(viewer, eventText(name, data));
    this.options.changed(this.viewers.size);
  }

  /** Sends an event to all that have read the last one. */
  send(name: string, data: unknown): void {
    if (this.viewers.size === 0) return;
    const text = eventText(name, data);
    for (const viewer of this.viewers) {
      const { blockedSince, call } = viewer;
      if (blockedSince === null) this.write(viewer, text);
      else if (this.clockMs() - blockedSince >= this.unreadMs) call.connection.destroy();
    }
  }

  /** Ends all streams. */
  close(): void {
    for (const { call } of this.viewers) call.reply.end();
    this.viewers.clear();
    this.options.changed(0);
  }

  private write(viewer: Viewer, text: string): void {
    if (!viewer.call.reply.write(text)) viewer.blockedSince ??= this.clockMs();
  }

  private remove(viewer: Viewer): void {
    if (this.viewers.delete(viewer)) this.options.changed(this.viewers.size);
  }
}

function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
