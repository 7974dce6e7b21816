import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeHistory } from '../../src/verify/index.js';
import { renderReport } from '../report/index.js';
import type { RunRecord } from '../runRecord.js';
import { junitXml } from './junit.js';

/** Writes everything that is kept of a run into one folder; gives the paths. */
export function writeRun(folder: string, record: RunRecord): string[] {
  mkdirSync(folder, { recursive: true });
  const { operations, ...rest } = record;
  const contents: readonly (readonly [name: string, text: string])[] = [
    ['result.json', `${JSON.stringify(rest, null, 2)}\n`],
    ['history.jsonl', encodeHistory(operations)],
    ['junit.xml', junitXml(record)],
    ['report.html', renderReport(record)],
  ];
  return contents.map(([name, text]) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  });
}
