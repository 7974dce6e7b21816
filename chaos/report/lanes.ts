import type { FaultSpan, RunRecord, RunMs, ServerId, StatusSample, Step } from '../runRecord.js';
import {
  axisPx,
  chart,
  legendItem,
  stretched,
  timeGrid,
  timeLabels,
  fitsFrom,
  fraction,
  percent,
  percentBetween,
  type TimeAxis,
  plotWidthsPx,
  textPx,
} from './chart.js';
import { type Stretch, electionMs } from './summary.js';
import { markup, trusted, type Markup } from './markup.js';
import { clock, counted, duration, faultInWords, faultWords, shortened } from './words.js';
import { colourClass, termClasses, termColours, type TermClass } from './styles.js';

const lanePx = 42;
const apartPx = 6;
const roleY = 17;
const rolePx = 20;
const columns = 20_000;

/** The role and the faults of every server over time, under the numbered steps of the story. */
export function lanes(record: RunRecord, axis: TimeAxis, noMajority: readonly Stretch[]): Markup {
  const segments = roleSegments(record, axis.endMs);
  const classOf = termClasses(record);
  const top = stepsPx + axisPx;
  const stripY = top;
  const lanesY = stripY + stripPx + apartPx * 2;
  const heightPx = lanesY + record.servers.length * (lanePx + apartPx);
  const yOf = (index: number): number => lanesY + index * (lanePx + apartPx);
  const plot = record.servers.map(({ id }, index) => {
    const own = segments.get(id) ?? [];
    return lane(axis, yOf(index), faultsOf(id, record.faults, own, axis.endMs), own, classOf);
  });
  const names = record.servers.map(
    ({ id, address }, index) =>
      markup`<text class="lane-name" x="0" y="${yOf(index) + 18}">server ${id}</text><text class="tick" x="0" y="${yOf(index) + 33}">${shortened(address, 19)}</text>`,
  );
  return chart({
    id: 'lanes',
    axis,
    heightPx,
    title: 'Servers over time',
    description: `One lane for each of ${counted(record.servers.length, 'server')}: ${counted(record.faults.length, 'fault')} and ${counted(record.elections.length, 'election')} over ${duration(axis.endMs)}. The numbers above are the steps of the story.`,
    gutter: markup`<text class="tick" x="0" y="15">story</text><text class="lane-name" x="0" y="${stripY + 15}">leader</text>${names}`,
    plot: markup`${timeLabels(axis, stepsPx + 15)}${timeGrid(axis, top, heightPx)}${leaderStrip(record, axis, stripY, noMajority, classOf)}${plot}${stepMarkers(axis, record.steps, heightPx)}`,
  });
}

function lane(
  axis: TimeAxis,
  y: number,
  faults: readonly FaultSpan[],
  segments: readonly RoleSegment[],
  classOf: TermClass,
): Markup {
  let labelledTo = -Infinity;
  const bands = faults.map((fault) => {
    const free = fault.startedAt >= labelledTo;
    labelledTo = Math.max(labelledTo, fault.endedAt ?? axis.endMs);
    return faultBand(axis, y, fault, free);
  });
  const leaders = segments.filter(({ role, crashed }) => role === 'leader' && !crashed);
  return markup`<g><rect class="lane" y="${y}" width="100%" height="${lanePx}" rx="4"/>${bands}<svg y="${y + roleY}" height="${rolePx}">${roleLines(axis, segments, classOf)}</svg>${leaders.map((leader) => leaderBlock(axis, y + roleY, leader, classOf(leader.term)))}</g>`;
}

function faultBand(axis: TimeAxis, y: number, fault: FaultSpan, labelled: boolean): Markup {
  const { kind, startedAt, endedAt, server } = fault;
  const to = endedAt ?? axis.endMs;
  const words = faultInWords(fault);
  const part = fraction(axis, to) - fraction(axis, startedAt);
  const long = fitsFrom(part, words);
  const brief = faultWords[kind] === words ? undefined : fitsFrom(part, faultWords[kind]);
  const text = (label: string, when: string): Markup =>
    markup`<text class="fault-label ${when}" x="5" y="12">${label}</text>`;
  const labels = [
    long === undefined ? undefined : text(words, `need-${long}`),
    brief === undefined || brief === long
      ? undefined
      : text(faultWords[kind], `need-${brief}${long === undefined ? '' : ` upto-${long}`}`),
  ];
  const tip = `server ${server} ${words}\n${clock(startedAt, axis.endMs)} to ${endedAt === null ? 'the end' : clock(to, axis.endMs)}, ${duration(to - startedAt)}`;
  return markup`<svg class="fault" x="${percent(axis, startedAt)}" y="${y}" width="${percentBetween(axis, startedAt, to)}" height="${lanePx}" data-tip="${tip}"><rect class="fault-${kind}" width="100%" height="100%"/><rect class="edge-${kind}" width="2" height="100%"/>${labelled ? labels : undefined}</svg>`;
}

