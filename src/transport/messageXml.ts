import type { Entry, Message } from '../raft/types.js';
import { carriedByXml, escapeText, PrebuiltXml } from '../xmlrpc/index.js';
import { encodeMessage } from './messageCodec.js';

/** Length from which the encoded form of a command is shared; in UTF-16 code units. */
const SHARED_LENGTH = 64 * 1024;
/** For so long an encoded entry is kept for the other peers. */
const KEPT_MS = 2_000;

const kept = new Map<Entry, Buffer>();
let forgetting: NodeJS.Timeout | undefined;

/**
 * A message as the parameter of a call. A large entry is encoded once for all peers: to encode megabytes takes a tenth of a second
 * of the leader, in which it does nothing else.
 */
export function messageXml(message: Message): string | PrebuiltXml {
  if (message.type !== 'appendEntries' || !message.entries.some(isLarge)) return encodeMessage(message);
  const { entries, ...rest } = message;
  const head = escapeText(carriedByXml(JSON.stringify(rest).slice(0, -1)));
  const pieces: (string | Uint8Array)[] = [`<value><string>${head},"entries":[`];
  entries.forEach((entry, position) => {
    if (position > 0) pieces.push(',');
    pieces.push(isLarge(entry) ? bytesOf(entry) : textOf(entry));
  });
  pieces.push(']}</string></value>');
  return new PrebuiltXml(
    () => pieces,
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  );
}

function isLarge({ command }: Entry): boolean {
  return command.length >= SHARED_LENGTH;
}

function textOf(entry: Entry): string {
  return escapeText(carriedByXml(JSON.stringify(entry)));
}

function bytesOf(entry: Entry): Buffer {
  let bytes = kept.get(entry);
  if (bytes === undefined) {
    bytes = Buffer.from(textOf(entry));
    kept.set(entry, bytes);
    forgetting ??= setTimeout(forget, KEPT_MS).unref();
  }
  return bytes;
}

function forget(): void {
  kept.clear();
  forgetting = undefined;
}
