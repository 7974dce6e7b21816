import { isAnswered, type FileState, type Update } from '../../src/verify/index.js';
import type { CheckResult, RunOperation } from '../runRecord.js';
import type { RunFacts } from './facts.js';
import { counted } from './words.js';

/**
 * Whether every acknowledged update is in the file's order of versions, as far as it was ever seen: the last map has no version
 * below it, and whoever saw its version saw its content.
 */
export function nothingLost({ operations, finalMap, replicas }: RunFacts): CheckResult {
  const name = 'nothing acknowledged is lost';
  const acknowledged = operations.filter(isAcknowledged);
  const count = counted(acknowledged.length, 'acknowledged update');
  const lastVersions = finalMap === undefined ? versionsOf(replicas) : versionsIn(finalMap);
  if (lastVersions === undefined)
    return { name, verdict: 'unknown', summary: `Nobody gave the map at the end: ${count}.`, details: [] };
  if (acknowledged.length === 0)
    return { name, verdict: 'unknown', summary: 'No update was acknowledged.', details: [] };

  const seen = contentsSeen(operations);
  for (const [file, { version, content }] of Object.entries(finalMap ?? {}))
    see(seen, file, version, content);
  const losses = acknowledged.flatMap((update) => {
    const last = lastVersions[update.file] ?? 0;
    if (last < update.version) return [`${told(update)}, but at the end the file has version ${last}`];
    const others = [...(seen.get(keyOf(update.file, update.version)) ?? [])].filter(
      (content) => content !== update.content,
    );
    return others.map((content) => `${told(update)}, but this version was seen as ${content}`);
  });
  const files = new Set(acknowledged.map(({ file }) => file)).size;
  if (losses.length > 0) {
    const summary = `${counted(losses.length, 'loss', 'losses')} among ${count}: ${losses[0] ?? ''}.`;
    return { name, verdict: 'fail', summary, details: losses };
  }
  const summary = `All of ${count} of ${counted(files, 'file')} are there.`;
  return { name, verdict: 'pass', summary, details: [] };
}

function versionsIn(map: Readonly<Record<string, FileState>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(map).map(([file, { version }]) => [file, version]));
}

/** Of servers whose map cannot be read: the highest version of each file that any of them has. */
function versionsOf(replicas: RunFacts['replicas']): Readonly<Record<string, number>> | undefined {
  const there = replicas?.replicas.filter((replica) => replica !== undefined) ?? [];
  if (there.length === 0) return undefined;
  const versions: Record<string, number> = {};
  for (const replica of there)
    for (const [file, version] of Object.entries(replica.versions))
      versions[file] = Math.max(versions[file] ?? 0, version);
  return versions;
}

function isAcknowledged(operation: RunOperation): operation is RunOperation & Update {
  return operation.kind === 'update' && isAnswered(operation) && operation.outcome.applied;
}

/** Under each version of each file, the contents that were read or acknowledged. */
function contentsSeen(operations: readonly RunOperation[]): Map<string, Set<string>> {
  const seen = new Map<string, Set<string>>();
  for (const operation of operations) {
    if (isAcknowledged(operation)) see(seen, operation.file, operation.version, operation.content);
    if (operation.kind === 'readMap' && isAnswered(operation)) {
      for (const [file, { version, content }] of Object.entries(operation.outcome.files))
        see(seen, file, version, content);
    }
  }
  return seen;
}

function see(seen: Map<string, Set<string>>, file: string, version: number, content: string): void {
  const key = keyOf(file, version);
  seen.set(key, (seen.get(key) ?? new Set<string>()).add(content));
}

function keyOf(file: string, version: number): string {
  return `${version} ${file}`;
}

function told({ id, client, file, version, content }: Update): string {
  return `#${id}: ${client} was told that version ${version} of "${file}" is ${content}`;
}
