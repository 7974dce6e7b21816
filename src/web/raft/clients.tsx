import type { JSX } from 'preact';
import { clientName, type ClientView, type ObservedCall } from './calls.js';
import { Button } from './controls.js';
import type { PageModel } from './model.js';
import { leaderIn } from './script.js';
import { seconds } from './terms.js';

/** So much of the past is shown in a lane. */
const SPAN_MS = 4000;
const WIDTH = 280;
const HEIGHT = 26;
const TOLD = 4;
/** A call that is answered at once can be seen, too. */
const LEAST = 5;
/** The label of a call is left out where the next one begins within so much. */
const LABEL_MIN = 46;

const outcomeWords: Readonly<Record<ObservedCall['outcome'], string>> = {
  waiting: 'waits',
  done: 'done',
  refused: 'refused',
  unknown: 'unknown',
};

/** A lane for each client: its calls as bars that grow while they wait, and below what the last ones were told. */
export function Clients({ model }: { model: PageModel }): JSX.Element {
  const { world } = model;
  const told = world.calls.all.slice(-TOLD).reverse();
  const target = targetOf(model);
  return (
    <section class="card clients" aria-label="Clients">
      <h2>
        Clients{' '}
        <small>{target === undefined ? 'ask the leader, once there is one' : `ask server ${target}`}</small>
      </h2>
      {world.calls.clients.map((client) => (
        <Lane key={client.id} model={model} client={client} target={target} />
      ))}
      <ul class="told-list" aria-label="What they were told">
        {told.map((call) => (
          <li key={call.number} class={`call ${call.outcome}`}>
            <b class="chip">{clientName(call.client)}</b>
            <span class="what">
              {call.label} → {call.server}
            </span>
            <span class="told">
              <b>{outcomeWords[call.outcome]}</b> {seconds((call.endMs ?? world.nowMs) - call.atMs)}{' '}
              {call.outcome === 'waiting' || (call.outcome === 'done' && call.kind === 'write') ? null : (
                <small>{call.text}</small>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The server that clients ask: the one that is chosen, or the leader. */
function targetOf(model: PageModel): number | undefined {
  const selection = model.selection.value;
  return selection?.kind === 'server' ? selection.id : leaderIn(model.world)?.id;
}

function Lane(props: { model: PageModel; client: ClientView; target: number | undefined }): JSX.Element {
  const { model, client, target } = props;
  const name = clientName(client.id);
  const calls = model.world.calls.all.filter((call) => call.client === client.id);
  const ask = (kind: 'request' | 'read' | 'session' | 'retry') => (): void => {
    if (target !== undefined) model.act({ kind, server: target, client: client.id });
  };
  const isOff = target === undefined;
  return (
    <div class="lane" role="group" aria-label={`Client ${name}`}>
      <b class="chip">{name}</b>
      <LaneTime model={model} calls={calls} name={name} />
      <span class="lane-buttons">
        <Button label="Write" disabled={isOff} press={ask('request')} />
        <Button label="Read" disabled={isOff} press={ask('read')} />
        <Button
          label="Retry"
          hint="sends its last write once more"
          disabled={isOff || !calls.some(({ kind }) => kind === 'write')}
          press={ask('retry')}
        />
        {client.session === null ? (
          <Button
            label="Session"
            hint="opens a session: from then on its writes are numbered, and a retry is harmless"
            disabled={isOff}
            press={ask('session')}
          />
        ) : (
          <span class="session">session {client.session}</span>
        )}
      </span>
    </div>
  );
}

function LaneTime(props: { model: PageModel; calls: readonly ObservedCall[]; name: string }): JSX.Element {
  const { model, calls, name } = props;
  const end = Math.max(SPAN_MS, model.shownMs);
  const x = (ms: number): number => ((ms - end + SPAN_MS) / SPAN_MS) * WIDTH;
  const shown = calls.filter(({ endMs }) => endMs === null || endMs > end - SPAN_MS);
  return (
    <svg
      class="lane-time"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`calls of client ${name}`}
    >
      <path class="lane-line" d={`M0 ${HEIGHT / 2}H${x(model.shownMs).toFixed(1)}`} />
      {shown.map((call, index) => {
        const from = Math.max(0, x(call.atMs));
        const following = shown[index + 1];
        const hasRoom = following === undefined || x(following.atMs) - from > LABEL_MIN;
        const to = Math.max(from + LEAST, x(call.endMs ?? model.shownMs));
        return (
          <g key={call.number} class={`call-bar ${call.outcome}`}>
            <rect x={from} y="5" width={to - from} height={HEIGHT - 10} rx="5" />
            {hasRoom && (
              <text x={Math.min(from + 4, WIDTH - LABEL_MIN)} y={HEIGHT / 2 + 4}>
                {call.kind === 'read' && call.outcome === 'done' ? call.text : call.label}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
