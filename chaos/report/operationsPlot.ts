import { isFileOperation } from '../../src/verify/index.js';
import type { RunOperation, RunRecord } from '../runRecord.js';
import {
  faultBands,
  axisPx,
  chart,
  heightLabel,
  legendItem,
  stretched,
  timeGrid,
  timeLabels,
  fraction,
  type TimeAxis,
} from './chart.js';
import {
  blockedGroups,
  groupLabels,
  crowds,
  latencyScale,
  latencyY,
  columnsFor,
  operationPaths,
  type LatencyScale,
  type OperationPaths,
} from './operationPoints.js';
import {
  type Stretch,
  blockedTest,
  latencyMs,
  outcomeClass,
  outcomeClasses,
  type OutcomeClass,
  type Summary,
} from './summary.js';
import { markup, trusted, type Markup } from './markup.js';
import { clock, count, counted, duration, inShort, serverName } from './words.js';

const unansweredPx = 26;
const topPx = 24;
const plotPx = 270;
/** Of so many operations the page tells more when pointed at: those that are not ok first, then the longest. */
const toldMax = 1500;

/** The objects of operations. A run may have had clients of one sort only. */
const objects = ['files', 'keys'] as const;
type ObjectClass = (typeof objects)[number];

/** The drawing of each. */
type Layers = readonly {
  readonly object: ObjectClass;
  readonly count: number;
  readonly paths: OperationPaths;
}[];

/** Every operation by when it was called and how long it took, over the faults. */
export function operationsPlot(
  record: RunRecord,
  axis: TimeAxis,
  noMajority: readonly Stretch[],
  { counts }: Summary,
): Markup {
  const { operations } = record;
  if (operations.length === 0) {
    return markup`<p class="empty" id="operations" data-operations="0">The clients made no calls.</p>`;
  }
  const hasUnanswered = operations.some(({ returnedAt }) => returnedAt === null);
  const logTop = topPx + (hasUnanswered ? unansweredPx : 0);
  const bottom = logTop + plotPx;
  const scale = latencyScale(operations, logTop, bottom);
  // Many in one line would cover each other: they are spread a little.
  const unansweredY = ({ id }: RunOperation): number => topPx + 4 + ((Math.abs(id) * 7) % 13);
  const isBlocked = blockedTest(record.faults);
  const columns = columnsFor(operations.length);
  const layers = objects
    .map((object) => {
      const those = operations.filter((operation) => isFileOperation(operation) === (object === 'files'));
      const paths = operationPaths(those, axis, scale, unansweredY, isBlocked, columns);
      return { object, count: those.length, paths };
    })
    .filter((layer) => layer.count > 0);
  const sum = (figure: 'blocked' | 'merged'): number =>
    layers.reduce((total, { paths }) => total + paths[figure], 0);
  const heightPx = bottom + axisPx;
  const title = 'Operations by latency';
  const description = `${operationsInWords(counts)}; ${counted(sum('blocked'), 'blocked call')}. Latency on a logarithmic scale from ${duration(10 ** scale.lowest)} to ${duration(10 ** scale.highest)}.`;
  const drawing = chart({
    id: 'operations',
    axis,
    heightPx,
    title,
    description,
    gutter: markup`<text class="lane-name" x="0" y="${logTop + 16}">latency</text>${hasUnanswered ? heightLabel(topPx + 10, 'no answer') : undefined}${decades(scale).map((ms) => heightLabel(latencyY(scale, ms), duration(ms)))}`,
    plot: markup`${faultBands(axis, bottom, record.faults, noMajority)}${timeGrid(axis, topPx, bottom)}${latencyGrid(scale, hasUnanswered ? topPx + unansweredPx - 6 : undefined)}${drawnPaths(layers, columns, heightPx)}${groupLabels(blockedGroups(operations.filter(isBlocked), scale), axis)}${timeLabels(axis, bottom + 17)}`,
    data: markup` data-operations="${operations.length}" data-height="${heightPx}"`,
  });
  const told = tellingOperations(operations, isBlocked).map((operation) =>
    toldOperation(operation, axis, scale, unansweredY),
  );
  // A script element holds text, not markup: only what could end it has to be written another way.
  const json = trusted(JSON.stringify(told).replaceAll('<', '\\u003c'));
  return markup`${legend(counts, layers)}${drawing}
<p class="caption">${caption(operations.length, { merged: sum('merged'), blocked: sum('blocked'), columns }, told.length)}</p>
<script type="application/json" id="told-operations">${json}</script>`;
}

function operationsInWords(counts: Readonly<Record<OutcomeClass, number>>): string {
  const parts = outcomeClasses.map((what) => `${count(counts[what])} ${what}`);
  return `${counted(
    outcomeClasses.reduce((sum, what) => sum + counts[what], 0),
    'operation',
  )}: ${parts.join(', ')}`;
}

function caption(
  total: number,
  { merged, blocked, columns }: Pick<OperationPaths, 'merged' | 'blocked' | 'columns'>,
  told: number,
): Markup {
  const sentences = [
    `${counted(total, 'operation')}, each where it was called; ${counted(blocked, 'blocked call')} (longer than 1 s, or more than 100 ms while a fault began) ${blocked === 1 ? 'is a bar' : 'are bars'} from call to return.`,
  ];
  if (merged > 0) {
    sentences.push(
      `${count(merged)} of the answered ones fall on the point of another (of ${count(columns)} across) and darken it; all that were refused or failed, and all unknown ones, are drawn.`,
    );
  }
  const few = told === toldMax ? ` (${count(toldMax)} have them)` : '';
  const hint = `Point at a mark that is not ok, or at a bar, for the call and its reply${few}.`;
  return markup`${sentences.join(' ')}${told > 0 ? markup` <span class="scripted">${hint}</span>` : undefined}`;
}