/** Followers as a thin line in the colour of the term, candidates as a zigzag of dashes: one path for each look. */
function roleLines(axis: TimeAxis, segments: readonly RoleSegment[], classOf: TermClass): Markup {
  const paths = new Map<string, string>();
  for (const { role, crashed, term, from, to } of segments) {
    if (crashed || role === 'none' || role === 'leader') continue;
    const look = role === 'follower' ? `follower ${classOf(term)}` : role;
    const start = Math.round(fraction(axis, from) * columns);
    // A candidacy is often over within a pixel, and must still be seen.
    const end = Math.max(Math.round(fraction(axis, to) * columns), start + (role === 'follower' ? 0 : 40));
    paths.set(look, `${paths.get(look) ?? ''}M${start} ${rolePx / 2}H${end}`);
  }
  const drawn = [...paths].map(([look, path]) => markup`<path class="role ${look}" d="${trusted(path)}"/>`);
  return stretched(columns, rolePx, markup`${drawn}`);
}

function leaderBlock(axis: TimeAxis, y: number, { from, to, term }: RoleSegment, look: string): Markup {
  const part = fraction(axis, to) - fraction(axis, from);
  // Servers of the assignment tell no terms.
  const [name, short] = term === 0 ? ['leads', 'L'] : [`term ${term}`, String(term)];
  const long = fitsFrom(part, name);
  const brief = fitsFrom(part, short, 4);
  const text = (label: string, when: string): Markup =>
    markup`<text class="leader-label ${when}" x="50%" y="14" text-anchor="middle">${label}</text>`;
  const tip = `${term === 0 ? 'leader' : `leader of term ${term}`}\n${clock(from, axis.endMs)} to ${clock(to, axis.endMs)}, ${duration(to - from)}`;
  return markup`<svg class="${look}" x="${percent(axis, from)}" y="${y}" width="${percentBetween(axis, from, to)}" height="${rolePx}" data-tip="${tip}"><rect class="leader" width="100%" height="100%" rx="3"/>${long === undefined ? undefined : text(name, `need-${long}`)}${brief === undefined || brief === long ? undefined : text(short, `need-${brief}${long === undefined ? '' : ` upto-${long}`}`)}</svg>`;
}

export function lanesLegend(record: RunRecord): Markup {
  const box = (look: string): Markup => markup`<rect class="${look}" width="26" height="16" rx="2"/>`;
  const line = (look: string): Markup => markup`<path class="role ${look}" d="M1 8H25"/>`;
  const kinds = (['crash', 'unreachable', 'kill', 'pause'] as const).filter((kind) =>
    record.faults.some((fault) => fault.kind === kind),
  );
  const colours = Array.from(
    { length: termColours },
    (_, index) =>
      markup`<rect class="leader ${colourClass(index)}" x="${(index * 26) / termColours}" width="${26 / termColours}" height="16"/>`,
  );
  return markup`<ul class="legend">${legendItem(markup`${colours}`, 'leader, colour and number: its term')}${legendItem(line(`follower ${colourClass(0)}`), 'follower, in the colour of the term')}${legendItem(line('candidate'), 'candidate')}${legendItem(line('preCandidate'), 'asks whether to be one')}${kinds.map((kind) => legendItem(markup`${box('lane')}${box(`fault-${kind}`)}`, faultWords[kind]))}${legendItem(box('lane'), 'gave no answer: empty')}${legendItem(markup`<rect class="wait" y="4" width="26" height="8"/>`, 'a majority without a leader')}${legendItem(box('strip-none'), 'no majority')}</ul>`;
}

/** A stretch in which a server said the same of itself. */
interface RoleSegment {
  readonly from: RunMs;
  readonly to: RunMs;
  readonly role: StatusSample['role'];
  readonly crashed: boolean;
  readonly term: number;
}

/** The roles of each server, in time order. A new segment begins when role, crash or term changes, and for nothing else. */
function roleSegments({ samples }: RunRecord, endMs: RunMs): Map<ServerId, RoleSegment[]> {
  const found = new Map<ServerId, RoleSegment[]>();
  for (const { server, at, role, crashed, term } of [...samples].sort((one, other) => one.at - other.at)) {
    const segments = found.get(server) ?? [];
    found.set(server, segments);
    const last = segments.at(-1);
    if (last?.role === role && last.crashed === crashed && last.term === term) continue;
    if (last !== undefined) segments[segments.length - 1] = { ...last, to: at };
    segments.push({ from: at, to: endMs, role, crashed, term });
  }
  return found;
}

