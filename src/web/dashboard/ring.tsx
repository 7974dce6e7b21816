import type { JSX } from 'preact';
import type { ServerView } from '../../dashboard/sample.js';
import { duration } from './format.js';
import { RoleShape } from './roleShape.js';
import { roleOf, roleWords } from './roles.js';
import { SimulatorButton } from './simulator.js';
import { leader, sample, servers } from './store.js';

const HEIGHT = 420;
const RADIUS = 148;
/** From so many servers on they are drawn smaller, in a narrower ring, with their words outside of it. */
const MANY = 8;
const RADIUS_OF_MANY = 132;
const WIDTH_OF_MANY = 540;
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
  const areMany = views.length >= MANY;
  const width = areMany ? WIDTH_OF_MANY : HEIGHT;
  const lead = leader.value;
  const term = lead?.sample?.term ?? null;
  return (
    <section class="card ring" aria-labelledby="ring-title">
      <h2 id="ring-title">Servers</h2>
      <svg viewBox={`${-width / 2} ${-HEIGHT / 2} ${width} ${HEIGHT}`} role="img" aria-label={spoken(views)}>
        <circle class="orbit" cy={-6} r={radiusOf(views.length)} />
        {lead !== null && views.map((view, at) => link(view, lead, places, at))}
        {cuts(views).map(([from, to]) => cutLine(places[from], places[to]))}
        {views.map((view, at) => (
          <Node key={view.id} view={view} place={places[at] ?? { x: 0, y: 0 }} areMany={areMany} />
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
      <SimulatorButton />
    </section>
  );
}

function Node({
  view,
  place,
  areMany,
}: {
  readonly view: ServerView;
  readonly place: Place;
  readonly areMany: boolean;
}): JSX.Element {
  const size = areMany ? 24 : 32;
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
      <text class="id" y={areMany ? 7 : 3}>
        {view.id}
      </text>
      {!areMany && (
        <text class="node-term" y="17">
          {view.sample === null ? '' : `t ${view.sample.term}`}
        </text>
      )}
      <text class="word" {...(areMany ? outside(place, size) : { y: size + 26 })}>
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

function radiusOf(size: number): number {
  if (size === 1) return 0;
  return size >= MANY ? RADIUS_OF_MANY : RADIUS;
}

function placeOf(position: number, size: number): Place {
  const radius = radiusOf(size);
  const angle = (2 * Math.PI * position) / size - Math.PI / 2;
  const round = (value: number): number => Math.round(value * 10) / 10;
  return { x: round(radius * Math.cos(angle)), y: round(radius * Math.sin(angle) - 6) };
}

/** Where the word of a server stands, outside of the ring: neighbours leave no room between them. */
function outside({ x, y }: Place, size: number): { x: number; y: number; style: { textAnchor: string } } {
  const distance = Math.hypot(x, y) || 1;
  const away = size + 15;
  const side = Math.abs(x) < size ? 'middle' : x > 0 ? 'start' : 'end';
  return { x: (x / distance) * away, y: (y / distance) * (away + 6) + 5, style: { textAnchor: side } };
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
