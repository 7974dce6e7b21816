import type { FaultKind, FaultSpan, RunOperation, ServerId } from '../runRecord.js';
import { outcomeClass } from './summary.js';

/** The text, or its beginning if it is long. */
export function shortened(text: string, charactersMax: number): string {
  const characters = Array.from(text);
  return characters.length <= charactersMax ? text : `${characters.slice(0, charactersMax - 1).join('')}…`;
}

/** The call, as in `update "a.txt" to version 3`. */
export function callInWords(operation: RunOperation): string {
  switch (operation.kind) {
    case 'update':
      return `update ${quoted(operation.file)} to version ${operation.version}`;
    case 'readFile':
      return `read ${quoted(operation.file)}`;
    case 'readVersion':
      return `read the version of ${quoted(operation.file)}`;
    case 'readMap':
      return 'read the whole map';
    case 'kvPut':
      return `put ${quoted(operation.key)} = ${value(operation.value)}`;
    case 'kvAppend':
      return `append ${value(operation.value)} to ${quoted(operation.key)}`;
    case 'kvDelete':
      return `delete ${quoted(operation.key)}`;
    case 'kvGet':
      return `get ${quoted(operation.key)}`;
  }
}

/** The reply to it, as in `version 2`, or `fault: not the leader`. */
export function replyInWords(operation: RunOperation, valueCharactersMax = 48): string {
  const { outcome } = operation;
  switch (outcome.status) {
    case 'failed':
      return withReason('fault', outcome.reason);
    case 'unknown':
      return withReason('unknown', outcome.reason);
    case 'ok':
      break;
  }
  if (outcomeClass(operation) === 'refused') return 'refused';
  if ('files' in outcome) return mapInWords(outcome.files);
  if ('version' in outcome) {
    if (outcome.version === 0) return 'never written';
    const content =
      'content' in outcome && outcome.content !== null ? `, ${shortened(outcome.content, 40)}` : '';
    return `version ${outcome.version}${content}`;
  }
  if (operation.kind === 'kvGet') {
    return 'value' in outcome ? value(outcome.value, valueCharactersMax) : 'no such key';
  }
  return 'ok';
}

/** Call and reply in few words, for a drawing: `read "a.txt" → version 2`. */
export function inShort(operation: RunOperation): string {
  const reply =
    operation.outcome.status === 'ok' && 'version' in operation.outcome && operation.outcome.version > 0
      ? `version ${operation.outcome.version}`
      : replyInWords(operation);
  return `${callInWords(operation)} → ${reply}`;
}

export const faultWords: Readonly<Record<FaultKind, string>> = {
  crash: 'crashed',
  unreachable: 'cut off',
  kill: 'killed',
  pause: 'stopped',
};

/** As in `cut off from 0, 1`. */
export function faultInWords({ kind, from }: FaultSpan): string {
  const others =
    kind === 'unreachable' && from !== undefined && from.length > 0 ? ` from ${from.join(', ')}` : '';
  return faultWords[kind] + others;
}

export function serverName(server: ServerId | null): string {
  return server === null ? 'nobody' : `server ${server}`;
}

function mapInWords(files: Readonly<Record<string, { readonly version: number }>>): string {
  const names = Object.keys(files);
  const shown = names.slice(0, 6).map((name) => `${quoted(name)} ${files[name]?.version ?? 0}`);
  const more = names.length - shown.length;
  if (names.length === 0) return 'no files';
  return `versions ${shown.join(', ')}${more > 0 ? ` and ${counted(more, 'more file')}` : ''}`;
}

function withReason(what: string, reason: string | undefined): string {
  return reason === undefined || reason === '' ? what : `${what}: ${reason}`;
}

function quoted(name: string): string {
  return `“${shortened(name, 48)}”`;
}

function value(json: unknown, charactersMax = 48): string {
  return shortened(JSON.stringify(json), charactersMax);
}

/** As in `12,345`. The same on every machine, whatever its language. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 operation`, `2 operations`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A number with about three digits that count. */
export function rounded(value: number): string {
  if (value >= 100) return count(value);
  const digits = value >= 10 ? 1 : 2;
  return value.toFixed(digits).replace(/\.?0+$/, '');
}

/** How long something took: `0.4 ms`, `35 ms`, `1.25 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${rounded(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(2).replace(/\.?0+$/, '')} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A time on the run's clock: `12.34 s`; in long runs `4:05.2` or `1:04:05.2`. */
export function clock(ms: number, endMs: number): string {
  return endMs <= 120_000 ? `${(ms / 1000).toFixed(2)} s` : watch(ms, 1);
}

/** Hours, minutes and seconds as on a watch. */
export function watch(ms: number, decimals: number): string {
  const unit = 10 ** decimals;
  const parts = Math.round((ms / 1000) * unit);
  const minutes = Math.floor(parts / unit / 60);
  const seconds = ((parts - minutes * 60 * unit) / unit)
    .toFixed(decimals)
    .padStart(decimals === 0 ? 2 : decimals + 3, '0');
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${seconds}`;
}