/** The faults of a server, with crashes that it told of but that were not our doing. */
function faultsOf(
  server: ServerId,
  faults: readonly FaultSpan[],
  segments: readonly RoleSegment[],
  endMs: RunMs,
): FaultSpan[] {
  const own = faults.filter((fault) => fault.server === server);
  const overlaps = ({ from, to }: RoleSegment): boolean =>
    own.some(
      ({ kind, startedAt, endedAt }) => kind === 'crash' && startedAt <= to && (endedAt ?? endMs) >= from,
    );
  const others = segments
    .filter((segment) => segment.crashed && !overlaps(segment))
    .map(({ from, to }): FaultSpan => ({ server, kind: 'crash', startedAt: from, endedAt: to }));
  return [...own, ...others].sort((one, other) => one.startedAt - other.startedAt);
}

const stripPx = 22;
/** A wait is thinner than a reign: it must not look like one in a colour of its own. */
const waitInsetPx = 7;

/** Who led, as seen from outside: a block from each election to the next need of one, and the wait before it. */
function leaderStrip(
  { elections, faults }: RunRecord,
  axis: TimeAxis,
  y: number,
  noMajority: readonly Stretch[],
  classOf: TermClass,
): Markup {
  if (elections.length === 0) {
    return markup`<text class="tick" x="0" y="${y + 15}">no election was seen</text>`;
  }
  const blocks = elections.map(({ electedAt, to, term }, index) => {
    const until = endOfReign(electedAt, to, elections[index + 1]?.neededAt ?? axis.endMs, faults);
    const part = fraction(axis, until) - fraction(axis, electedAt);
    const named = term === 0 ? [`server ${to}`] : [`server ${to}, term ${term}`, `${to}, t${term}`];
    const labels = [...named, String(to)].map((label) => ({
      label,
      need: fitsFrom(part, label, 6),
    }));
    const texts = labels.map(({ label, need }, place) => {
      const longer = labels.slice(0, place).findLast((other) => other.need !== undefined)?.need;
      if (need === undefined || need === longer) return undefined;
      return markup`<text class="leader-label need-${need}${longer === undefined ? '' : ` upto-${longer}`}" x="50%" y="15" text-anchor="middle">${label}</text>`;
    });
    const tip = `server ${to} leads${term === 0 ? '' : ` in term ${term}`}\n${clock(electedAt, axis.endMs)} to ${clock(until, axis.endMs)}`;
    return markup`<svg class="${classOf(term)}" x="${percent(axis, electedAt)}" y="${y}" width="${percentBetween(axis, electedAt, until)}" height="${stripPx}" data-tip="${tip}"><rect class="leader" width="100%" height="100%" rx="3"/>${texts}</svg>`;
  });
  const waits = elections.map((election) => {
    const tip = `no leader for ${duration(electionMs(election))}`;
    return markup`<rect class="wait" x="${percent(axis, election.neededAt)}" y="${y + waitInsetPx}" width="${percentBetween(axis, election.neededAt, election.electedAt)}" height="${stripPx - 2 * waitInsetPx}" data-tip="${tip}"/>`;
  });
  const lost = noMajority.map(({ from, to }) => {
    const label = 'no majority';
    const need = fitsFrom(fraction(axis, to) - fraction(axis, from), label, 4);
    return markup`<svg x="${percent(axis, from)}" y="${y}" width="${percentBetween(axis, from, to)}" height="${stripPx}" data-tip="no majority could be reached for ${duration(to - from)}"><rect class="strip-none" width="100%" height="100%"/>${need === undefined ? undefined : markup`<text class="band-label need-${need}" x="50%" y="15" text-anchor="middle">${label}</text>`}</svg>`;
  });
  return markup`<g>${lost}${blocks}${waits}</g>`;
}

/** A leader reigns until another is needed, or until it is itself no more: without a majority no other can be needed. */
function endOfReign(
  electedAt: RunMs,
  leader: ServerId,
  nextNeededAt: RunMs,
  faults: readonly FaultSpan[],
): RunMs {
  const gone = faults
    .filter(
      ({ server, kind, startedAt }) => server === leader && kind !== 'unreachable' && startedAt >= electedAt,
    )
    .map(({ startedAt }) => startedAt);
  return Math.min(nextNeededAt, ...gone);
}

