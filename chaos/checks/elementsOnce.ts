import { isAnswered, type RecordedValue } from '../../src/verify/index.js';
import type { CheckResult, RunOperation } from '../runRecord.js';
import { LAST_READER, type Replica, type RunFacts } from './facts.js';
import { counted } from './words.js';

type Write = RunOperation & { readonly kind: 'kvPut' | 'kvAppend' };

/** A list as somebody saw it. */
interface Sighting {
  readonly key: string;
  readonly elements: readonly string[];
  /** As in `server 2, at the end`. */
  readonly where: string;
  /** The read that saw it; undefined: a look at one server's own state. */
  readonly operation: number | undefined;
  /** After everything was healed and all clients had ended: nothing may be missing. */
  readonly isLast: boolean;
}

interface Problem {
  readonly text: string;
  readonly operations: readonly number[];
}

/**
 * Whether every element that was written is where it belongs, once. No list that was ever seen holds an element twice, one that
 * nobody wrote there, or one whose write certainly was not done; and in the end every acknowledged element is in its list on every
 * server, unless a put may have replaced it.
 */
export function elementsOnce({ operations, replicas }: RunFacts): CheckResult {
  const name = 'no lost and no doubled element';
  const writes = operations.filter(isWrite);
  const sightings = [...operations.flatMap(seenBy), ...seenOn(replicas?.replicas ?? [])];
  const acknowledged = writes.filter(isAnswered);
  const elements = acknowledged.reduce((sum, write) => sum + elementsOf(write).length, 0);
  const keys = new Set(acknowledged.map(({ key }) => key));
  const repeated = writes.filter(({ attempts }) => attempts > 1).length;
  const figures = `${counted(elements, 'acknowledged element')} under ${counted(keys.size, 'key')}, ${counted(repeated, 'write')} of ${writes.length} sent more than once, ${counted(sightings.length, 'list')} seen`;

  const problems = [...wrongElements(writes, sightings), ...lostElements(writes, acknowledged, sightings)];
  const [first] = problems;
  if (first !== undefined) {
    const summary = `${counted(problems.length, 'element')} wrong: ${first.text}.`;
    const details = [figures, ...problems.map(({ text }) => text)];
    return { name, verdict: 'fail', summary, details, operations: first.operations };
  }
  if (acknowledged.length === 0)
    return {
      name,
      verdict: 'unknown',
      summary: 'Nothing that was written to a key was acknowledged.',
      details: [],
    };
  const seenLast = new Set(sightings.filter(({ isLast }) => isLast).map(({ key }) => key));
  const unseen = [...keys].filter((key) => !seenLast.has(key));
  if (unseen.length > 0) {
    const summary = `Nobody gave ${counted(unseen.length, 'list')} of ${keys.size} at the end: ${figures}.`;
    return { name, verdict: 'unknown', summary, details: [] };
  }
  return { name, verdict: 'pass', summary: `Each element is there once: ${figures}.`, details: [] };
}

function isWrite(operation: RunOperation): operation is Write {
  return operation.kind === 'kvPut' || operation.kind === 'kvAppend';
}

function elementsOf({ kind, value }: Write): readonly string[] {
  return asElements(kind === 'kvAppend' ? [value] : value);
}

function asElements(value: RecordedValue): readonly string[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === 'string') : [];
}

function seenBy(operation: RunOperation): Sighting[] {
  if (operation.kind !== 'kvGet' || !isAnswered(operation)) return [];
  const { id, client, key, outcome, server } = operation;
  const isLast = client === LAST_READER;
  const where = isLast ? `server ${server ?? '?'} at the end (#${id})` : `#${id}`;
  return [{ key, elements: asElements(outcome.value ?? []), where, operation: id, isLast }];
}

/** One that is behind has lost nothing: it is not equal to the others, which is another check. */
function seenOn(replicas: readonly (Replica | undefined)[]): Sighting[] {
  const there = replicas.filter((replica) => replica !== undefined);
  const latest = Math.max(0, ...there.map(({ lastApplied }) => lastApplied));
  return there.flatMap(({ server, lists, lastApplied }) =>
    Object.entries(lists).map(([key, list]) => ({
      ...{ key, elements: list ?? [], where: `the state of server ${server} at the end` },
      ...{ operation: undefined, isLast: lastApplied === latest },
    })),
  );
}

/** Elements that are in some list twice, or should not be there at all; each is told of once. */
function wrongElements(writes: readonly Write[], sightings: readonly Sighting[]): Problem[] {
  const writers = new Map<string, Write>();
  for (const write of writes) for (const element of elementsOf(write)) writers.set(element, write);
  const problems = new Map<string, Problem>();
  for (const { key, elements, where, operation } of sightings) {
    const counts = new Map<string, number>();
    for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1);
    for (const [element, times] of counts) {
      if (problems.has(element)) continue;
      const writer = writers.get(element);
      const wrong = whatIsWrong(writer?.key === key ? writer : undefined, times);
      if (wrong === undefined) continue;
      const text = `${where} saw "${element}" ${wrong} in "${key}"${writer === undefined ? '' : `, written by ${told(writer)}`}`;
      problems.set(element, { text, operations: ids(writer?.id, operation) });
    }
  }
  return [...problems.values()];
}

function whatIsWrong(writer: Write | undefined, times: number): string | undefined {
  if (times > 1) return times === 2 ? 'twice' : `${times} times`;
  if (writer === undefined) return ', which nobody wrote there,';
  if (writer.outcome.status === 'failed') return ', which certainly was not written,';
  return undefined;
}

/** Acknowledged elements that a last look did not find; each is told of once. */
function lostElements(
  writes: readonly Write[],
  acknowledged: readonly Write[],
  sightings: readonly Sighting[],
): Problem[] {
  const last = groupedByKey(sightings.filter(({ isLast }) => isLast));
  const puts = groupedByKey(
    writes.filter(({ kind, outcome }) => kind === 'kvPut' && outcome.status !== 'failed'),
  );
  return acknowledged.flatMap((write) => {
    const mayBeReplaced =
      puts.get(write.key)?.some((put) => put !== write && mayComeAfter(put, write)) === true;
    if (mayBeReplaced) return [];
    return elementsOf(write).flatMap((element): Problem[] => {
      const missing = last.get(write.key)?.find(({ elements }) => !elements.includes(element));
      if (missing === undefined) return [];
      const text = `${missing.where} has lost "${element}" of "${write.key}", written by ${told(write)}`;
      return [{ text, operations: ids(write.id, missing.operation) }];
    });
  });
}

/** One of unknown outcome may take effect at any later time. */
function mayComeAfter(put: Write, write: Write): boolean {
  return put.outcome.status === 'unknown' || put.returnedAt === null || put.returnedAt >= write.invokedAt;
}

function groupedByKey<T extends { readonly key: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.key);
    if (group === undefined) groups.set(item.key, [item]);
    else group.push(item);
  }
  return groups;
}

function told({ id, client, outcome, attempts }: Write): string {
  return `#${id} of ${client} (${outcome.status === 'ok' ? 'acknowledged' : outcome.status}, sent ${counted(attempts, 'time')})`;
}

function ids(...found: readonly (number | undefined)[]): number[] {
  return found.filter((id) => id !== undefined);
}
