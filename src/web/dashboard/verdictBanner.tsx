import type { JSX } from 'preact';
import type { ServerView, HealthVerdict } from '../../dashboard/sample.js';
import { sample, servers, stream, verdict } from './store.js';

const marks: Readonly<Record<HealthVerdict['level'], string>> = {
  healthy: 'M5 12.5 10 17.5 19 7.5',
  degraded: 'M12 6v7.5M12 17.2v.6',
  down: 'M7 7l10 10M17 7 7 17',
  unknown: 'M7 12h.5M11.75 12h.5M16.5 12h.5',
};

/** The first line of the page: how the cluster is, and what to do next. */
export function VerdictBanner(): JSX.Element {
  const { level, headline, next, notes } = verdict.value;
  return (
    <section class={`verdict ${level}`} aria-label="HealthVerdict">
      <svg class="verdict-mark" viewBox="0 0 24 24" width="40" height="40" aria-hidden="true">
        <circle cx="12" cy="12" r="11" />
        <path d={marks[level]} />
      </svg>
      <div>
        <h1 aria-live="polite" id="verdict">
          {headline}
        </h1>
        {next !== null && (
          <p class="next">
            <strong>Next:</strong> {next}.
          </p>
        )}
        {notes.length > 0 && (
          <ul class="notes">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
        {stream.value.kind === 'lost' && <OtherServers />}
      </div>
    </section>
  );
}

/** The same page on the other servers. */
function OtherServers(): JSX.Element | null {
  const others = servers.value.filter(({ id }) => id !== sample.value?.self);
  if (others.length === 0) return null;
  return (
    <p class="others">
      {others.map((view) => (
        <a key={view.id} href={pageOf(view)}>{`server ${view.id}`}</a>
      ))}
    </p>
  );
}

export function pageOf({ address }: ServerView): string {
  return `http://${address}/ui/`;
}
