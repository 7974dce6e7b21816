import type { ComponentChildren, JSX } from 'preact';
import { roleNames } from '../../raft/trace.js';
import { termColour } from './terms.js';
import { isAnswer, MessageSign, saysNo, shapeOf } from './messageSign.js';
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
          <MessageInFlight
            key={flight.number}
            flight={flight}
            count={views.length}
            model={model}
            scale={scale}
          />
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
      const slow = oneWay(world.isSlow(a, b), world.isSlow(b, a), a, b);
      const lossy = oneWay(world.isLossy(a, b), world.isLossy(b, a), a, b);
      const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
      pairs.push(
        <g
          key={`${a}-${b}`}
          class={`link ${state} ${slow === null ? '' : 'slow'} ${lossy === null ? '' : 'lossy'} ${isSelected ? 'selected' : ''}`}
          data-link={`${a}-${b}`}
        >
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
          {(slow ?? lossy) !== null && (
            <text class="link-mark" x={(from.x + to.x) / 2} y={(from.y + to.y) / 2 - 9}>
              {[slow === null ? '' : `slow ${slow}`, lossy === null ? '' : `lossy ${lossy}`].join(' ').trim()}
            </text>
          )}
        </g>,
      );
    }
  }
  return <g>{pairs}</g>;
}

/** Where something holds: in both directions nothing need be said, in none it is null. */
function oneWay(there: boolean, back: boolean, a: number, b: number): string | null {
  if (there && back) return '';
  if (!there && !back) return null;
  return there ? `${a}→${b}` : `${b}→${a}`;
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

/** A click or a tap chooses it, and stops time: it will not wait. */
function MessageInFlight(props: {
  flight: Flight;
  count: number;
  model: PageModel;
  scale: number;
}): JSX.Element {
  const { model, flight } = props;
  const { message, leftMs, arrivesMs, heldMs, number, isCopy } = flight;
  const from = placeOf(message.from, props.count);
  const to = placeOf(message.to, props.count);
  const nowMs = heldMs ?? model.shownMs;
  const share = arrivesMs <= leftMs ? 1 : Math.min(1, Math.max(0, (nowMs - leftMs) / (arrivesMs - leftMs)));
  // Both ends stay clear of the circles of the servers.
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const margin = (58 * props.scale) / length;
  const way = margin + share * (1 - 2 * margin);
  const x = from.x + (to.x - from.x) * way;
  const y = from.y + (to.y - from.y) * way;
  const pre = message.type === 'preVote' || message.type === 'preVoteResponse';
  const selection = model.selection.value;
  const isSelected = selection?.kind === 'message' && selection.number === number;
  return (
    <g
      class={`flight ${isSelected ? 'selected' : ''} ${heldMs === null ? '' : 'held'}`}
      data-message={number}
      transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}
      style={{ color: termColour(message.term) }}
      onPointerDown={() => model.selectFlight(number)}
    >
      <circle class="grip flight-grip" r="20" />
      {isSelected && <circle class="halo" r="17" />}
      {isCopy && (
        <g transform="translate(4 4)" opacity="0.45">
          <MessageSign shape={shapeOf(message)} hollow={isAnswer(message)} pre={pre} />
        </g>
      )}
      <MessageSign shape={shapeOf(message)} hollow={isAnswer(message)} no={saysNo(message)} pre={pre} />
      {heldMs !== null && <path class="hold-mark" d="M-3 -22V-13M3 -22V-13" />}
    </g>
  );
}

/** A role has a shape of its own, so that nobody needs the colours. */
function Body({ view }: { view: ServerPicture }): JSX.Element {
  if (view.condition !== 'running' && view.condition !== 'paused') return <circle r="38" class="body down" />;
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
  const word =
    view.condition === 'running'
      ? roleNames[view.role]
      : view.condition === 'paused'
        ? `${roleNames[view.role]}, paused`
        : view.condition;
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
      {view.condition === 'paused' && <path class="pause-mark" d="M26 -44V-28M34 -44V-28" />}
      {view.role === 'leader' && (
        <path class="crown" d="M-15 -45L-18 -64L-8 -56L0 -67L8 -56L18 -64L15 -45Z" />
      )}
      <text class="vote" y="23">
        {voted}
      </text>
    </g>
  );
}
