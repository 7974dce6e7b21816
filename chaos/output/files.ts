import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeHistory } from '../../src/verify/index.js';
import { renderReport } from '../report/index.js';
import type { RunRecord } from '../runRecord.js';
import { UsageError } from '../usageError.js';
import { junitXml } from './junit.js';

/**
 * Makes sure before the run that its results will find a place.
 *
 * @throws UsageError
 */
export function createFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`results cannot be written to ${folder}: ${reason}`);
  }
}

/** Writes everything that is kept of a run into one folder, which exists; gives the paths. */
export function writeRun(folder: string, record: RunRecord): string[] {
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
