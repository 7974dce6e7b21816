import type { FaultSpan, RunRecord } from '../runRecord.js';
import { axisPx, chart, legendItem, stretched, timeGrid, timeLabels } from './chart.js';
import { faultsOf, roleSegments, type RoleSegment } from './laneSegments.js';
import { leaderStrip, stripPx } from './leaderStrip.js';
import type { Stretch } from './majority.js';
import { markup, trusted, type Markup } from './markup.js';
import { clock, counted, duration } from './numbers.js';
import { stepMarkers, stepsPx } from './stepMarkers.js';
import { colourClass, termClasses, termColours, type TermClass } from './termColours.js';
import { fitsFrom, fraction, percent, percentBetween, type TimeAxis } from './timeAxis.js';
import { faultInWords, faultWords, shortened } from './words.js';

const lanePx = 42;
const apartPx = 6;
const roleY = 17;
const rolePx = 20;
const columns = 20_000;

/** What every server was over time, under the numbered steps of the story. */
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
