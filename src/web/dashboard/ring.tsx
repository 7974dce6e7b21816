import type { JSX } from 'preact';
import type { ServerView } from '../../dashboard/sample.js';
import { duration } from './format.js';
import { RoleShape } from './roleShape.js';
import { roleOf, roleWords } from './roles.js';
import { leader, sample, servers } from './store.js';

const SIZE = 420;
const RADIUS = 148;
/** A follower that the leader has not heard from for so long is drawn without a link. */
const SILENT_MS = 1_500;

interface Place {
  readonly x: number;
  readonly y: number;
}

/** The servers in a ring: role by shape, word and colour; who hears whom; how much of each election timeout has passed. */
export function Ring(): JSX.Element {
  const views = servers.value;
  const places = views.map((_view, position) => placeOf(position, views.length));
  const nodeSize = views.length > 7 ? 24 : 32;
  const lead = leader.value;
  const term = lead?.sample?.term ?? null;
  return (
    <section class="card ring" aria-labelledby="ring-title">
      <h2 id="ring-title">Servers</h2>
      <svg viewBox={`${-SIZE / 2} ${-SIZE / 2} ${SIZE} ${SIZE}`} role="img" aria-label={spoken(views)}>
        <circle class="orbit" r={views.length === 1 ? 0 : RADIUS} />
        {lead !== null && views.map((view, at) => link(view, lead, places, at))}
        {cuts(views).map(([from, to]) => cutLine(places[from], places[to]))}
        {views.map((view, at) => (
          <Node key={view.id} view={view} place={places[at] ?? { x: 0, y: 0 }} size={nodeSize} />
        ))}
        {views.length > 1 && (
          <text class="term" y="-2">
            {term === null ? 'no leader' : `term ${term}`}
          </text>
        )}
        {views.length > 1 && lead !== null && (
          <text class="term-note" y="18">
            {`server ${lead.id} leads`}
          </text>
        )}
      </svg>
      <p class="legend">
        The arc around a server is how much of its election timeout had passed when it was last asked. A line
        is a follower that the leader has heard from; a dashed red one is cut by the hook.
      </p>
    </section>
  );
}

function Node({
  view,
  place,
  size,
}: {
  readonly view: ServerView;
  readonly place: Place;
  readonly size: number;
}): JSX.Element {
  const role = roleOf(view);
  const timer = timerOf(view);
  const isSelf = view.id === sample.value?.self;
  return (
    <g transform={`translate(${place.x} ${place.y})`} class={`node ${role}`}>
      <circle class="clear" r={size + 9} />
      {timer !== null && <circle class="timer-track" r={size + 9} />}
      {timer !== null && (
        <circle
          class="timer"
          r={size + 9}
          pathLength={100}
          stroke-dasharray={`${(timer * 100).toFixed(1)} 100`}
          transform="rotate(-90)"
        />
      )}
      <RoleShape role={role} size={size} />
      <text class="id" y={size > 30 ? 3 : 6}>
        {view.id}
      </text>
      {size > 30 && (
        <text class="node-term" y="17">
          {view.sample === null ? '' : `t ${view.sample.term}`}
        </text>
      )}
      <text class="word" y={size + 26}>
        {isSelf ? `${roleWords[role]} · here` : roleWords[role]}
      </text>
    </g>
  );
}

/** The part of the election timeout that had passed; null where no timer runs. */
function timerOf(view: ServerView): number | null {
  const role = roleOf(view);
  const { sample: told } = view;
  if (told === null || (role !== 'follower' && role !== 'candidate') || told.electionTimeoutMs === 0)
    return null;
  return Math.min(1, told.electionElapsedMs / told.electionTimeoutMs);
}

function link(view: ServerView, lead: ServerView, places: readonly Place[], at: number): JSX.Element | null {
  const from = places[lead.id];
  const to = places[at];
  const role = roleOf(view);
  const isHeard = view.contactMs !== null && view.contactMs < SILENT_MS;
  if (view.id === lead.id || role !== 'follower' || !isHeard || from === undefined || to === undefined)
    return null;
  const isBehind = (view.lag?.entries ?? 0) > 0;
  return (
    <line
      key={`link-${view.id}`}
      class={isBehind ? 'link behind' : 'link'}
      x1={from.x}
      y1={from.y}
      x2={to.x}
      y2={to.y}
    />
  );
}

/** Each pair of servers of which at least one was told to ignore the other. */
function cuts(views: readonly ServerView[]): (readonly [number, number])[] {
  const pairs = new Map<string, readonly [number, number]>();
  for (const { id, sample: told } of views)
    for (const other of told?.unreachableFrom ?? []) {
      const pair = [Math.min(id, other), Math.max(id, other)] as const;
      pairs.set(pair.join(' '), pair);
    }
  return [...pairs.values()];
}

function cutLine(from: Place | undefined, to: Place | undefined): JSX.Element | null {
  if (from === undefined || to === undefined) return null;
  return (
    <line key={`cut-${from.x}-${to.x}-${to.y}`} class="cut" x1={from.x} y1={from.y} x2={to.x} y2={to.y} />
  );
}

function placeOf(position: number, size: number): Place {
  if (size === 1) return { x: 0, y: 0 };
  const angle = (2 * Math.PI * position) / size - Math.PI / 2;
  const round = (value: number): number => Math.round(value * 10) / 10;
  return { x: round(RADIUS * Math.cos(angle)), y: round(RADIUS * Math.sin(angle) - 6) };
}

/** The picture in words. */
function spoken(views: readonly ServerView[]): string {
  return views
    .map((view) => {
      const term = view.sample === null ? '' : ` in term ${view.sample.term}`;
      const contact = view.contactMs === null ? '' : `, heard ${duration(view.contactMs)} ago`;
      return `server ${view.id}: ${roleWords[roleOf(view)]}${term}${contact}`;
    })
    .join('; ');
}
