import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import type { ChaosSample, ChaosScenario } from '../../dashboard/sample.js';
import { sample } from './store.js';

const durations = [15, 30, 60, 120, 300] as const;
const USUAL_SECONDS = 30;

/** The scenarios, once somebody has asked for them; null: not yet. */
const scenarios = signal<readonly ChaosScenario[] | null>(null);
const chosen = signal('random');
const seconds = signal<number>(USUAL_SECONDS);
const isOpen = signal(false);
/** Why the last button did nothing. */
const refusal = signal('');

async function load(): Promise<void> {
  if (scenarios.value !== null) return;
  const reply = await fetch('chaos');
  if (reply.ok) scenarios.value = (await reply.json()) as ChaosScenario[];
}

async function post(path: string): Promise<void> {
  refusal.value = '';
  try {
    const reply = await fetch(path, { method: 'POST' });
    if (!reply.ok) refusal.value = (await reply.text()).trim();
  } catch {
    refusal.value = 'this server does not answer';
  }
}

/** A scenario of the chaos monkey, let loose on this cluster; its effects are what the rest of the page shows. */
export function Chaos(): JSX.Element {
  const run = sample.value?.chaos ?? null;
  const isRunning = run !== null && run.state !== 'ended';
  const shows = scenarios.value?.find(({ name }) => name === chosen.value);
  return (
    <details
      class="chaos"
      open={isOpen.value || isRunning}
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
        void load();
      }}
    >
      <summary>Let the chaos monkey loose</summary>
      <p class="muted">
        Clients write files of their own while a scenario crashes and cuts off servers. At its end everything
        is mended, and what the clients saw is judged.
      </p>
      <div class="buttons">
        <label>
          Scenario{' '}
          <select
            value={chosen.value}
            disabled={isRunning}
            onChange={({ currentTarget }) => (chosen.value = currentTarget.value)}
          >
            {(scenarios.value ?? []).map(({ name, needs }) => (
              <option value={name}>{`${name} (${needs})`}</option>
            ))}
          </select>
        </label>
        <label>
          Seconds{' '}
          <select
            value={seconds.value}
            disabled={isRunning}
            onChange={({ currentTarget }) => (seconds.value = Number(currentTarget.value))}
          >
            {durations.map((duration) => (
              <option value={duration}>{duration}</option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="harm"
          disabled={isRunning || scenarios.value === null}
          onClick={() => void post(`chaos/${chosen.value}?seconds=${seconds.value}`)}
        >
          Start
        </button>
        <button
          type="button"
          class="mend"
          disabled={run?.state !== 'running'}
          onClick={() => void post('chaos/stop')}
        >
          Stop
        </button>
      </div>
      {shows !== undefined && !isRunning && <p class="muted">{shows.shows}</p>}
      <p class="outcome" role="status">
        {refusal.value || (run !== null && statusOf(run))}
        {run?.state === 'ended' && run.outcome !== 'not run' && (
          <>
            {' '}
            <a href="chaos.html" target="_blank">
              The report
            </a>
          </>
        )}
      </p>
      {run !== null && run.summary !== '' && <pre class="summary">{run.summary}</pre>}
    </details>
  );
}

function statusOf({ scenario, state, outcome, line }: ChaosSample): string {
  switch (state) {
    case 'running':
      return `${scenario}: ${line === '' ? 'begins' : line}`;
    case 'stopping':
      return `${scenario}: is called back, mends what it broke, and judges`;
    case 'ended':
      return `${scenario}: ${outcome === 'not run' ? `did not run. ${line}` : (outcome ?? '')}`;
  }
}
