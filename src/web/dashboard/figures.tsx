import type { ComponentChildren, JSX } from 'preact';
import { duration, rate, whole } from './format.js';
import { leader, points, sample, servers } from './store.js';

/** The figures that an operator looks at first. */
export function Figures(): JSX.Element {
  const last = points.value.at(-1);
  const latency = sample.value?.latency ?? null;
  const { calls, oldest } = waitingOf();
  const state = (leader.value ?? servers.value.find((view) => view.sample !== null))?.sample ?? null;
  return (
    <section class="figures" aria-label="Figures">
      <Figure name="Writes" value={`${rate(last?.writes)}/s`} />
      <Figure name="Reads confirmed" value={`${rate(last?.reads)}/s`} />
      <Figure
        name="Write latency"
        value={latency === null ? '–' : duration(latency.p50Ms)}
        note={latency === null ? 'no writes now' : `99 %: ${duration(latency.p99Ms)}`}
      />
      <Figure
        name="Calls that wait"
        value={whole(calls)}
        note={calls === 0 ? 'nobody is kept waiting' : oldest}
        isBad={calls > 0 && leader.value === null}
      />
      <Figure name="Files" value={state === null ? '–' : whole(state.files)} />
      <Figure name="Keys" value={state === null ? '–' : whole(state.keys)} />
    </section>
  );
}

function Figure({
  name,
  value,
  note,
  isBad = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly note?: ComponentChildren;
  readonly isBad?: boolean;
}): JSX.Element {
  return (
    <div class={isBad ? 'card figure bad' : 'card figure'}>
      <span class="figure-name">{name}</span>
      <span class="figure-value">{value}</span>
      <span class="figure-note">{note}</span>
    </div>
  );
}

function waitingOf(): { readonly calls: number; readonly oldest: string } {
  let calls = 0;
  let oldestMs = -1;
  let oldest = 'for a leader';
  for (const { id, sample: told, failure } of servers.value) {
    if (told === null || failure !== null) continue;
    calls += told.waiting.calls;
    if (told.waiting.oldestMs === null || told.waiting.oldestMs <= oldestMs) continue;
    oldestMs = told.waiting.oldestMs;
    oldest = `a ${told.waiting.oldestIsWrite ? 'write' : 'read'} at ${id} for ${duration(oldestMs)}`;
  }
  return { calls, oldest };
}
