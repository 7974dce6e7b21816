import { actionKinds, CLIENTS, subjectOf, type Action } from './actions.js';
import { bugs } from './bugs.js';
import type { PlacedAction } from './checkpoints.js';
import type { WorldSetup } from './setup.js';
import { packStart, unpackStart } from './startLink.js';

/** The server, link or message that the panel beside the picture is about. */
export type Selection =
  | { readonly kind: 'server'; readonly id: number }
  | { readonly kind: 'link'; readonly from: number; readonly to: number }
  | { readonly kind: 'message'; readonly number: number };

/** Everything that leads back to a moment. */
export interface LinkedMoment extends WorldSetup {
  readonly position: number;
  readonly actions: readonly PlacedAction[];
  readonly selection?: Selection;
}

/** The part of a moment that most links lack. */
interface Extras {
  /** A server, the two of a link, or the number of a message behind a -1. */
  readonly s?: readonly number[];
  readonly bug?: string;
  readonly snapshots?: number;
  readonly start?: readonly unknown[];
}

const PREFIX = '#v1.';
const SERVERS_MAX = 10;
/** A run that long takes a while to be run again; a link that asks for more was not made by this page. */
const POSITION_MAX = 500_000;
const ACTIONS_MAX = 10_000;
const MESSAGES_MAX = 10_000_000;

/** The part of an address after `#` that opens the page at this moment. */
export async function linkTo(moment: LinkedMoment): Promise<string> {
  const { seed, servers, mode, position, actions } = moment;
  const rows = actions.map(({ at, action: { kind, ...on } }) => [
    at,
    actionKinds.indexOf(kind),
    ...Object.values(on as Readonly<Record<string, number>>),
  ]);
  const extras = extrasOf(moment);
  const text = JSON.stringify([
    seed,
    servers,
    mode === 'paper' ? 1 : 0,
    position,
    rows,
    ...(Object.keys(extras).length === 0 ? [] : [extras]),
  ]);
  return (
    PREFIX + toBase64Url(await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(text)))
  );
}

function extrasOf({ selection, bug, snapshotEvery, start }: LinkedMoment): Extras {
  return {
    ...(selection === undefined ? {} : { s: numbersOf(selection) }),
    ...(bug === undefined ? {} : { bug }),
    ...(snapshotEvery === undefined ? {} : { snapshots: snapshotEvery }),
    ...(start === undefined ? {} : { start: packStart(start) }),
  };
}

function numbersOf(selection: Selection): number[] {
  switch (selection.kind) {
    case 'server':
      return [selection.id];
    case 'link':
      return [selection.from, selection.to];
    case 'message':
      return [-1, selection.number];
  }
}

/** @throws Error that says what is wrong with the link */
export async function readLink(hash: string): Promise<LinkedMoment> {
  if (!hash.startsWith(PREFIX))
    throw new Error(`this link does not begin with ${PREFIX}: it is of another version`);
  let parsed: unknown;
  try {
    const bytes = await through(
      new DecompressionStream('deflate-raw'),
      fromBase64Url(hash.slice(PREFIX.length)),
    );
    parsed = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new Error('this link is damaged: a part of it may be missing');
  }
  const moment = momentIn(parsed);
  if (moment === undefined) throw new Error('this link holds something else than a moment of a run');
  return moment;
}

function momentIn(parsed: unknown): LinkedMoment | undefined {
  if (!Array.isArray(parsed) || parsed.length < 5 || parsed.length > 6) return undefined;
  const [seed, servers, mode, position, rows, extras = {}] = parsed as unknown[];
  if (!isWhole(seed, 0, 2 ** 32 - 1) || !isWhole(servers, 1, SERVERS_MAX)) return undefined;
  if (!isWhole(mode, 0, 1) || !isWhole(position, 0, POSITION_MAX)) return undefined;
  if (!Array.isArray(rows) || rows.length > ACTIONS_MAX) return undefined;
  const actions = rows.map((row: unknown) => actionIn(row, servers));
  const more = extrasIn(extras, servers);
  if (!actions.every((action) => action !== undefined) || more === undefined) return undefined;
  return { seed, servers, mode: mode === 1 ? 'paper' : 'shipped', position, actions, ...more };
}

function extrasIn(
  value: unknown,
  servers: number,
): Pick<LinkedMoment, 'selection' | 'bug' | 'snapshotEvery' | 'start'> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { s: numbers, bug, snapshots, start: packed } = value as Readonly<Record<string, unknown>>;
  const selection = numbers === undefined ? undefined : selectionIn(numbers, servers);
  if (numbers !== undefined && selection === undefined) return undefined;
  const planted = bugs.find(({ id }) => id === bug)?.id;
  if (bug !== undefined && planted === undefined) return undefined;
  if (snapshots !== undefined && !isWhole(snapshots, 1, 1000)) return undefined;
  const start = packed === undefined ? undefined : unpackStart(packed, servers);
  if (packed !== undefined && start === undefined) return undefined;
  return {
    ...(selection === undefined ? {} : { selection }),
    ...(planted === undefined ? {} : { bug: planted }),
    ...(snapshots === undefined ? {} : { snapshotEvery: snapshots }),
    ...(start === undefined ? {} : { start }),
  };
}

function selectionIn(numbers: unknown, servers: number): Selection | undefined {
  if (!Array.isArray(numbers)) return undefined;
  const [one, other] = numbers as unknown[];
  if (one === -1) return isWhole(other, 1, MESSAGES_MAX) ? { kind: 'message', number: other } : undefined;
  if (!isWhole(one, 0, servers - 1)) return undefined;
  if (other === undefined) return { kind: 'server', id: one };
  return isWhole(other, 0, servers - 1) ? { kind: 'link', from: one, to: other } : undefined;
}

function actionIn(row: unknown, servers: number): PlacedAction | undefined {
  if (!Array.isArray(row)) return undefined;
  const [at, number, one, other] = row as unknown[];
  const kind = isWhole(number, 0, actionKinds.length - 1) ? actionKinds[number] : undefined;
  if (kind === undefined || !isWhole(at, 0, POSITION_MAX)) return undefined;
  const action = actionOf(kind, one, other, servers);
  return action === undefined ? undefined : { at, action };
}

function actionOf(kind: Action['kind'], one: unknown, other: unknown, servers: number): Action | undefined {
  const subject = subjectOf(kind);
  if (subject === 'message')
    return isWhole(one, 1, MESSAGES_MAX) ? ({ kind, message: one } as Action) : undefined;
  if (!isWhole(one, 0, servers - 1)) return undefined;
  if (subject === 'server') return { kind, server: one } as Action;
  if (subject === 'link')
    return isWhole(other, 0, servers - 1) ? ({ kind, from: one, to: other } as Action) : undefined;
  if (other === undefined) return { kind, server: one } as Action;
  return isWhole(other, 0, CLIENTS - 1) ? ({ kind, server: one, client: other } as Action) : undefined;
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

async function through(
  stream: { readonly readable: ReadableStream; readonly writable: WritableStream },
  bytes: Uint8Array,
): Promise<Uint8Array> {
  const read = new Response(stream.readable).arrayBuffer();
  const writer = stream.writable.getWriter();
  // A damaged stream fails on both sides; the reading side tells.
  const written = writer.write(bytes).then(() => writer.close());
  const [result] = await Promise.all([read, written]);
  return new Uint8Array(result);
}

function toBase64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  );
}
