import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { junitXml } from '../../chaos/output/junit.js';
import { summaryTable } from '../../chaos/output/summaryTable.js';
import type { CheckResult, RunRecord } from '../../chaos/runRecord.js';

const nasty = `<a href="x">&'\n\u0000 ]]> \u{1f412}`;

interface Tag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The tags of an XML text in their order, as a parser that is not ours reads them. @throws when it is not well-formed */
function tagsOf(xml: string): Tag[] {
  const script =
    'import json, sys, xml.etree.ElementTree as t\n' +
    'tags = t.fromstring(sys.stdin.buffer.read()).iter()\n' +
    'print(json.dumps([{"name": e.tag, "attributes": e.attrib} for e in tags]))';
  return JSON.parse(execFileSync('python3', ['-c', script], { input: xml }).toString()) as Tag[];
}

function record(...checks: CheckResult[]): RunRecord {
  return {
    ...{ format: 1, program: 'test', scenario: 'random', shows: '', seed: 7, command: nasty },
    ...{ startedAt: '2026-11-21T09:00:00.000Z', durationMs: 1_500, servers: [], clients: 0, kvClients: 0 },
    ...{ managed: false, durable: false, steps: [], faults: [], samples: [], elections: [] },
    ...{ checks, operations: [] },
  };
}

describe('chaos: JUnit XML', () => {
  const checks: CheckResult[] = [
    { name: 'linearizable', verdict: 'fail', summary: nasty, details: [nasty] },
    { name: 'replicas are equal', verdict: 'pass', summary: 'fine', details: [] },
    { name: 'few messages when idle', verdict: 'unknown', summary: 'not measured', details: [] },
  ];

  it('is well-formed whatever is in it, with a case for each check', () => {
    const tags = tagsOf(junitXml(record(...checks)));
    expect(tags.map(({ name }) => name)).to.deep.equal([
      ...['testsuites', 'testsuite', 'properties', 'property'],
      ...['testcase', 'failure', 'testcase', 'system-out', 'testcase', 'skipped'],
    ]);
    expect(tags[1]?.attributes).to.deep.include({ tests: '3', failures: '1', skipped: '1', time: '1.500' });
    expect(tags[4]?.attributes).to.include({ name: 'linearizable', classname: 'chaos.random' });
    expect(tags[5]?.attributes['message']).to.equal(nasty.replace('\u0000', ''));
  });

  it('goes with a table that shows each verdict, and the details of a failure', () => {
    const table = summaryTable(
      record({ name: 'one leader per term', verdict: 'fail', summary: 'Two.', details: ['term 4: 0 and 2'] }),
    );
    expect(table).to.match(/FAIL.*one leader per term.*Two\./);
    expect(table).to.contain('term 4: 0 and 2');
  });
});
