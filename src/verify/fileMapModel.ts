import type { FileOperation, FileState } from './history.js';
import type { Model } from './wgl.js';

type Files = ReadonlyMap<string, FileState>;

/**
 * The file map as a sequential object: an update is applied exactly when its version is one above the stored
 * one, 0 for a file never written. For the general search, on small histories: `checkFiles` is exact too
 * and needs no search.
 */
export const fileMapModel: Model<Files, FileOperation> = {
  init: new Map(),
  step(files, operation) {
    switch (operation.kind) {
      case 'update': {
        const { file, version, content, outcome } = operation;
        const isApplied = version === versionOf(files, file) + 1;
        const isLegal = outcome.status !== 'ok' || outcome.applied === isApplied;
        return [isLegal, isApplied ? new Map(files).set(file, { version, content }) : files];
      }
      case 'readFile': {
        const { file, outcome } = operation;
        if (outcome.status !== 'ok') return [true, files];
        const isContent = (files.get(file)?.content ?? null) === outcome.content;
        return [outcome.version === versionOf(files, file) && isContent, files];
      }
      case 'readVersion': {
        const { file, outcome } = operation;
        return [outcome.status !== 'ok' || outcome.version === versionOf(files, file), files];
      }
      case 'readMap': {
        const { outcome } = operation;
        return [outcome.status !== 'ok' || textOf(Object.entries(outcome.files)) === textOf(files), files];
      }
    }
  },
  key: textOf,
  isPassive: ({ kind, outcome }) =>
    kind !== 'update' || (outcome.status === 'ok' && 'applied' in outcome && !outcome.applied),
};

function versionOf(files: Files, file: string): number {
  return files.get(file)?.version ?? 0;
}

function textOf(files: Iterable<readonly [string, FileState]>): string {
  const rows = Array.from(files, ([name, { version, content }]) => JSON.stringify([name, version, content]));
  return rows.sort().join();
}
