import type { FaultKind, FaultSpan, RunOperation, ServerId } from '../runRecord.js';
import { counted } from './numbers.js';
import { outcomeClass } from './outcomes.js';

/** The text, or its beginning if it is long. */
export function shortened(text: string, charactersMax: number): string {
  const characters = Array.from(text);
  return characters.length <= charactersMax ? text : `${characters.slice(0, charactersMax - 1).join('')}…`;
}

/** What was asked, as in `update "a.txt" to version 3`. */
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

/** What came of it, as in `version 2`, or `fault: not the leader`. */
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
