import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HashList } from '../stateMachine/command.js';
import type { FileList } from '../stateMachine/fileMetadata.js';

/** Milliseconds of the event loop that marking takes before other work has a turn. */
const TURN_MS_MAX = 5;

/** Anything in a text that may be a SHA-256: in hex, or in base64 of either alphabet. */
const HEX = /[0-9a-f]{64}/gi;
const BASE64 = /[A-Za-z0-9+/_-]{43}/g;

/**
 * The keys of all blocks that the files need. Hash lists are opaque, so whatever looks like a hash anywhere in one
 * counts: a text that only looks like it keeps a block too many, and never loses one.
 */
export async function referencedBlocks(files: FileList): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  let turnEndsAt = performance.now() + TURN_MS_MAX;
  for (const [, { hashList }] of files) {
    addKeys(keys, hashList);
    if (performance.now() < turnEndsAt) continue;
    await nextTurn();
    turnEndsAt = performance.now() + TURN_MS_MAX;
  }
  return keys;
}

function addKeys(keys: Set<string>, hashList: HashList): void {
  if (typeof hashList === 'string') addKeysIn(keys, hashList);
  else if (typeof hashList !== 'object') return;
  else if ('base64' in hashList) addKeysIn(keys, hashList.base64);
  else if ('struct' in hashList)
    for (const [name, member] of hashList.struct) {
      addKeysIn(keys, name);
      addKeys(keys, member);
    }
  else if (Array.isArray(hashList)) for (const item of hashList as readonly HashList[]) addKeys(keys, item);
}

function addKeysIn(keys: Set<string>, text: string): void {
  const inHex = text.match(HEX);
  if (inHex !== null) for (const hash of inHex) keys.add(hash.toLowerCase());
  else
    for (const hash of text.match(BASE64) ?? [])
      keys.add(Buffer.from(hash, hash.search(/[_-]/) < 0 ? 'base64' : 'base64url').toString('hex'));
}
