import {
  violation,
  type Violation,
  type Answered,
  type FileOperation,
  type ReadMap,
  type Update,
} from './history.js';
import { firstCall, versionName, type FileHistory } from './fileHistories.js';
import type { Moment } from './moments.js';
import type { MapSnapshot } from './snapshots.js';

interface Part {
  readonly text: string;
  readonly operations: readonly FileOperation[];
}

/** A moment at which a file gets a version. */
interface Written {
  readonly file: FileHistory;
  readonly version: number;
}

/** The way from what makes a moment late to that moment. */
interface Trace {
  /** The moment that an operation itself makes late. */
  readonly source: Moment;
  /** The first write on the way, the source if it is one. */
  readonly first: Written | undefined;
  /** The first snapshot on the way after a write, and the first write after that. */
  readonly through: MapSnapshot | undefined;
  readonly second: Written | undefined;
}

/** Why this moment, later than it must be, shows that the history is not linearizable. */
export function explain(conflict: Moment): Violation<FileOperation> {
  const late = lateness(conflict);
  const early = deadline(conflict, traceTo(conflict).first);
  if (early === undefined) return violation(late.text, late.operations);
  return violation(`${early.text}, but ${late.text}`, [...early.operations, ...late.operations]);
}

/** Which operation shows that the moment was there, and when at the latest. */
function deadline({ latestBy }: Moment, subject: Written | undefined): Part | undefined {
  if (latestBy === undefined) return undefined;
  const text = `${described(latestBy, subject?.file)} by ${latestBy.returnedAt ?? Infinity}`;
  return { text, operations: [latestBy] };
}

/** Which operations show that the moment was not there before its earliest time. */
function lateness(moment: Moment): Part {
  const { source, first, through, second } = traceTo(moment);
  const cause = causeOf(source, first);
  // A snapshot moment ends a trace with an operation of its own, which the deadline tells of.
  if (through === undefined || moment.happening.type !== 'write' || first === undefined) return cause;
  const read = through.firstReturned;
  const from = `map read #${read.id} saw version ${versionSeen(read, first.file.name)} of ${JSON.stringify(first.file.name)}`;
  const to =
    second === undefined
      ? ''
      : ` with version ${versionSeen(read, second.file.name)} of ${JSON.stringify(second.file.name)}`;
  return { text: `${cause.text}, and ${from}${to}`, operations: [...cause.operations, read] };
}

function traceTo(end: Moment): Trace {
  const way = [end];
  let source = end;
  while (source.cause.type === 'after') {
    source = source.cause.moment;
    way.push(source);
  }
  let first: Written | undefined;
  let second: Written | undefined;
  let through: MapSnapshot | undefined;
  for (const { happening } of way.reverse()) {
    if (happening.type === 'write') {
      first ??= happening;
      if (through !== undefined) second ??= happening;
    } else if (first !== undefined && source.happening.type === 'write') through ??= happening.snapshot;
  }
  return { source, first, through, second };
}

function causeOf({ cause, happening }: Moment, subject: Written | undefined): Part {
  switch (cause.type) {
    case 'refused':
      return causeOfRefusal(cause.update, cause.next);
    case 'invoked': {
      const [operation] = cause.by;
      if (operation === undefined || happening.type !== 'write' || operation.kind !== 'update') {
        const text =
          operation === undefined
            ? ''
            : `${described(operation, subject?.file)} though invoked at ${operation.invokedAt}`;
        return { text, operations: cause.by };
      }
      const time = firstCall(cause.by);
      const what = versionName(happening.version, happening.file.name);
      const text = `no update that can have written ${what} was invoked before ${time}`;
      return { text, operations: [...cause.by, ...excluding(happening)] };
    }
    case 'start':
    case 'after':
      return { text: '', operations: [] };
  }
}

/** The read that rules out other updates to the version, those with another content than it saw. */
function excluding({ file, version }: Written): FileOperation[] {
  const claims = file.versions.get(version);
  const seen = claims?.content;
  if (claims === undefined || seen === undefined || claims.applied.length > 0) return [];
  return claims.open.some(({ content }) => content !== seen.text) ? [seen.by] : [];
}

function causeOfRefusal(update: Answered<Update>, next: Moment | undefined): Part {
  const call = `update #${update.id} to ${versionName(update.version, update.file)}, from ${update.invokedAt} to ${update.returnedAt}, was refused without cause`;
  if (next === undefined) {
    return { text: `${call}: no update could have written that version`, operations: [update] };
  }
  const late = lateness(next);
  return { text: `${call}: ${late.text}`, operations: [update, ...late.operations] };
}

function described(operation: FileOperation, file: FileHistory | undefined): string {
  switch (operation.kind) {
    case 'update':
      return `update #${operation.id} was acknowledged for ${versionName(operation.version, operation.file)}`;
    case 'readFile':
    case 'readVersion': {
      const seen = operation.outcome.status === 'ok' ? operation.outcome.version : 0;
      return `read #${operation.id} saw ${versionName(seen, operation.file)}`;
    }
    case 'readMap':
      if (file === undefined) return `map read #${operation.id} returned`;
      return `map read #${operation.id} saw ${versionName(versionSeen(operation, file.name), file.name)}`;
  }
}

function versionSeen({ outcome }: ReadMap, file: string): number {
  if (outcome.status !== 'ok' || !Object.hasOwn(outcome.files, file)) return 0;
  return outcome.files[file]?.version ?? 0;
}
