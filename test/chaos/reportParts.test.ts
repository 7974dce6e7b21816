import { expect } from 'chai';
import { blockedGroups, latencyScale, operationPaths } from '../../chaos/report/operationPoints.js';
import {
  withoutMajority,
  blockedTest,
  outcomeClass,
  outcomeClasses,
  summarize,
  quantiles,
} from '../../chaos/report/summary.js';
import { escapeText, markup } from '../../chaos/report/markup.js';
import { clock, count, duration, callInWords, replyInWords } from '../../chaos/report/words.js';
import { termClasses } from '../../chaos/report/styles.js';
import { fraction, plotWidthsPx, ticks, wholeRun } from '../../chaos/report/chart.js';
import type { FaultSpan, RunOperation, RunRecord } from '../../chaos/runRecord.js';
import {
  emptyRecord,
  failingRecord,
  largeRecord,
  longRecord,
  passingRecord,
} from './support/sampleRecords.js';

const five = [0, 1, 2, 3, 4].map((id) => ({ id, address: `localhost:${9000 + id}` }));

function read(changes: Partial<RunOperation> & Pick<RunOperation, 'id'>): RunOperation {
  return {
    client: 'client 1',
    kind: 'readVersion',
    file: 'a',
    invokedAt: 0,
    returnedAt: 1,
    outcome: { status: 'ok', version: 1 },
    server: 0,
    attempts: 1,
    ...changes,
  } as RunOperation;
}

describe('report: operations', () => {
  const marks = (path: string): number => path.split('M').length - 1;

  for (const [name, record] of [
    ['a usual run', failingRecord()],
    ['100,000 operations', largeRecord(100_000)],
    ['two hours', longRecord()],
  ] as readonly (readonly [string, RunRecord])[]) {
    it(`accounts for every one of ${name}`, () => {
      const { operations, faults } = record;
      const axis = wholeRun(record);
      const scale = latencyScale(operations, 20, 300);
      const { crowds, points, bars, merged, blocked } = operationPaths(
        operations,
        axis,
        scale,
        () => 10,
        blockedTest(faults),
      );
      const answered = marks(crowds.one) + marks(crowds.few) + marks(crowds.many);
      const barred = outcomeClasses.reduce((sum, what) => sum + marks(bars[what]), 0);
      expect(barred).to.equal(blocked);
      for (const what of ['refused', 'fault', 'unknown'] as const) {
        const all = operations.filter((operation) => outcomeClass(operation) === what).length;
        expect(marks(points[what]) + marks(bars[what]), what).to.equal(all);
      }
      const ok = operations.filter((operation) => outcomeClass(operation) === 'ok').length;
      expect(answered + merged + marks(bars.ok)).to.equal(ok);
    });
  }

  it('draws a call as a bar if it took more than a second, or was held up while a fault began', () => {
    const faults: FaultSpan[] = [{ server: 0, kind: 'crash', startedAt: 500, endedAt: 900 }];
    const isBlocked = blockedTest(faults);
    expect(isBlocked(read({ id: 1, invokedAt: 2000, returnedAt: 3001 }))).to.equal(true);
    expect(isBlocked(read({ id: 2, invokedAt: 450, returnedAt: 600 }))).to.equal(true);
    expect(isBlocked(read({ id: 3, invokedAt: 600, returnedAt: 1500 })), 'began before').to.equal(false);
    expect(isBlocked(read({ id: 4, invokedAt: 495, returnedAt: 505 })), 'quick').to.equal(false);
    expect(isBlocked(read({ id: 5, returnedAt: null, outcome: { status: 'unknown' } }))).to.equal(false);
  });

  it('counts the blocked calls whose bars cover each other', () => {
    const blocked = [
      read({ id: 1, invokedAt: 0, returnedAt: 8000 }),
      read({ id: 2, invokedAt: 40, returnedAt: 8010 }),
      read({ id: 3, invokedAt: 100, returnedAt: 1200 }),
      read({ id: 4, invokedAt: 9000, returnedAt: 17_000 }),
    ];
    const groups = blockedGroups(blocked, latencyScale(blocked, 20, 300));
    expect(groups.map(({ from, to, calls }) => [from, to, calls])).to.deep.equal([
      [0, 8010, 2],
      [100, 1200, 1],
      [9000, 17_000, 1],
    ]);
  });

  it('takes an update that was not applied for refused', () => {
    const update = { kind: 'update', version: 2, content: '[]' } as const;
    expect(outcomeClass(read({ id: 1, ...update, outcome: { status: 'ok', applied: false } }))).to.equal(
      'refused',
    );
    expect(outcomeClass(read({ id: 1, ...update, outcome: { status: 'ok', applied: true } }))).to.equal('ok');
  });
});

