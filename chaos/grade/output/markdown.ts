import { capText, pointsText, runsText, statusWords, type GradeResult } from '../result.js';

/** The result as Markdown, to be sent to a student. */
export function gradeMarkdown(result: GradeResult): string {
  const { name, points, pointsMax, rows, caps, endedEarly } = result;
  const lines = [`# ${plain(name)}: ${pointsText(points)} of ${pointsText(pointsMax)}`, ''];
  for (const cap of caps) lines.push(`- ${capText(cap, result)}`);
  for (const note of [runsText(result), endedEarly ?? undefined])
    if (note !== undefined) lines.push(`- ${note}`);
  for (const { id: part, title, points: earned, pointsMax: most } of result.parts) {
    lines.push('', `## ${title}: ${pointsText(earned)} of ${pointsText(most)}`, '');
    lines.push('| | assertion | points | what was seen |', '| --- | --- | --- | --- |');
    for (const row of rows.filter(({ assertion }) => assertion.part === part)) {
      const seen = [row.summary, ...row.remarks.map((remark) => `Remark: ${remark}`)].join(' ');
      lines.push(
        `| ${statusWords[row.status]} | ${row.assertion.title} | ${pointsText(row.points)} of ${pointsText(row.pointsMax)} | ${cell(seen)} |`,
      );
    }
  }
  const failed = rows.filter(({ status }) => status === 'fail');
  if (failed.length > 0) lines.push('', '## What failed, call by call', '');
  for (const { assertion, summary, details } of failed) {
    lines.push(
      `### ${assertion.title}`,
      '',
      plain(summary),
      '',
      `From the assignment: *${assertion.source}*`,
      '',
    );
    if (details.length > 0) lines.push('```text', ...details.map(fenced), '```', '');
    lines.push('Repeat it with Python:', '', '```python', result.preamble, assertion.python, '```', '');
  }
  return `${lines.join('\n').trimEnd()}\n`;
}

function plain(text: string): string {
  return text.replace(/([\\`*_<>[\]])/g, '\\$1');
}

function cell(text: string): string {
  return plain(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
}

function fenced(line: string): string {
  return line.replaceAll('```', "'''").replace(/\p{Cc}/gu, ' ');
}
