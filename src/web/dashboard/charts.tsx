import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Point } from '../../dashboard/sample.js';
import { clockTime, duration, rate } from './format.js';
import { points, servers } from './store.js';

const HEIGHT = 170;
/** The charts show this much of the past, however little of it is known. */
const SPAN_SECONDS = 120;

interface Line {
  readonly name: string;
  /** Of the style sheet. */
  readonly colour: string;
  readonly dash?: number[];
  readonly valueOf: (point: Point) => number | null;
}

/** Lines of servers, by id; the ring has no room for more than ten. */
const serverColours = Array.from({ length: 10 }, (_, id) => `--line-${id}`);

export function Charts(): JSX.Element {
  const ids = servers.value.map(({ id }) => id);
  const seconds = (value: number): string => duration(value);
  return (
    <div class="charts">
      <Chart
        title="Throughput, per second"
        lines={[
          { name: 'writes', colour: '--line-0', valueOf: ({ writes }) => writes },
          { name: 'reads', colour: '--line-1', dash: [5, 3], valueOf: ({ reads }) => reads },
          { name: 'calls that wait', colour: '--line-2', dash: [2, 3], valueOf: ({ waiting }) => waiting },
        ]}
        text={rate}
      />
      <Chart
        title="Latency of writes"
        lines={[
          { name: 'half of them', colour: '--line-0', valueOf: ({ p50Ms }) => p50Ms },
          { name: '99 of 100', colour: '--line-3', dash: [5, 3], valueOf: ({ p99Ms }) => p99Ms },
        ]}
        text={seconds}
      />
      <Chart
        key={ids.join(' ')}
        title="Event loop late by"
        lines={ids.map((id) => ({
          name: `server ${id}`,
          colour: serverColours[id % serverColours.length] ?? '--line-0',
          ...(id % 2 === 1 ? { dash: [5, 3] } : {}),
          valueOf: ({ eventLoopMs }) => eventLoopMs[id] ?? null,
        }))}
        text={seconds}
      />
    </div>
  );
}

function Chart({
  title,
  lines,
  text,
}: {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly text: (value: number) => string;
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const data = dataOf(points.value, lines);
  const newest = useRef(data);
  newest.current = data;

  useEffect(() => {
    const { current: element } = place;
    if (element === null) return undefined;
    const draw = (): void => {
      chart.current?.destroy();
      chart.current = new uPlot(optionsOf(element, lines, text), newest.current, element);
    };
    draw();
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    const observer = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      scheme.removeEventListener('change', draw);
      observer.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [lines.length]);
  useEffect(() => chart.current?.setData(data), [data]);

  const last = points.value.at(-1);
  const values = lines.map(({ name, colour, dash, valueOf }) => {
    const value = last === undefined ? null : valueOf(last);
    return { name, colour, isDashed: dash !== undefined, value: value === null ? '–' : text(value) };
  });
  return (
    <section class="card chart" aria-label={title}>
      <h2>{title}</h2>
      <ul class="keys">
        {values.map(({ name, colour, isDashed, value }) => (
          <li key={name}>
            <span
              class={isDashed ? 'swatch dashed' : 'swatch'}
              style={{ borderTopColor: `var(${colour})` }}
            />
            {name} <strong>{value}</strong>
          </li>
        ))}
      </ul>
      <div class="plot" ref={place} aria-hidden="true" />
    </section>
  );
}

function dataOf(all: readonly Point[], lines: readonly Line[]): uPlot.AlignedData {
  const moments = all.map(({ atMs }) => atMs / 1000);
  return [moments, ...lines.map(({ valueOf }) => all.map(valueOf))] as uPlot.AlignedData;
}

function optionsOf(
  element: HTMLElement,
  lines: readonly Line[],
  text: (value: number) => string,
): uPlot.Options {
  const colour = (name: string): string => resolved(element, name);
  const axis = { stroke: colour('--muted'), font: '11px system-ui, sans-serif', ticks: { show: false } };
  const grid = { stroke: colour('--line'), width: 1 };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: (_chart, _min, max) => [max - SPAN_SECONDS, max] },
      y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.15 : 1] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 80,
        size: 28,
        values: (_chart, values) => values.map((value) => clockTime(value * 1000)),
      },
      { ...axis, grid, size: 58, space: 34, values: (_chart, values) => values.map((value) => text(value)) },
    ],
    series: [
      {},
      ...lines.map(({ colour: name, dash }) => ({
        stroke: colour(name),
        width: 1.75,
        points: { show: false },
        ...(dash === undefined ? {} : { dash }),
      })),
    ],
  };
}

/** A colour of the style sheet as a canvas understands it: light or dark is decided. */
function resolved(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
