import type { JSX } from 'preact';
import { seconds } from './terms.js';
import type { PageModel } from './model.js';
import { properties, reasonOf } from './reasons.js';
import { MessageSign, type MessageShape } from './messageSign.js';
import type { ServerState } from './view.js';

const EVENTS_SHOWN = 40;
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
                {happening.change !== undefined && <Change {...happening.change} />}
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

const stateWords: Readonly<Record<keyof ServerState, string>> = {
  role: 'role',
  term: 'term',
  votedFor: 'voted for',
  commitIndex: 'committed up to',
  lastIndex: 'log ends at',
};

/** The part of a server's state that an event has changed. */
function Change({ before, after }: { before: ServerState; after: ServerState }): JSX.Element {
  const changed = (Object.keys(stateWords) as (keyof ServerState)[]).filter(
    (key) => before[key] !== after[key],
  );
  return (
    <dl class="change">
      {changed.map((key) => (
        <div key={key}>
          <dt>{stateWords[key]}</dt>
          <dd>
            {before[key] ?? 'nobody'} → <b>{after[key] ?? 'nobody'}</b>
          </dd>
        </div>
      ))}
    </dl>
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
    ['snapshot', 'piece of a snapshot', {}],
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
      <li>
        <span class="sample block" /> in the snapshot
      </li>
      <li>
        <svg viewBox="-12 -12 24 24" aria-hidden="true">
          <circle class="match" r="6" />
        </svg>
        match
      </li>
      <li>
        <svg viewBox="-12 -12 24 24" aria-hidden="true">
          <path class="next" d="M-8 8L0 -8L8 8Z" />
        </svg>
        next
      </li>
      <li>colour = term</li>
    </ul>
  );
}
