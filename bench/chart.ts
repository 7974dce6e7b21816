/** Those for dark ground are lighter, so that all stand out from it as much as on light ground. */
const colors = {
  blue: { light: '#1a5fb4', dark: '#78aeed' },
  orange: { light: '#b5500b', dark: '#ffa260' },
  green: { light: '#1f7a4d', dark: '#6cd19b' },
} as const;
const inks = {
  text: { light: '#24292f', dark: '#e6edf3' },
  grid: { light: '#d0d7de', dark: '#3a424c' },
} as const;

export interface Series {
  /** Stands beside the last point. */
  readonly name: string;
  readonly color: keyof typeof colors;
  /** @default false */
  readonly isDashed?: boolean;
  readonly points: readonly Point[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** All have points at the same places, from left to right. */
  readonly series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 420;
/** The room around the lines; on the right there are their names. */
const margin = { top: 64, right: 190, bottom: 56, left: 72 };
const LABEL_HEIGHT = 17;
const TICKS = 5;

/**
 * Lines over a logarithmic x axis as an SVG file, each named at its end. It has no ground of its own and follows the
 * color scheme of the reader.
 */
export function chartSvg({ title, xLabel, yLabel, series }: Chart): string {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))].toSorted((a, b) => a - b);
  const yTicks = ticksUpTo(Math.max(0, ...series.flatMap(({ points }) => points.map(({ y }) => y))));
  const right = WIDTH - margin.right;
  const bottom = HEIGHT - margin.bottom;
  const toX = scale([Math.log(xs[0] ?? 1), Math.log(xs.at(-1) ?? 1)], [margin.left, right]);
  const toY = scale([0, yTicks.at(-1) ?? 1], [bottom, margin.top]);
  const place = ({ x, y }: Point): Point => ({ x: toX(Math.log(x)), y: toY(y) });
  const lines = series.map((one) => ({ ...one, points: one.points.map(place) }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${styles()}</style>`,
    `<text x="${margin.left}" y="26" class="title">${escape(title)}</text>`,
    `<text x="${margin.left}" y="${margin.top - 14}">${escape(yLabel)}</text>`,
    ...yTicks.map(
      (tick) =>
        `<path d="M${margin.left} ${at(toY(tick))}H${right}" class="grid"/>` +
        `<text x="${margin.left - 10}" y="${at(toY(tick) + 4)}" text-anchor="end">${tick.toLocaleString('en-US')}</text>`,
    ),
    ...xs.map((x) => `<text x="${at(toX(Math.log(x)))}" y="${bottom + 20}" text-anchor="middle">${x}</text>`),
    `<text x="${at((margin.left + right) / 2)}" y="${bottom + 42}" text-anchor="middle">${escape(xLabel)}</text>`,
    ...lines.map(lineOf),
    ...labelsOf(lines),
    '</svg>',
    '',
  ].join('\n');
}

function lineOf({ color, isDashed = false, points }: Series): string {
  const path = points.map(({ x, y }) => `${at(x)} ${at(y)}`).join('L');
  const dots = points.map(({ x, y }) => `<circle cx="${at(x)}" cy="${at(y)}" r="3.5"/>`).join('');
  return `<g class="${color}"><path d="M${path}"${isDashed ? ' stroke-dasharray="6 5"' : ''}/>${dots}</g>`;
}

/** Names at the ends of the lines, moved apart where lines end close to each other. */
function labelsOf(lines: readonly Series[]): string[] {
  let free = 0;
  return lines
    .flatMap(({ name, color, points }) => points.slice(-1).map((end) => ({ name, color, end })))
    .toSorted((a, b) => a.end.y - b.end.y)
    .map(({ name, color, end }) => {
      const y = Math.max(end.y + 4, free);
      free = y + LABEL_HEIGHT;
      return `<text x="${at(end.x + 12)}" y="${at(y)}" class="name ${color}">${escape(name)}</text>`;
    });
}

/** Round numbers from 0 to at least the value. */
function ticksUpTo(value: number): number[] {
  const rough = Math.max(value, 1) / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((factor) => factor * power >= rough) ?? 10);
  return Array.from({ length: Math.ceil(value / step) + 1 }, (_, tick) => tick * step);
}

function scale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => number {
  // A single value stands in the middle.
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

function styles(): string {
  const rules = (scheme: 'light' | 'dark'): string =>
    [
      `text{fill:${inks.text[scheme]}}`,
      `.grid{stroke:${inks.grid[scheme]}}`,
      ...Object.entries(colors).map(
        ([name, color]) =>
          `.${name} path{stroke:${color[scheme]}}.${name} circle,text.${name}{fill:${color[scheme]}}`,
      ),
    ].join('');
  return (
    'text{font:13px system-ui,sans-serif}.title{font-size:16px;font-weight:600}.name{font-weight:600}' +
    `g path{fill:none;stroke-width:2.5;stroke-linejoin:round}${rules('light')}` +
    `@media (prefers-color-scheme:dark){${rules('dark')}}`
  );
}

/** A tenth of a pixel is enough. */
function at(coordinate: number): string {
  return String(Math.round(coordinate * 10) / 10);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
