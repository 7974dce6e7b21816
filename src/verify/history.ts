/** Any value JSON can carry. */
export type RecordedValue =
  null | boolean | number | string | readonly RecordedValue[] | { readonly [name: string]: RecordedValue };

/** A version of a file and what was stored under it. */
export interface FileState {
  /** At least 1. */
  readonly version: number;
  /** The hash list as a canonical text, such as `canonicalJson` makes: equal texts mean equal lists. */
  readonly content: string;
}

/**
 * The operation certainly had no effect and never will: it was refused before it was accepted (`notLeader`,
 * `isCrashed` on arrival, `overloaded`, wrong argument) or its log entry was overwritten (`superseded`).
 */
export interface Failed {
  readonly status: 'failed';
  /** For people only. */
  readonly reason?: string;
}

/** The operation may have taken effect, may still do so at any later time, or never will. */
export interface Unknown {
  readonly status: 'unknown';
  /** For people only. */
  readonly reason?: string;
}

/** The operation was answered, with these results. */
export type Ok<Result> = { readonly status: 'ok' } & Readonly<Result>;

interface Timed {
  /** A whole number, unique in its history. */
  readonly id: number;
  /** Who called. For people only: the calls of one client may overlap. */
  readonly client: string;
  /** When the call was made, on the one clock of the history, in any unit. */
  readonly invokedAt: number;
  /** When it was answered, not before `invokedAt`; null if it never was, which only an unknown outcome allows. */
  readonly returnedAt: number | null;
}

/** What was asked: kind and arguments. */
export type Call =
  | {
      readonly kind: 'update';
      readonly file: string;
      readonly version: number;
      readonly content: string;
    }
  | { readonly kind: 'readFile'; readonly file: string }
  /** Reads of the version that promise linearizability only: not `tester_getversion`, which tells of one server. */
  | { readonly kind: 'readVersion'; readonly file: string }
  | { readonly kind: 'readMap' }
  | { readonly kind: 'kvPut'; readonly key: string; readonly value: RecordedValue }
  /** Adds one item to the list under the key. */
  | { readonly kind: 'kvAppend'; readonly key: string; readonly value: RecordedValue }
  | { readonly kind: 'kvDelete'; readonly key: string }
  | { readonly kind: 'kvGet'; readonly key: string };

export type Kind = Call['kind'];

/** What an answered call of each kind tells. */
export interface Results {
  /** `applied` is false when the version was refused. */
  update: { applied: boolean };
  /** Version 0 and content null: never written. */
  readFile: { version: number; content: string | null };
  readVersion: { version: number };
  /** Every file ever written. */
  readMap: { files: Readonly<Record<string, FileState>> };
  kvPut: object;
  kvAppend: object;
  /** Whether there was such a key. */
  kvDelete: { existed: boolean };
  /** No `value`: there is no such key. */
  kvGet: { value?: RecordedValue };
}

/** What came of an operation of this kind. */
export type Outcome<K extends Kind = Kind> = Ok<Results[K]> | Failed | Unknown;

type OperationOf<K extends Kind> = Timed & Extract<Call, { kind: K }> & { readonly outcome: Outcome<K> };

export type Update = OperationOf<'update'>;
export type ReadFile = OperationOf<'readFile'>;
export type ReadVersion = OperationOf<'readVersion'>;
export type ReadMap = OperationOf<'readMap'>;
export type KvPut = OperationOf<'kvPut'>;
export type KvAppend = OperationOf<'kvAppend'>;
export type KvDelete = OperationOf<'kvDelete'>;
export type KvGet = OperationOf<'kvGet'>;

/** Operations on files. */
export type FileOperation = Update | ReadFile | ReadVersion | ReadMap;
/** Operations on keys. */
export type KeyOperation = KvPut | KvAppend | KvDelete | KvGet;
/** One call of a client, and what came of it. */
export type Operation = FileOperation | KeyOperation;

/** An operation with the times between which an answered one took effect. */
export type Answered<O extends Operation> = O & { readonly returnedAt: number } & {
  readonly outcome: Extract<O['outcome'], { status: 'ok' }>;
};

/** Whether the operation was answered, so that its results hold. */
export function isAnswered<O extends Operation>(operation: O): operation is Answered<O> {
  return operation.outcome.status === 'ok' && operation.returnedAt !== null;
}

export function isFileOperation(operation: Operation): operation is FileOperation {
  switch (operation.kind) {
    case 'update':
    case 'readFile':
    case 'readVersion':
    case 'readMap':
      return true;
    case 'kvPut':
    case 'kvAppend':
    case 'kvDelete':
    case 'kvGet':
      return false;
  }
}

/** What a checker found. */
export type Verdict<O = Operation> =
  /** The history is linearizable. */
  | { readonly ok: true }
  /** It is not: one sentence that says why, and the few operations that show it. */
  | { readonly ok: false; readonly reason: string; readonly operations: readonly O[] }
  /** The budget ran out before the answer was found. */
  | { readonly ok: 'unknown'; readonly reason: string };

/** The verdict against a history. */
export type Violation<O = Operation> = Extract<Verdict<O>, { ok: false }>;

/** A violation shown by `operations`, each listed once and in order of invocation. */
export function violation<O extends { readonly invokedAt: number }>(
  reason: string,
  operations: readonly O[],
): Violation<O> {
  return {
    ok: false,
    reason,
    operations: [...new Set(operations)].sort((a, b) => a.invokedAt - b.invokedAt),
  };
}
