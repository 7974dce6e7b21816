import type { ParsedValue, XmlRpcValue } from '../xmlrpc/index.js';

/** A hash list as it is sent; opaque to the service. Numbers are integers. */
export type HashListInput = XmlRpcValue;

/** What is known of a file: its version and its hash list, the latter as it was sent. */
export interface FileInfo {
  readonly version: number;
  readonly hashList: ParsedValue;
}

/** A peer as the leader sees it; `lastContactMs` is -1 when it never answered this leader. */
export interface PeerInfo {
  readonly id: number;
  readonly address: string;
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly lastContactMs: number;
}

/** The status of one server; -1 stands for an unknown leader or vote. */
export interface ServerStatus {
  readonly id: number;
  readonly address: string;
  readonly role: string;
  readonly crashed: boolean;
  readonly lifecycle: string;
  readonly term: number;
  readonly leader: number;
  readonly votedFor: number;
  readonly commitIndex: number;
  readonly lastApplied: number;
  readonly lastIndex: number;
  /** The last entry that the server's snapshot covers, 0 without one. */
  readonly snapshotIndex: number;
  /** Entries in the log: those behind the snapshot, and a tail before. */
  readonly logLength: number;
  readonly waitingCalls: number;
  /** The peers that this server was told not to hear. */
  readonly unreachableFrom: readonly number[];
  readonly files: number;
  readonly uptimeSeconds: number;
  readonly version: string;
  readonly peers: readonly PeerInfo[];
}

/** Something that a server did, and why. */
export interface TracedStep {
  /** ISO 8601, by the server's clock. */
  readonly time: string;
  readonly kind: string;
  readonly text: string;
}

/** @throws TypeError when the answer is not what the method returns: the server is not one of this service */
export function asBoolean(value: ParsedValue): boolean {
  if (typeof value !== 'boolean') throw unexpected('a boolean');
  return value;
}

/** @throws TypeError */
export function asText(value: ParsedValue): string {
  if (typeof value !== 'string') throw unexpected('a string');
  return value;
}

/** @throws TypeError */
export function asBytes(value: ParsedValue): Uint8Array {
  if (!(value instanceof Uint8Array)) throw unexpected('base64');
  return value;
}

/** @throws TypeError */
export function asTexts(value: ParsedValue): string[] {
  if (!Array.isArray(value)) throw unexpected('an array');
  return value.map(asText);
}

/** @throws TypeError */
export function asInt(value: ParsedValue): number {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'number') throw unexpected('an int');
  return value;
}

/** @throws TypeError */
export function asFileMap(value: ParsedValue): Map<string, FileInfo> {
  const files = new Map<string, FileInfo>();
  for (const [name, info] of asStruct(value)) {
    if (!Array.isArray(info) || info[0] === undefined || info[1] === undefined)
      throw unexpected('[version, hashlist]');
    files.set(name, { version: asInt(info[0]), hashList: info[1] });
  }
  return files;
}

/** @throws TypeError */
export function asStatus(value: ParsedValue): ServerStatus {
  const status = asStruct(value);
  const peers = status.get('peers');
  return {
    id: int(status, 'id'),
    address: text(status, 'address'),
    role: text(status, 'role'),
    crashed: status.get('crashed') === true,
    lifecycle: text(status, 'lifecycle'),
    term: int(status, 'term'),
    leader: int(status, 'leader'),
    votedFor: int(status, 'votedFor'),
    commitIndex: int(status, 'commitIndex'),
    lastApplied: int(status, 'lastApplied'),
    lastIndex: int(status, 'lastIndex'),
    snapshotIndex: int(status, 'snapshotIndex'),
    logLength: int(status, 'logLength'),
    waitingCalls: int(status, 'waitingCalls'),
    unreachableFrom: asArray(status.get('unreachableFrom')).map(asInt),
    files: int(status, 'files'),
    uptimeSeconds: int(status, 'uptimeSeconds'),
    version: text(status, 'version'),
    peers: Array.isArray(peers) ? peers.map(asPeer) : [],
  };
}

/** @throws TypeError */
export function asTrace(value: ParsedValue): TracedStep[] {
  return asArray(value).map((item) => {
    const step = asStruct(item);
    return { time: text(step, 'time'), kind: text(step, 'kind'), text: text(step, 'text') };
  });
}

function asPeer(value: ParsedValue): PeerInfo {
  const peer = asStruct(value);
  return {
    id: int(peer, 'id'),
    address: text(peer, 'address'),
    matchIndex: int(peer, 'matchIndex'),
    nextIndex: int(peer, 'nextIndex'),
    lastContactMs: int(peer, 'lastContactMs'),
  };
}

function asArray(value: ParsedValue | undefined): readonly ParsedValue[] {
  if (!Array.isArray(value)) throw unexpected('an array');
  return value;
}

function asStruct(value: ParsedValue): Map<string, ParsedValue> {
  if (!(value instanceof Map)) throw unexpected('a struct');
  return value;
}

function int(struct: Map<string, ParsedValue>, name: string): number {
  return asInt(struct.get(name) ?? null);
}

function text(struct: Map<string, ParsedValue>, name: string): string {
  const value = struct.get(name);
  if (typeof value !== 'string') throw unexpected(`a string as ${name}`);
  return value;
}

function unexpected(what: string): TypeError {
  return new TypeError(`the server's answer is not ${what}; is it a server of this service?`);
}