describe('report: words', () => {
  it('tells each kind of call and its reply', () => {
    const told = (operation: Partial<RunOperation>): string => {
      const whole = read({ id: 1, ...operation });
      return `${callInWords(whole)} → ${replyInWords(whole)}`;
    };
    expect(
      [
        told({
          kind: 'update',
          file: 'a',
          version: 2,
          content: '[]',
          outcome: { status: 'ok', applied: false },
        }),
        told({ kind: 'readFile', file: 'a', outcome: { status: 'ok', version: 0, content: null } }),
        told({ kind: 'readFile', file: 'a', outcome: { status: 'ok', version: 3, content: '["h"]' } }),
        told({ kind: 'readMap', outcome: { status: 'ok', files: { a: { version: 1, content: '' } } } }),
        told({ kind: 'kvPut', key: 'k', value: { a: 1 }, outcome: { status: 'ok' } }),
        told({ kind: 'kvAppend', key: 'k', value: 1, outcome: { status: 'failed', reason: 'overloaded' } }),
        told({ kind: 'kvGet', key: 'k', outcome: { status: 'ok' } }),
        told({ kind: 'kvGet', key: 'k', outcome: { status: 'ok', value: null } }),
      ].join('\n'),
    ).to.equal(
      [
        'update “a” to version 2 → refused',
        'read “a” → never written',
        'read “a” → version 3, ["h"]',
        'read the whole map → versions “a” 1',
        'put “k” = {"a":1} → ok',
        'append 1 to “k” → fault: overloaded',
        'get “k” → no such key',
        'get “k” → null',
      ].join('\n'),
    );
  });

  it('writes numbers, durations and times', () => {
    expect([count(0), count(999), count(1234567)]).to.deep.equal(['0', '999', '1,234,567']);
    expect([0.42, 35, 999, 1250, 60_000, 125_000, 7_260_000].map(duration)).to.deep.equal([
      '0.42 ms',
      '35 ms',
      '999 ms',
      '1.25 s',
      '60 s',
      '2 min 5 s',
      '2 h 1 min',
    ]);
    expect(clock(12_340, 60_000)).to.equal('12.34 s');
    expect([clock(245_200, 3e6), clock(3_845_200, 5e6), clock(59_960, 3e6)]).to.deep.equal([
      '4:05.2',
      '1:04:05.2',
      '1:00.0',
    ]);
    expect(quantiles([])).to.equal(undefined);
    expect(quantiles([5, 1, 3])).to.deep.equal({ p50: 3, p95: 5, max: 5 });
  });

  it('escapes what is put into a template, unless it is markup', () => {
    expect(escapeText(`<a href="x">'&'\u0000`)).to.equal(
      '&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\u{fffd}',
    );
    expect(markup`<p>${'<'}${markup`<b>${1}</b>`}${[markup`<i/>`, '>']}${undefined}</p>`.markup).to.equal(
      '<p>&lt;<b>1</b><i/>&gt;</p>',
    );
  });
});

describe('report: figures', () => {
  it('knows when no majority could be reached', () => {
    const stretches = (faults: readonly FaultSpan[]): string =>
      withoutMajority(emptyRecord({ servers: five, faults }), 100)
        .map(({ from, to }) => `${from}-${to}`)
        .join(' ');
    const crash = (server: number, startedAt: number, endedAt: number | null): FaultSpan => ({
      server,
      kind: 'crash',
      startedAt,
      endedAt,
    });
    expect(stretches([crash(0, 10, 50), crash(1, 20, 60)])).to.equal('');
    expect(stretches([crash(0, 10, 50), crash(1, 20, 60), crash(2, 30, 40)])).to.equal('30-40');
    expect(
      stretches([crash(0, 10, null), crash(1, 20, null), crash(2, 30, 40), crash(3, 40, null)]),
    ).to.equal('30-100');
    const cut = (server: number, from: number[]): FaultSpan => ({
      server,
      kind: 'unreachable',
      startedAt: 10,
      endedAt: 20,
      from,
    });
    expect(stretches([cut(0, [2, 3, 4]), cut(1, [2, 3, 4])]), 'two and three').to.equal('');
    expect(stretches([cut(0, [1, 2, 3, 4]), cut(1, [2, 3, 4]), cut(2, [3, 4])]), 'all apart').to.equal(
      '10-20',
    );
  });

  it('finds the longest time in which no update was acknowledged', () => {
    const update = (id: number, invokedAt: number, returnedAt: number, applied = true): RunOperation =>
      read({
        id,
        invokedAt,
        returnedAt,
        kind: 'update',
        version: 1,
        content: '',
        outcome: { status: 'ok', applied },
      });
    const record = emptyRecord({
      durationMs: 1000,
      operations: [
        update(0, 10, 20),
        update(1, 30, 40, false),
        read({ id: 2, returnedAt: 50 }),
        update(3, 60, 100),
      ],
    });
    expect(summarize(record, 1000).withoutService).to.deep.equal({ from: 20, to: 100 });
    expect(summarize(record, 1000).updatesPerSecond).to.equal(2);
    expect(summarize(emptyRecord(), 1).withoutService).to.equal(undefined);
  });

  it('gives neighbouring terms different colours, however far apart their numbers', () => {
    const classOf = termClasses(passingRecord());
    expect([1, 2, 4, 5, 7].map(classOf)).to.deep.equal(['term-0', 'term-1', 'term-2', 'term-3', 'term-4']);
    expect(classOf(6), 'a term without a leader').to.equal(classOf(5));
    expect(classOf(0)).to.equal('term-0');
  });
});

describe('report: time axis', () => {
  it('reaches to the last thing that was seen, and is never empty', () => {
    expect(wholeRun(emptyRecord())).to.deep.equal({ startMs: 0, endMs: 1 });
    expect(
      wholeRun(emptyRecord({ durationMs: 5, operations: [read({ id: 1, returnedAt: 9 })] })).endMs,
    ).to.equal(9);
    expect(fraction({ startMs: 0, endMs: 10 }, 12)).to.equal(1);
  });

  for (const endMs of [1, 37, 1000, 60_000, 119_000, 7_200_000, 90_000_000]) {
    it(`has room for its labels in ${endMs} ms, at every width`, () => {
      const all = ticks({ startMs: 0, endMs });
      for (const width of plotWidthsPx) {
        const shown = all.filter(({ from }) => from <= width).map(({ at }) => (at / endMs) * width);
        const apart = shown.slice(1).map((x, index) => x - (shown[index] ?? 0));
        expect(Math.min(...apart, Infinity)).to.be.at.least(60);
        expect(shown.length).to.be.at.least(1);
      }
    });
  }
});
