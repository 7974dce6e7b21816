import { isKilled, type Result } from './runner.js';

/** One line per result, for whoever watches the run. */
export function resultLine(result: Result): string {
  const { mutation, seconds } = result;
  return `${mutation.id.padEnd(5)} ${seconds.toFixed(1).padStart(5)} s  ${outcome(result)}`;
}

/** All results as a table in Markdown, and the counts. */
export function report(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { mutation, seconds } = result;
    const cells = [
      `\`${mutation.id}\``,
      mutation.title,
      mutation.source,
      outcome(result),
      seconds.toFixed(1),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return [
    '| mutation | what is put back | source | killed by | seconds |',
    '| --- | --- | --- | --- | ---: |',
    ...rows,
    '',
    counts(results),
  ].join('\n');
}

function counts(results: readonly Result[]): string {
  const survivors = results.filter((result) => !isKilled(result)).map(({ mutation }) => mutation.id);
  const bySuite = new Map<string, number>();
  for (const { suite } of results.filter(isKilled)) bySuite.set(suite, (bySuite.get(suite) ?? 0) + 1);
  const parts = [...bySuite].map(([suite, count]) => `${count} by ${suite}`).join(', ');
  const killed = results.length - survivors.length;
  const summary = `${results.length} mutations, ${killed} killed (${parts})`;
  return survivors.length === 0
    ? `${summary}, none survived`
    : `${summary}; survived: ${survivors.join(', ')}`;
}

function outcome({ verdict, suite }: Result): string {
  switch (verdict.kind) {
    case 'passed':
      return 'SURVIVED';
    case 'broken':
      return `BROKEN, proves nothing: ${verdict.by}`;
    case 'failed':
    case 'timedOut':
      return `${suite}: ${verdict.by}`;
  }
}
