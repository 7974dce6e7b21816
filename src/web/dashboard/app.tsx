import type { JSX } from 'preact';
import { Charts } from './charts.js';
import { Elections } from './elections.js';
import { Faults } from './faults.js';
import { Figures } from './figures.js';
import { clockTime } from './format.js';
import { Names } from './names.js';
import { Ring } from './ring.js';
import { ServerTable } from './serverTable.js';
import { sample, stream } from './store.js';
import { VerdictBanner } from './verdictBanner.js';

export function App(): JSX.Element {
  return (
    <>
      <header>
        <a class="brand" href="/">
          <img src="icon.svg" alt="" width="24" height="24" />
          SurfStore
        </a>
        <Connection />
      </header>
      <main>
        <VerdictBanner />
        {sample.value !== null && (
          <>
            <div class="top">
              <Ring />
              <div class="beside">
                <Figures />
                <Elections />
                <Faults />
              </div>
            </div>
            <ServerTable />
            <Charts />
            <Names />
          </>
        )}
      </main>
      <footer>
        <Costs />
      </footer>
    </>
  );
}

/** Where this page looks from, and whether it still hears anything. */
function Connection(): JSX.Element {
  const { kind } = stream.value;
  const told = sample.value;
  const words = { connecting: 'connecting', open: 'live', resting: 'paused', lost: 'lost' } as const;
  return (
    <span class="connection">
      {told === null
        ? ''
        : `as server ${told.self} of ${told.servers.length} sees it, ${clockTime(told.atMs)} `}
      <span class={`dot ${kind}`} />
      {words[kind]}
    </span>
  );
}

/** The page must not disturb what it shows, and says what it costs. */
function Costs(): JSX.Element | null {
  const told = sample.value;
  if (told === null) return null;
  const viewers = told.viewers === 1 ? 'one page looks' : `${told.viewers} pages look`;
  return (
    <p>
      {`${viewers} at server ${told.self}, which asks the others ${told.asksPerSecond.toFixed(1)} times a second for all of them together.`}{' '}
      <a href="/metrics">Metrics</a>, <a href="/admin/status">status as JSON</a>,{' '}
      <a href="/">all that lives here</a>.
    </p>
  );
}