/** Each class has a shape of its own: dot, hollow square, upright stroke, ring. Files and keys can be hidden by themselves. */
function drawnPaths(layers: Layers, columns: number, heightPx: number): Markup {
  const path = (look: string, d: string): Markup | undefined =>
    d === '' ? undefined : markup`<path class="${look}" d="${trusted(d)}"/>`;
  const ofEach = (draw: (paths: OperationPaths, object: ObjectClass) => Markup | undefined): Markup =>
    markup`${layers.map(({ object, paths }) => {
      const drawn = draw(paths, object);
      return drawn === undefined ? undefined : markup`<g class="ops-${object}">${drawn}</g>`;
    })}`;
  const hollow = (what: 'refused' | 'unknown'): Markup =>
    ofEach(({ points }, object) =>
      points[what] === ''
        ? undefined
        : markup`<g class="ops-${what}"><defs><path id="points-${what}-${object}" vector-effect="non-scaling-stroke" d="${trusted(points[what])}"/></defs><use href="#points-${what}-${object}" class="rim ${what}"/><use href="#points-${what}-${object}" class="core ${what}"/></g>`,
    );
  const answered = ofEach(
    ({ crowds: points }) => markup`${crowds.map((crowd) => path(`point ok ${crowd}`, points[crowd]))}`,
  );
  const bars = (what: OutcomeClass): Markup => ofEach(({ bars: all }) => path(`bar ${what}`, all[what]));
  // An upright stroke is a line of its own length: rising from each point.
  const strokes = ofEach(({ points }) => path('stroke fault', points.fault.replaceAll('h0', 'm0-4v8')));
  return stretched(
    columns,
    heightPx,
    markup`<g class="ops-ok">${answered}</g>${outcomeClasses.map((what) => markup`<g class="ops-${what}">${bars(what)}</g>`)}${hollow('refused')}<g class="ops-fault">${strokes}</g>${hollow('unknown')}`,
  );
}

function decades({ lowest, highest }: LatencyScale): number[] {
  return Array.from({ length: highest - lowest + 1 }, (_, index) => 10 ** (lowest + index));
}

function latencyGrid(scale: LatencyScale, separatorY: number | undefined): Markup {
  const lines = decades(scale).map((ms) => {
    const y = latencyY(scale, ms);
    return markup`<line class="grid${ms === 1000 ? ' strong' : ''}" x1="0" x2="100%" y1="${y}" y2="${y}"/>`;
  });
  const separator =
    separatorY === undefined
      ? undefined
      : markup`<line class="separator" x1="0" x2="100%" y1="${separatorY}" y2="${separatorY}"/>`;
  return markup`${lines}${separator}`;
}

function legend(counts: Readonly<Record<OutcomeClass, number>>, layers: Layers): Markup {
  const samples: Readonly<Record<OutcomeClass, [sample: Markup, words: string]>> = {
    ok: [markup`<path class="point ok many" d="M7 8h0M19 8h0"/>`, 'ok'],
    refused: [
      markup`<rect class="swatch refused" x="9.5" y="4.5" width="7" height="7"/>`,
      'refused: answered with no',
    ],
    fault: [markup`<path class="stroke fault" d="M13 4v8"/>`, 'fault: had no effect'],
    unknown: [markup`<circle class="swatch unknown" cx="13" cy="8" r="3.5"/>`, 'unknown: may have happened'],
  };
  const items = outcomeClasses.map((what) => {
    const [sample, words] = samples[what];
    return markup`<li><label><input type="checkbox" id="show-${what}" checked><svg width="26" height="16" aria-hidden="true">${sample}</svg> ${words} <b>${count(counts[what])}</b></label></li>`;
  });
  const both = layers.length < 2 ? [] : layers;
  const sorts = both.map(
    (layer) =>
      markup`<li><label><input type="checkbox" id="show-${layer.object}" checked> on ${layer.object} <b>${count(layer.count)}</b></label></li>`,
  );
  return markup`<ul class="legend" aria-label="Which operations to show">${sorts}${items}${legendItem(markup`<path class="bar ok" d="M1 8H25"/>`, 'blocked: from call to return')}</ul>`;
}

function tellingOperations(
  operations: readonly RunOperation[],
  isBlocked: (operation: RunOperation) => boolean,
): RunOperation[] {
  const notOk = operations.filter((operation) => outcomeClass(operation) !== 'ok');
  const blocked = operations
    .filter((operation) => outcomeClass(operation) === 'ok' && isBlocked(operation))
    .sort((one, other) => (latencyMs(other) ?? 0) - (latencyMs(one) ?? 0));
  return [...notOk, ...blocked].slice(0, toldMax);
}

/** Where the operation is drawn, from and to as parts of the width, and what to tell of it. */
function toldOperation(
  operation: RunOperation,
  axis: TimeAxis,
  scale: LatencyScale,
  unansweredY: (operation: RunOperation) => number,
): (number | string)[] {
  const latency = latencyMs(operation);
  const part = (at: number): number => Number(fraction(axis, at).toFixed(5));
  const y = latency === undefined ? unansweredY(operation) : latencyY(scale, latency);
  const time = `at ${clock(operation.invokedAt, axis.endMs)}, ${latency === undefined ? 'never answered' : duration(latency)}`;
  const who = `${operation.client}, ${serverName(operation.server)}${operation.attempts > 1 ? `, sent ${operation.attempts} times` : ''}`;
  return [
    part(operation.invokedAt),
    part(operation.invokedAt + (latency ?? 0)),
    y,
    `#${operation.id} ${inShort(operation)}\n${time}\n${who}`,
  ];
}
