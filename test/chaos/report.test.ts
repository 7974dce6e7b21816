import { expect } from 'chai';
import { renderReport } from '../../chaos/report/index.js';
import type { RunOperation, RunRecord } from '../../chaos/runRecord.js';
import {
  checks,
  emptyRecord,
  failingRecord,
  largeRecord,
  longRecord,
  passingRecord,
  unknownRecord,
} from './support/sampleRecords.js';

const voidElements = new Set(['meta', 'input', 'br', 'hr', 'link', 'img']);

/** Errors in the nesting of tags: the report may not rely on a browser to repair it. */
function nestingProblems(html: string): string[] {
  const open: string[] = [];
  const problems: string[] = [];
  const bare = html.replace(/(<(script|style)\b[^>]*>)[^]*?(<\/\2>)/g, '$1$3').replace(/<!doctype html>/, '');
  for (const [tag, closing, name = '', rest = ''] of bare.matchAll(
    /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*\s*\/?)>/g,
  )) {
    if (closing === '/') {
      const last = open.pop();
      if (last !== name) problems.push(`${tag} closes ${last ?? 'nothing'}`);
    } else if (!rest.endsWith('/') && !voidElements.has(name)) open.push(name);
  }
  const text = bare.replace(/<\/?[a-zA-Z][\w-]*(?:\s+[\w:-]+(?:="[^"<]*")?)*\s*\/?>/g, '');
  if (/[<>]/.test(text)) problems.push(`not a tag: ${/.{0,40}[<>].{0,40}/.exec(text)?.[0] ?? ''}`);
  return [...problems, ...open.map((name) => `${name} is never closed`)];
}

/** Addresses that the page would load something from. */
function outsideResources(html: string): string[] {
  return [
    ...html.matchAll(/(?:src|href|action|data|poster|xlink:href)="(?!#)[^"]*"/g),
    ...html.matchAll(/url\((?!#)[^)]*\)|@import[^;]*/g),
    ...html.matchAll(/\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|importScripts|sendBeacon)\b/g),
  ].map(([found]) => found);
}

function duplicateIds(html: string): string[] {
  const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = '']) => id);
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

/** The text that a reader sees. */
function words(html: string): string {
  return html
    .replace(/<(head|script)\b[^>]*>[^]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ');
}

const nasty = `<script>alert("it's")</script> & </script> <!-- 🐒 \u0007`;

function nastyRecord(): RunRecord {
  const record = failingRecord();
  const operations = record.operations.map((operation): RunOperation => ({
    ...operation,
    client: nasty,
    ...('file' in operation ? { file: nasty } : {}),
    ...(operation.outcome.status === 'ok' ? {} : { outcome: { ...operation.outcome, reason: nasty } }),
  }));
  return {
    ...record,
    program: nasty,
    scenario: nasty,
    shows: nasty,
    command: nasty,
    startedAt: nasty,
    servers: record.servers.map(({ id }) => ({ id, address: nasty })),
    steps: [{ at: 5, text: nasty }],
    checks: record.checks.map((check) => ({ ...check, summary: nasty, details: [nasty] })),
    operations,
  };
}

function oneServer(): RunRecord {
  return emptyRecord({
    durationMs: 5,
    checks: checks(),
    faults: [{ server: 0, kind: 'unreachable', startedAt: 1, endedAt: null }],
    samples: [{ server: 0, at: 0, role: 'leader', crashed: false, term: 1, leader: 0, commitIndex: 0 }],
  });
}

describe('report', () => {
  const records: readonly (readonly [string, () => RunRecord])[] = [
    ['a run that passes', () => passingRecord()],
    ['a run that fails', failingRecord],
    ['a run that is not decided', unknownRecord],
    ['ten servers for two hours', longRecord],
    ['nothing at all', () => emptyRecord()],
    ['one server', oneServer],
    ['no servers', () => emptyRecord({ servers: [] })],
    ['texts that look like markup', nastyRecord],
  ];

  for (const [name, make] of records) {
    describe(`of ${name}`, () => {
      const html = renderReport(make());

      it('has tags that nest', () => {
        expect(nestingProblems(html)).to.deep.equal([]);
      });

      it('loads nothing', () => {
        expect(outsideResources(html)).to.deep.equal([]);
        expect(html).to.contain(`content="default-src 'none';`);
      });

      it('has no id twice, and links only to ids that it has', () => {
        expect(duplicateIds(html)).to.deep.equal([]);
        const linked = [...html.matchAll(/(?:href="|url\()#([^")]*)/g)].map(([, id = '']) => id);
        expect(linked.filter((id) => !html.includes(` id="${id}"`))).to.deep.equal([]);
      });

      it('has only numbers in its drawings', () => {
        expect(html.replace(/<script>[^]*<\/script>/, '')).not.to.match(/NaN|Infinity|undefined|\[object/);
      });
    });
  }

  it('is the same for the same record', () => {
    expect(renderReport(passingRecord())).to.equal(renderReport(passingRecord()));
  });

  it('says first what came of the run, of which run, and how to run it again', () => {
    const page = words(renderReport(passingRecord()));
    const places = [
      'PASS',
      'rolling leaders',
      '13 of 13 checks passed',
      'Seed 42',
      'Run it again npm run chaos --',
      'longest without service',
      'Checks',
    ].map((text) => page.indexOf(text));
    expect(places).not.to.include(-1);
    expect(places).to.deep.equal([...places].sort((one, other) => one - other));
  });

  it('fails if one check fails, and is in doubt if one is undecided', () => {
    const title = (record: RunRecord): string => /<title>([^<:]*)/.exec(renderReport(record))?.[1] ?? '';
    expect(title(passingRecord())).to.equal('PASS');
    expect(title(failingRecord())).to.equal('FAIL');
    expect(title(unknownRecord())).to.equal('PASS with 2 unknowns');
    expect(title(emptyRecord())).to.equal('UNKNOWN');
  });

  it('shows no text of the record as markup', () => {
    const html = renderReport(nastyRecord());
    expect(html).not.to.contain('<script>alert');
    expect(html.match(/<script\b/g)).to.have.length(2);
    expect(html.match(/<\/script>/g)).to.have.length(2);
    expect(html).not.to.contain('\u0007');
    expect(words(html)).to.contain(`<script>alert("it's")</script> & </script> <!-- 🐒`);
  });

  it('numbers the steps of the story over the lanes and in words', () => {
    const html = renderReport(passingRecord());
    expect(words(html)).to.contain('7 27.40 s kill server 3: the majority is lost');
    expect(html).to.contain('href="#step-7"').and.contain('id="step-7"');
  });

  it('shows in words and drawn the operations that a failed check names', () => {
    const record = failingRecord();
    const page = words(renderReport(record));
    expect(page).to.contain('The shortest bad history');
    for (const id of record.checks[0]?.operations ?? []) expect(page).to.contain(`#${id}`);
    expect(page).to.contain('read “notes.txt” → version 6');
    expect(page).to.contain('client 1 19.831 s 19.836 s 5 ms read “notes.txt” version 6, ["h6"] server 2');
    expect(words(renderReport(passingRecord()))).not.to.contain('bad history');
  });

  it('says so when a check names an operation that is not in the record', () => {
    const [failed] = checks({ linearizable: { verdict: 'fail', operations: [77] } });
    const page = words(renderReport(emptyRecord({ checks: failed === undefined ? [] : [failed] })));
    expect(page).to.contain('Not in the record: #77.');
  });

  it('marks elections over the limit of 5 s', () => {
    const page = words(renderReport(failingRecord()));
    expect(page).to.contain('6 elections').and.contain('1 over the limit of 5 s');
    expect(page).to.contain('53.00 s 58.64 s server 3 server 0 9 5.64 s ✗');
    expect(words(renderReport(passingRecord()))).to.contain('none over the limit of 5 s');
  });

  it('tells operations on files from those on keys, and lets each be hidden where there are both', () => {
    const both = (html: string): boolean =>
      html.includes('id="show-files"') && html.includes('id="show-keys"');
    const record = passingRecord();
    const keys = longRecord().operations.slice(0, 300);
    const mixed = renderReport({ ...record, kvClients: 4, operations: [...record.operations, ...keys] });
    expect(both(mixed)).to.equal(true);
    expect(duplicateIds(mixed)).to.deep.equal([]);
    expect(words(mixed)).to.contain('8 clients of files and 4 of keys').and.contain('on keys 300');
    const page = words(mixed);
    expect(page.indexOf('update a file')).to.be.within(1, page.indexOf('append to a key'));
    expect(both(renderReport(record)) || both(renderReport(longRecord()))).to.equal(false);
  });

  it('keeps a page of 100,000 operations light', () => {
    const record = largeRecord(100_000);
    const before = process.cpuUsage();
    const html = renderReport(record);
    const { user, system } = process.cpuUsage(before);
    expect(html.length).to.be.below(6_000_000);
    expect(user + system, 'microseconds of CPU time to make it').to.be.below(20_000_000);
  });
});
