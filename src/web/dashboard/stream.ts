/** How the page is connected to its server. */
export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** Nobody looks at the page, so nothing is asked for. */
  | { readonly kind: 'resting' }
  | { readonly kind: 'lost'; readonly reason: string };

interface StreamEvents {
  state(state: StreamState): void;
  hello(data: unknown): void;
  sample(data: unknown): void;
}

/** A server that is there sends two samples a second. */
const SILENT_MS = 4_000;
const RETRY_MS = 1_000;
/** A page that was hidden for so long lets the server rest. */
const HIDDEN_MS = 5_000;

/** Follows the server's stream of samples, and opens it again whenever it breaks. While nobody can see the page it is closed. */
export function openStream(url: URL, events: StreamEvents): void {
  let source: EventSource | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let resting: ReturnType<typeof setTimeout> | undefined;

  const close = (): void => {
    source?.close();
    source = undefined;
    clearTimeout(silence);
    clearTimeout(retry);
  };
  const lose = (reason: string): void => {
    close();
    events.state({ kind: 'lost', reason });
    retry = setTimeout(open, RETRY_MS);
  };
  const heard = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => lose(`has been silent for ${SILENT_MS / 1000} s`), SILENT_MS);
  };
  const open = (): void => {
    close();
    const opened = new EventSource(url);
    source = opened;
    heard();
    opened.addEventListener('hello', ({ data }: MessageEvent<string>) => {
      events.state({ kind: 'open' });
      heard();
      events.hello(JSON.parse(data));
    });
    opened.addEventListener('sample', ({ data }: MessageEvent<string>) => {
      heard();
      events.sample(JSON.parse(data));
    });
    opened.addEventListener('error', () => lose('does not answer'));
  };
  document.addEventListener('visibilitychange', () => {
    clearTimeout(resting);
    if (document.visibilityState === 'hidden')
      resting = setTimeout(() => {
        close();
        events.state({ kind: 'resting' });
      }, HIDDEN_MS);
    else if (source === undefined) open();
  });
  open();
}
