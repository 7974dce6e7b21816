import type { PlacedAction } from './history.js';
import type { Action, WorldSetup } from './world.js';

/** Everything that leads back to a moment. */
export interface LinkedMoment extends WorldSetup {
  readonly position: number;
  readonly actions: readonly PlacedAction[];
}

const PREFIX = '#v1.';
const SERVERS_MAX = 10;
/** A run that long takes a while to be run again; a link that asks for more was not made by this page. */
const POSITION_MAX = 500_000;
const ACTIONS_MAX = 10_000;

/** In this order for ever: a link holds their places. */
const kinds: readonly Action['kind'][] = [
  'crash',
  'restore',
  'stop',
  'start',
  'timeout',
  'request',
  'cut',
  'heal',
];

/** The part of an address after `#` that opens the page at this moment. */
export async function linkTo({ seed, servers, mode, position, actions }: LinkedMoment): Promise<string> {
  const rows = actions.map(({ at, action }) =>
    'from' in action
      ? [at, kinds.indexOf(action.kind), action.from, action.to]
      : [at, kinds.indexOf(action.kind), action.server],
  );
  const text = JSON.stringify([seed, servers, mode === 'paper' ? 1 : 0, position, rows]);
  return (
    PREFIX + toBase64Url(await through(new CompressionStream('deflate-raw'), new TextEncoder().encode(text)))
  );
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
  if (!Array.isArray(parsed) || parsed.length !== 5) return undefined;
  const [seed, servers, mode, position, rows] = parsed as unknown[];
  if (!isWhole(seed, 0, 2 ** 32 - 1) || !isWhole(servers, 1, SERVERS_MAX)) return undefined;
  if (!isWhole(mode, 0, 1) || !isWhole(position, 0, POSITION_MAX)) return undefined;
  if (!Array.isArray(rows) || rows.length > ACTIONS_MAX) return undefined;
  const actions = rows.map((row: unknown) => actionIn(row, servers));
  if (!actions.every((action) => action !== undefined)) return undefined;
  return { seed, servers, mode: mode === 1 ? 'paper' : 'shipped', position, actions };
}

function actionIn(row: unknown, servers: number): PlacedAction | undefined {
  if (!Array.isArray(row)) return undefined;
  const [at, number, one, other] = row as unknown[];
  const kind = isWhole(number, 0, kinds.length - 1) ? kinds[number] : undefined;
  if (kind === undefined || !isWhole(at, 0, POSITION_MAX) || !isWhole(one, 0, servers - 1)) return undefined;
  if (kind !== 'cut' && kind !== 'heal') return { at, action: { kind, server: one } };
  return isWhole(other, 0, servers - 1) ? { at, action: { kind, from: one, to: other } } : undefined;
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
