import type { SeenStatus } from '../calls/answers.js';
import type { Note } from '../notes.js';
import type { RunRecord } from '../runRecord.js';

type Statuses = Extract<Note, { kind: 'statuses' }>;

/** The evaluation as Markdown: statuses, calls, and in each table the changes since the one before. */
export function evaluationText(record: RunRecord, notes: readonly Note[]): string {
  const { servers, startedAt, command, shows } = record;
  const parts = [
    '# Evaluation',
    `${shows} A shut-down server is one whose \`crash\` was called; it still tells its status.`,
    `${servers.length} servers, ${startedAt}. Run again: \`${command}\``,
  ];
  let before: Statuses | undefined;
  for (const note of notes) {
    if (note.kind === 'call') {
      parts.push(callText(note));
      continue;
    }
    parts.push(`## ${note.title}`, note.about, statusTable(note), meaning(note, before).join('\n'));
    before = note;
  }
  return `${parts.join('\n\n')}\n`;
}

function callText({ call, outcome, server, at }: Extract<Note, { kind: 'call' }>): string {
  const whom = server === null ? '' : `, asked last: server ${server}`;
  return `\`${call}\` at ${(at / 1_000).toFixed(1)} s${whom}: **${outcome}**`;
}

function statusTable({ statuses }: Statuses): string {
  const rows = statuses.map((status, server) => {
    if (status === undefined) return `| ${server} | no answer | | | | | | |`;
    const { role, crashed, term, leader, votedFor, commitIndex, lastApplied, lastIndex } = status;
    const state = crashed ? 'crashed' : role;
    const cells = [server, state, term, known(leader), known(votedFor), lastIndex, commitIndex, lastApplied];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| server | role | term | leader | voted for | last index | commit index | applied |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function meaning(now: Statuses, before: Statuses | undefined): string[] {
  const up = upIn(now);
  const leader = leaderIn(now);
  const termNow = Math.max(0, ...up.map(({ term }) => term));
  const lines = [
    leader === undefined
      ? `- Nobody leads: ${up.length} of ${now.statuses.length} servers are up, a majority would be ${Math.floor(now.statuses.length / 2) + 1}.`
      : `- Server ${leader} leads term ${now.statuses[leader]?.term ?? '?'}; ${up.length} of ${now.statuses.length} servers are up.`,
  ];
  if (before !== undefined) {
    const earlier = leaderIn(before);
    const termBefore = Math.max(0, ...upIn(before).map(({ term }) => term));
    if (termNow !== termBefore)
      lines.push(`- The term went from ${termBefore} to ${termNow}: there was an election.`);
    else if (earlier === leader) lines.push(`- Term and leader are as before: there was no election.`);
    else
      lines.push(
        `- The term is as before: candidates do not raise it before a majority would vote for them.`,
      );
  }
  const commits = new Set(up.map(({ commitIndex }) => commitIndex));
  if (commits.size === 1) lines.push(`- All that are up have committed up to entry ${[...commits].join()}.`);
  else lines.push(`- The servers that are up have committed up to different entries: some are catching up.`);
  const behind = now.statuses.flatMap((status, server) =>
    status?.crashed === true && status.commitIndex < Math.max(...commits) ? [server] : [],
  );
  if (behind.length > 0)
    lines.push(`- Crashed and behind, as nothing reaches them: server ${behind.join(', ')}.`);
  return lines;
}

function upIn({ statuses }: Statuses): SeenStatus[] {
  return statuses.filter((status) => status !== undefined).filter(({ crashed }) => !crashed);
}

function leaderIn({ statuses }: Statuses): number | undefined {
  const place = statuses.findIndex((status) => status?.role === 'leader' && !status.crashed);
  return place === -1 ? undefined : place;
}

function known(server: number): string {
  return server === -1 ? 'none' : String(server);
}
