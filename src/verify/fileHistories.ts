import {
  isAnswered,
  type Answered,
  type FileOperation,
  type Operation,
  type ReadMap,
  type Update,
  violation,
  type Violation,
} from './history.js';

/** All that a history says about one version of one file. */
interface VersionHistory {
  /** The updates to this version, by what was answered. */
  readonly applied: Answered<Update>[];
  readonly refused: Answered<Update>[];
  readonly failed: Update[];
  readonly open: Update[];
  /** The first read that saw this version, and the first that saw what was in it. */
  seenBy?: FileOperation;
  content?: { readonly text: string; readonly by: FileOperation };
  /** Of the reads of this one file: the one that returned first and the one invoked last. */
  firstReturned?: Answered<FileOperation>;
  lastInvoked?: Answered<FileOperation>;
}

/** All that a history says about one file. */
export interface FileHistory {
  readonly name: string;
  readonly versions: Map<number, VersionHistory>;
  /** Versions 1 to this one could all have been written; no update could have written the next one. */
  writable: number;
}

/** Everything a history says about files, by file and version, and its whole-map reads. */
export class FileHistories {
  readonly files = new Map<string, FileHistory>();
  readonly mapReads: Answered<ReadMap>[] = [];

  /**
   * Reads the history once and checks each version by itself: at most one update applied it, all reads of it
   * saw the same content, and that of an update that may have been applied, and below every version seen or
   * applied all versions could have been written.
   *
   * @returns the claims, or the first of these rules broken
   */
  static of(history: readonly Operation[]): FileHistories | Violation<FileOperation> {
    const claims = new FileHistories();
    for (const operation of history) {
      const broken = claims.take(operation);
      if (broken !== undefined) return broken;
    }
    for (const file of claims.files.values()) {
      while (writersOf(file.versions.get(file.writable + 1)).length > 0) file.writable += 1;
      // The version that nothing wrote comes first: it explains all above it.
      for (const version of [file.writable + 1, ...file.versions.keys()]) {
        const of = file.versions.get(version);
        const broken = of && brokenRule(file, version, of);
        if (broken !== undefined) return broken;
      }
    }
    return claims;
  }

  /** @returns a violation when a read disagrees with an earlier one about the content of a version */
  private take(operation: Operation): Violation<FileOperation> | undefined {
    switch (operation.kind) {
      case 'update':
        this.takeUpdate(operation);
        return undefined;
      case 'readFile':
      case 'readVersion': {
        if (!isAnswered(operation)) return undefined;
        const { version } = operation.outcome;
        const of = this.at(operation.file, version);
        if ((of.firstReturned?.returnedAt ?? Infinity) > operation.returnedAt) of.firstReturned = operation;
        if ((of.lastInvoked?.invokedAt ?? -Infinity) < operation.invokedAt) of.lastInvoked = operation;
        of.seenBy ??= operation;
        if (operation.kind === 'readVersion') return undefined;
        const { content } = operation.outcome;
        if ((content === null) !== (version === 0)) return illFormed(operation);
        return content === null ? undefined : sawContent(of, operation.file, version, content, operation);
      }
      case 'readMap': {
        if (!isAnswered(operation)) return undefined;
        this.mapReads.push(operation);
        for (const [file, { version, content }] of Object.entries(operation.outcome.files)) {
          if (version < 1) return illFormed(operation);
          const of = this.at(file, version);
          of.seenBy ??= operation;
          const broken = sawContent(of, file, version, content, operation);
          if (broken !== undefined) return broken;
        }
        return undefined;
      }
      case 'kvPut':
      case 'kvAppend':
      case 'kvDelete':
      case 'kvGet':
        return undefined;
    }
  }

  private takeUpdate(update: Update): void {
    const of = this.at(update.file, update.version);
    if (isAnswered(update)) (update.outcome.applied ? of.applied : of.refused).push(update);
    else if (update.outcome.status === 'failed') of.failed.push(update);
    else of.open.push(update);
  }

  private at(name: string, version: number): VersionHistory {
    let file = this.files.get(name);
    if (file === undefined) {
      file = { name, versions: new Map(), writable: 0 };
      this.files.set(name, file);
    }
    let of = file.versions.get(version);
    if (of === undefined) {
      of = { applied: [], refused: [], failed: [], open: [] };
      file.versions.set(version, of);
    }
    return of;
  }
}

/**
 * The updates of which one wrote this version, if it was written: the acknowledged one; else the ones with an
 * unknown outcome, of those with the content that was seen.
 */
export function writersOf(of: VersionHistory | undefined): readonly Update[] {
  if (of === undefined) return [];
  if (of.applied.length > 0) return of.applied;
  const seen = of.content;
  return seen === undefined ? of.open : of.open.filter(({ content }) => content === seen.text);
}

/** When the first of these calls was made. */
export function firstCall(operations: readonly FileOperation[]): number {
  return operations.reduce((first, { invokedAt }) => Math.min(first, invokedAt), Infinity);
}

/** How a version of a file is named in a sentence. */
export function versionName(version: number, file: string): string {
  return `version ${version} of ${JSON.stringify(file)}`;
}

function sawContent(
  of: VersionHistory,
  file: string,
  version: number,
  text: string,
  by: FileOperation,
): Violation<FileOperation> | undefined {
  if (of.content === undefined) of.content = { text, by };
  else if (of.content.text !== text) {
    return violation(`${versionName(version, file)} was read with two different contents`, [
      of.content.by,
      by,
    ]);
  }
  return undefined;
}

function illFormed(read: FileOperation): Violation<FileOperation> {
  return violation(
    'a read answered what no file can be: content at version 0, or a version without content',
    [read],
  );
}

function brokenRule(
  file: FileHistory,
  version: number,
  of: VersionHistory,
): Violation<FileOperation> | undefined {
  const what = versionName(version, file.name);
  const [first, second] = of.applied;
  if (first !== undefined && second !== undefined) {
    return violation(`two updates to ${what} were both acknowledged as applied`, [first, second]);
  }
  if (first !== undefined && of.content !== undefined && first.content !== of.content.text) {
    return violation(`${what} was read with another content than that of the update acknowledged for it`, [
      first,
      of.content.by,
    ]);
  }
  const witness = first ?? of.seenBy;
  const least = first === undefined ? 0 : 1;
  if (witness === undefined || (version >= least && version <= file.writable)) return undefined;
  const how = first === undefined ? 'seen' : 'acknowledged';
  const missing = Math.max(file.writable + 1, 1);
  if (version < missing || version > missing) {
    const cause =
      version < missing ? 'versions start at 1' : `no update could have written version ${missing}`;
    return violation(`${what} was ${how}, but ${cause}`, [witness]);
  }
  const reader = of.content?.by ?? witness;
  const liar = of.failed.find(({ content }) => of.content === undefined || content === of.content.text);
  return liar === undefined
    ? violation(`${what} was seen, but no update could have written what was seen`, [reader])
    : violation(`${what} was seen, but the update that would have written it was reported as failed`, [
        liar,
        reader,
      ]);
}
