import type { ComponentChildren, JSX } from 'preact';
import type { Message } from '../../raft/types.js';
import { roleNames } from '../../raft/trace.js';
import { termColour } from './terms.js';
import type { PageModel } from './model.js';
import type { Flight, ServerPicture } from './view.js';

const SIZE = 600;
const CENTRE = SIZE / 2;
const RADIUS = 216;
const TIMER = 50;

interface Point {
  readonly x: number;
  readonly y: number;
}

function placeOf(id: number, count: number): Point {
  if (count === 1) return { x: CENTRE, y: CENTRE };
  const angle = (2 * Math.PI * id) / count - Math.PI / 2;
  return { x: CENTRE + RADIUS * Math.cos(angle), y: CENTRE + RADIUS * Math.sin(angle) };
}

/** Many servers get less room each. */
function scaleFor(count: number): number {
  return count <= 6 ? 1 : 6.4 / count;
}

/** The servers in a ring, the messages between them, and their timers. */
export function Ring({ model }: { model: PageModel }): JSX.Element {
  const { world } = model;
  const views = world.views();
  const scale = scaleFor(views.length);
  return (
    <svg
      id="ring"
      class="ring"
      viewBox={`0 0 ${SIZE} ${SIZE}`}
      role="group"
      aria-label="The servers of the cluster"
    >
      <Links model={model} count={views.length} />
      <g aria-hidden="true">
        {world.flights.map((flight) => (
          <MessageInFlight flight={flight} count={views.length} nowMs={model.shownMs} scale={scale} />
        ))}
      </g>
      {views.map((view) => (
        <Server key={view.id} view={view} model={model} count={views.length} scale={scale} />
      ))}
    </svg>
  );
}

function Links({ model, count }: { model: PageModel; count: number }): JSX.Element {
  const { world } = model;
  const pairs: JSX.Element[] = [];
  const selected = model.selection.value;
  for (let a = 0; a < count; a += 1) {
    for (let b = a + 1; b < count; b += 1) {
      const from = placeOf(a, count);
      const to = placeOf(b, count);
      const cuts = Number(world.isCut(a, b)) + Number(world.isCut(b, a));
      const isSelected = selected?.kind === 'link' && selected.from === a && selected.to === b;
      const state = cuts === 2 ? 'cut' : cuts === 1 ? 'half-cut' : 'whole';
      const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
      pairs.push(
        <g key={`${a}-${b}`} class={`link ${state} ${isSelected ? 'selected' : ''}`} data-link={`${a}-${b}`}>
          <line {...ends} class="wire" />
          <line
            {...ends}
            class="grip"
            onClick={() => (model.selection.value = { kind: 'link', from: a, to: b })}
          />
          {cuts > 0 && (
            <CutMark
              from={from}
              to={to}
              arrow={cuts === 2 ? '' : world.isCut(a, b) ? `${a}→${b}` : `${b}→${a}`}
            />
          )}
        </g>,
      );
    }
  }
  return <g>{pairs}</g>;
}

function CutMark({ from, to, arrow }: { from: Point; to: Point; arrow: string }): JSX.Element {
  const x = (from.x + to.x) / 2;
  const y = (from.y + to.y) / 2;
  return (
    <g class="cut-mark" transform={`translate(${x} ${y})`}>
      <path d="M-7 -7L7 7M-7 7L7 -7" />
      {arrow !== '' && <text y="22">{arrow}</text>}
    </g>
  );
}

/** A message is told apart by its shape; an answer is hollow, one that says no has a bar. */
export type MessageShape = 'vote' | 'append' | 'beat' | 'snapshot';

function shapeOf(message: Message): MessageShape {
  switch (message.type) {
    case 'preVote':
    case 'preVoteResponse':
    case 'requestVote':
    case 'requestVoteResponse':
      return 'vote';
    case 'appendEntries':
      return message.entries.length > 0 ? 'append' : 'beat';
    case 'installSnapshot':
    case 'installSnapshotResponse':
      return 'snapshot';
    case 'appendEntriesResponse':
    case 'heartbeat':
    case 'heartbeatResponse':
    case 'refusal':
      return 'beat';
  }
}

function isAnswer({ type }: Message): boolean {
  return type === 'refusal' || type.endsWith('Response');
}

function saysNo(message: Message): boolean {
  if (message.type === 'refusal') return true;
  if ('granted' in message) return !message.granted;
  return message.type === 'appendEntriesResponse' && !message.success;
}