const rowPx = 20;
const rowsMax = 2;
const markersApartPx = 3;
/** In the details of a marker for several. */
const stepsTold = 6;

/** A number, or several, over the time axis: of the steps `first` to `last`, at the time of the first. */
interface Marker {
  readonly first: number;
  readonly last: number;
  readonly row: number;
  /** In the layout's width. */
  readonly leftPx: number;
  readonly widthPx: number;
}

/** In which plots a layout is shown: made for the narrowest of them. */
const layouts = [
  { widthPx: 540, shown: 'upto-900' },
  { widthPx: 900, shown: 'need-900 upto-1800' },
  { widthPx: 1800, shown: 'need-1800 upto-5200' },
  { widthPx: 5200, shown: 'need-5200' },
] as const;

const stepsPx = rowPx * rowsMax + 4;

/** Lines closer than this would be a screen. */
const linesApartPx = 12;

/** The numbers of the story over the time axis, each a link to its line, and a thin line down through the lanes. */
function stepMarkers(axis: TimeAxis, steps: readonly Step[], bottomPx: number): Markup {
  const linesFrom = plotWidthsPx.find((width) => width / linesApartPx >= steps.length);
  const lines = steps.map(({ at }) => {
    const x = percent(axis, at);
    return markup`<line class="step-line" x1="${x}" x2="${x}" y1="${stepsPx}" y2="${bottomPx}"/>`;
  });
  const shown = layouts.map(({ widthPx, shown: when }) => {
    const markers = layOut(axis, steps, widthPx).map((marker) => drawn(marker, axis, steps, widthPx));
    return markup`<g class="${when}">${markers}</g>`;
  });
  return markup`${linesFrom === undefined ? undefined : markup`<g class="need-${linesFrom}" aria-hidden="true">${lines}</g>`}${shown}`;
}

function drawn(
  { first, last, row, leftPx, widthPx }: Marker,
  axis: TimeAxis,
  steps: readonly Step[],
  layoutPx: number,
): Markup {
  const label = labelOf(first, last);
  const told = steps
    .slice(first, Math.min(last + 1, first + stepsTold))
    .map(({ at, text }, index) => `${first + index + 1}. ${clock(at, axis.endMs)}: ${text}`);
  const more = last - first + 1 - told.length;
  const tip = [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
  const at = steps[first]?.at ?? 0;
  const x = Math.round(leftPx - fraction(axis, at) * layoutPx);
  return markup`<a href="#step-${first + 1}" class="step" data-tip="${tip}" aria-label="Step ${label}"><svg x="${percent(axis, at)}" y="${row * rowPx}" overflow="visible"><rect x="${x}" y="1" width="${widthPx}" height="17" rx="8.5"/><text x="${x + widthPx / 2}" y="13.5" text-anchor="middle">${label}</text></svg></a>`;
}

/** Puts each number into the first row that has room; where none has, it joins the marker before, which grows to the right. */
function layOut(axis: TimeAxis, steps: readonly Step[], layoutPx: number): Marker[] {
  const markers: Marker[] = [];
  const rowEnds = new Array<number>(rowsMax).fill(-Infinity);
  const widest = widthOf(labelOf(steps.length - 2, steps.length - 1));
  const crowded = steps.length * widthOf('9') > layoutPx;
  steps.forEach(({ at }, index) => {
    const label = labelOf(index, index);
    const centre = fraction(axis, at) * layoutPx;
    const fitted = (left: number, width: number): number => Math.max(0, Math.min(left, layoutPx - width));
    const leftPx = fitted(centre - widthOf(label) / 2, widthOf(label));
    const row = rowEnds.findIndex((end) => leftPx >= end);
    const before = markers.at(-1);
    // Near the end of a crowded axis a new marker would have no room to grow.
    const joins = row === -1 || (crowded && leftPx > layoutPx - widest);
    if (joins && before !== undefined) {
      const widthPx = widthOf(labelOf(before.first, index));
      const joined = { ...before, last: index, widthPx, leftPx: fitted(before.leftPx, widthPx) };
      markers[markers.length - 1] = joined;
      rowEnds[before.row] = joined.leftPx + widthPx + markersApartPx;
    } else {
      const marker = { first: index, last: index, row: Math.max(0, row), leftPx, widthPx: widthOf(label) };
      markers.push(marker);
      rowEnds[marker.row] = leftPx + marker.widthPx + markersApartPx;
    }
  });
  return markers;
}

function labelOf(first: number, last: number): string {
  return first === last ? String(first + 1) : `${first + 1}–${last + 1}`;
}

function widthOf(label: string): number {
  return Math.max(18, Math.round(textPx(label) + 11));
}
