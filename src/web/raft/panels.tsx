import type { JSX } from 'preact';
import { seconds } from './terms.js';
import type { ObservedCall } from './calls.js';
import type { PageModel } from './model.js';
import { properties, reasonOf } from './reasons.js';
import { MessageSign, type MessageShape } from './ring.js';

const CALLS_SHOWN = 6;
const EVENTS_SHOWN = 40;
/** A bar of a call that waited so long is full. */
const FULL_MS = 3000;

const outcomeWords: Readonly<Record<ObservedCall['outcome'], string>> = {
  waiting: 'waits',
  done: 'done',
  refused: 'refused',
  unknown: 'unknown',
};

/** The calls of clients: how long each has waited, and what it was told. */
export function Calls({ model }: { model: PageModel }): JSX.Element {
  const { world } = model;
  const calls = world.calls.all.slice(-CALLS_SHOWN).reverse();
  return (
    <section class="card" aria-label="Calls of clients">
      <h2>Clients</h2>
      {calls.length === 0 && (
        <p class="quiet">No client has asked for anything: choose a server and press Request.</p>
      )}
      <ul class="calls">
        {calls.map((call) => {
          const waitedMs = (call.endMs ?? world.nowMs) - call.atMs;
          return (
            <li key={call.number} class={`call ${call.outcome}`}>
              <span class="what">
                {call.label} → {call.server}
              </span>
              <span class="waited">
                <span class="bar" style={{ width: `${Math.min(100, (100 * waitedMs) / FULL_MS)}%` }} />
              </span>
              <span class="told">
                <b>{outcomeWords[call.outcome]}</b> {seconds(waitedMs)}
                {call.outcome === 'refused' || call.outcome === 'unknown' ? (
                  <small> {call.text}</small>
                ) : null}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** The events, newest first; each line can say why, and leads back to its moment. */
export function Events({ model }: { model: PageModel }): JSX.Element {
  const { happenings } = model.world;
  const shown = happenings.slice(-EVENTS_SHOWN);
  const before = happenings.length - shown.length;
  return (
    <section class="card events" aria-label="Events">
      <h2>Events</h2>
      <ol reversed tabIndex={0} aria-label="Events, newest first">
        {shown.reverse().map((happening, fromEnd) => {
          const { rule, section, file } = reasonOf(happening);
          return (
            <li key={before + shown.length - fromEnd} class={`event ${happening.kind}`}>
              <details>
                <summary>
                  <span class="at">{seconds(happening.atMs)}</span>
                  {happening.server !== null && <b class="chip">{happening.server}</b>}
                  <span class="text">{happening.text}</span>
                  <span class="why">Why?</span>
                </summary>
                <p>
                  {rule} <i>Raft, {section}.</i> <code>{file}</code>
                </p>
                <button type="button" onClick={() => model.seek(happening.position)}>
                  Go to this moment
                </button>
              </details>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

/** The paper's properties as lights. */
export function Lights({ model }: { model: PageModel }): JSX.Element {
  const { violation } = model.world;
  return (
    <section class="lights" aria-label="The five properties of Raft">
      {properties.map(({ id, name, text }) => {
        const isBroken = violation?.property === id;
        return (
          <span key={id} class={`light ${isBroken ? 'broken' : 'holds'}`} title={text}>
            <span aria-hidden="true">{isBroken ? '✗' : '✓'}</span> {name}
            <span class="hidden">: {isBroken ? `broken, ${violation.text}` : `holds, ${text}`}</span>
          </span>
        );
      })}
    </section>
  );
}

/** All signs of the picture. */
export function Legend(): JSX.Element {
  const signs: readonly [MessageShape, string, { hollow?: boolean; no?: boolean; pre?: boolean }][] = [
    ['vote', 'asks for a vote', {}],
    ['vote', 'pre-vote', { pre: true }],
    ['vote', 'vote granted', { hollow: true }],
    ['vote', 'refused', { hollow: true, no: true }],
    ['append', 'entries', {}],
    ['beat', 'heartbeat', {}],
    ['beat', 'answer', { hollow: true }],
  ];
  return (
    <ul class="legend" aria-label="Legend">
      {signs.map(([shape, text, how]) => (
        <li key={text}>
          <svg viewBox="-12 -12 24 24" aria-hidden="true">
            <MessageSign shape={shape} {...how} />
          </svg>
          {text}
        </li>
      ))}
      <li>
        <span class="sample committed" /> committed
      </li>
      <li>
        <span class="sample uncommitted" /> not committed
      </li>
      <li>colour = term</li>
    </ul>
  );
}