export function MessageSign(props: {
  shape: MessageShape;
  hollow?: boolean;
  no?: boolean;
  pre?: boolean;
}): JSX.Element {
  const { shape, hollow = false, no = false, pre = false } = props;
  const paths: Readonly<Record<MessageShape, string>> = {
    vote: 'M0 -10L9.5 7H-9.5Z',
    append: 'M-9 -7H9V7H-9Z',
    beat: 'M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0Z',
    snapshot: 'M-10 -10H10V10H-10ZM-5 -5H5V5H-5Z',
  };
  return (
    <g class={`message ${shape} ${hollow ? 'hollow' : ''} ${pre ? 'pre' : ''} ${no ? 'no' : ''}`}>
      <path d={paths[shape]} />
      {no && <path class="bar" d="M-8 8L8 -8" />}
    </g>
  );
}

function MessageInFlight(props: {
  flight: Flight;
  count: number;
  nowMs: number;
  scale: number;
}): JSX.Element {
  const { message, leftMs, arrivesMs } = props.flight;
  const from = placeOf(message.from, props.count);
  const to = placeOf(message.to, props.count);
  const share = Math.min(1, Math.max(0, (props.nowMs - leftMs) / (arrivesMs - leftMs)));
  // Both ends stay clear of the circles of the servers.
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const margin = (58 * props.scale) / length;
  const way = margin + share * (1 - 2 * margin);
  const x = from.x + (to.x - from.x) * way;
  const y = from.y + (to.y - from.y) * way;
  const pre = message.type === 'preVote' || message.type === 'preVoteResponse';
  return (
    <g transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`} style={{ color: termColour(message.term) }}>
      <MessageSign shape={shapeOf(message)} hollow={isAnswer(message)} no={saysNo(message)} pre={pre} />
    </g>
  );
}

/** A role has a shape of its own, so that nobody needs the colours. */
function Body({ view }: { view: ServerPicture }): JSX.Element {
  if (view.condition !== 'running') return <circle r="38" class="body down" />;
  switch (view.role) {
    case 'leader':
      return <path class="body leader" d="M0 -42L36.4 -21V21L0 42L-36.4 21V-21Z" />;
    case 'candidate':
      return <rect class="body candidate" x="-34" y="-34" width="68" height="68" rx="7" />;
    case 'preCandidate':
      return <rect class="body pre-candidate" x="-34" y="-34" width="68" height="68" rx="7" />;
    case 'follower':
      return <circle r="38" class="body follower" />;
  }
}

function Timer({ view }: { view: ServerPicture }): ComponentChildren {
  if (view.condition !== 'running' || view.role === 'leader' || view.timeoutMs === 0) return null;
  const left = Math.max(0, 1 - view.elapsedMs / view.timeoutMs);
  const round = 2 * Math.PI * TIMER;
  return (
    <>
      <circle r={TIMER} class="timer-track" />
      <circle
        r={TIMER}
        class={`timer ${left < 0.25 ? 'short' : ''}`}
        transform="rotate(-90)"
        stroke-dasharray={`${(left * round).toFixed(1)} ${round.toFixed(1)}`}
      />
    </>
  );
}

function Server(props: { view: ServerPicture; model: PageModel; count: number; scale: number }): JSX.Element {
  const { view, model, count, scale } = props;
  const { x, y } = placeOf(view.id, count);
  const selection = model.selection.value;
  const isSelected = selection?.kind === 'server' && selection.id === view.id;
  const word = view.condition === 'running' ? roleNames[view.role] : view.condition;
  const voted = view.votedFor === null ? '' : `voted ${view.votedFor}`;
  const select = (): void => {
    model.selection.value = isSelected ? null : { kind: 'server', id: view.id };
  };
  return (
    <g
      class={`server ${isSelected ? 'selected' : ''}`}
      data-server={view.id}
      transform={`translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale.toFixed(3)})`}
      style={{ color: termColour(view.term) }}
      tabIndex={0}
      role="button"
      aria-pressed={isSelected}
      aria-label={`server ${view.id} ${word}, term ${view.term}${voted === '' ? '' : `, ${voted}`}`}
      onClick={select}
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        select();
      }}
    >
      {isSelected && <circle r="60" class="halo" />}
      <Timer view={view} />
      <Body view={view} />
      <text class="name" y="72">
        <tspan class="id">{view.id}</tspan> {word}
      </text>{' '}
      <text class="term-word" y="-17">
        term
      </text>{' '}
      <text class="term" y="8">
        {view.term}
      </text>{' '}
      {view.role === 'leader' && view.condition === 'running' && (
        <path class="crown" d="M-15 -45L-18 -64L-8 -56L0 -67L8 -56L18 -64L15 -45Z" />
      )}
      <text class="vote" y="23">
        {voted}
      </text>
    </g>
  );
}
