import { expect } from 'chai';
import { chartSvg } from '../../bench/chart.js';
import { Results, type Result, type Subject } from '../../bench/results.js';
import { runtimeMetricsOf } from '../../bench/serverMetrics.js';
import { figure, markdownTable } from '../../bench/tables.js';

describe('the figures of the benchmark', () => {
  it('adds up all kinds of garbage collection, and reads the longest delay of the loop', () => {
    const page = [
      '# HELP nodejs_gc_duration_seconds Garbage collection duration by kind',
      'nodejs_gc_duration_seconds_bucket{le="0.001",kind="minor"} 7',
      'nodejs_gc_duration_seconds_sum{kind="minor"} 0.25',
      'nodejs_gc_duration_seconds_sum{kind="major"} 0.5',
      'nodejs_eventloop_lag_max_seconds 0.031',
      'nodejs_eventloop_lag_mean_seconds 0.01',
    ].join('\n');
    expect(runtimeMetricsOf(page)).to.deep.equal({ gcMs: 750, loopDelayMaxMs: 31 });
  });

  it('has no collection at all on a server that has not collected yet, and no delay that is not told', () => {
    expect(runtimeMetricsOf('')).to.deep.equal({ gcMs: 0, loopDelayMaxMs: Number.NaN });
  });

  it('relates what was measured in the same round', () => {
    const results = new Results();
    const [ours, theirs] = [{} as Subject, {} as Subject];
    const resultOf = (perSecond: number): Result => ({ perSecond }) as Result;
    for (const [a, b] of [
      [10, 10],
      [1, 2],
      [8, 2],
    ] as const) {
      results.add(ours, 16, resultOf(a));
      results.add(theirs, 16, resultOf(b));
    }
    expect(results.median(ours, 16, ({ perSecond }) => perSecond)).to.equal(8);
    expect(results.ratio(ours, theirs, 16, ({ perSecond }) => perSecond)).to.equal(1);
  });

  it('prints a table, with a dash for what cannot be told', () => {
    const table = markdownTable(
      [{ head: 'who', isText: true }, { head: 'ms' }],
      [['a', figure(Number.NaN, 1)]],
    );
    expect(table).to.equal('| who | ms |\n|---|---:|\n| a | - |');
  });

  it('draws every line and keeps the names of lines apart that end together', () => {
    const points = [
      { x: 1, y: 100 },
      { x: 64, y: 4000 },
    ];
    const names = ['a < b', 'c', 'd'];
    const svg = chartSvg({
      title: 't',
      xLabel: 'x',
      yLabel: 'y',
      series: names.map((name) => ({ name, color: 'blue', points })),
    });
    expect(svg).to.include('a &lt; b');
    const heights = [...svg.matchAll(/y="([\d.]+)" class="name/g)].map(([, y]) => Number(y));
    expect(heights.length).to.equal(3);
    for (const [index, y] of heights.slice(1).entries()) expect(y - (heights[index] ?? 0)).to.be.at.least(16);
    expect(svg).to.include('>4,000<');
  });
});
