import { isSame, type BaseFile, type SyncOperation, type Trees } from './plan.js';

/** What stops a sync before it changes anything, unless `--allow` names it. */
export const brakeKinds = [
  'mass-deletion',
  'empty-folder',
  'other-folder',
  'empty-store',
  'other-cluster',
  'rollback',
  'lost-base',
] as const;

export type BrakeKind = (typeof brakeKinds)[number];

/** Why the sync stops: a sentence for the user. */
export interface Brake {
  readonly kind: BrakeKind;
  readonly reason: string;
}

/** What is known besides the trees. */
interface Circumstances {
  /** The base could not be read, and why. */
  readonly baseProblem?: string | undefined;
  /** The folder is not the one that was here last time. */
  readonly isOtherFolder?: boolean;
  /** The cluster of the last sync and this one's, when both are known. */
  readonly clusters?: { readonly last: string; readonly now: string } | undefined;
}

/** Up to so many deletions are nothing special. */
const DELETIONS_FREE = 10;

/**
 * The brakes that hold before a plan is made: the folder, the store or the base is not what it was. Each that is let
 * through makes the client forget its base, see {@link usableBase}.
 */
export function brakesBefore(trees: Trees, circumstances: Circumstances): Brake[] {
  const { baseProblem, isOtherFolder, clusters } = circumstances;
  const brakes: Brake[] = [];
  const add = (kind: BrakeKind, reason: string): void => void brakes.push({ kind, reason });
  if (baseProblem !== undefined)
    add('lost-base', `the record of the last sync cannot be read: ${baseProblem}`);
  if (isOtherFolder === true)
    add(
      'other-folder',
      'the folder is not the one that was synced here last time; is the right disk mounted?',
    );
  if (clusters !== undefined && clusters.last !== clusters.now)
    add('other-cluster', 'this is another cluster than the one of the last sync, or it has lost everything');
  const known = liveFiles(trees.base);
  if (known.length > 0 && trees.local.size === 0)
    add('empty-folder', `the folder is empty, and had ${count(known.length, 'file')} at the last sync`);
  const behind = [...trees.base].filter(([name, base]) => isBehind(base, trees.remote.get(name)));
  if (trees.base.size > 0 && trees.remote.size === 0)
    add('empty-store', `the store is empty, and had ${count(known.length, 'file')} at the last sync`);
  else if (behind.length > 0)
    add(
      'rollback',
      `the store has gone back in time: ${count(behind.length, 'file')} older than at the last sync, such as ${JSON.stringify(behind[0]?.[0])}`,
    );
  return brakes;
}

/** The brake on a plan that deletes more than half of the files of a side. */
export function brakesOn(operations: readonly SyncOperation[], trees: Trees): Brake[] {
  const sides = [
    { kind: 'deleteLocal', side: 'folder', files: trees.local.size },
    { kind: 'deleteRemote', side: 'store', files: liveFiles(trees.remote).length },
  ] as const;
  return sides.flatMap(({ kind, side, files }): Brake[] => {
    const deletions = operations.filter((operation) => operation.kind === kind).length;
    if (deletions <= DELETIONS_FREE || deletions * 2 <= files) return [];
    return [
      { kind: 'mass-deletion', reason: `${deletions} of ${files} files would be deleted in the ${side}` },
    ];
  });
}

/**
 * The base that a plan may rely on, once the brakes were let through: none at all when folder, store or base is another
 * one, and none for files whose version went back. Without a base nothing is deleted.
 */
export function usableBase(trees: Trees, brakes: readonly Brake[]): ReadonlyMap<string, BaseFile> {
  const forgetting: readonly BrakeKind[] = ['other-folder', 'empty-store', 'other-cluster', 'lost-base'];
  if (brakes.some(({ kind }) => forgetting.includes(kind))) return new Map();
  if (!brakes.some(({ kind }) => kind === 'rollback')) return trees.base;
  return new Map([...trees.base].filter(([name, base]) => !isBehind(base, trees.remote.get(name))));
}

/** A version that was seen cannot be lower later, nor stand for something else. */
function isBehind(base: BaseFile, remote: BaseFile | undefined): boolean {
  if (remote === undefined) return base.version > 0;
  if (remote.version !== base.version) return remote.version < base.version;
  return !isSame(remote.content, base.content);
}

function liveFiles(tree: ReadonlyMap<string, BaseFile>): string[] {
  return [...tree].filter(([, { content }]) => content !== null).map(([name]) => name);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
