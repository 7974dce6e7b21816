import type { Entry, Message } from '../raft/types.js';
import { carriedByXml, escapeText, PrebuiltXml } from '../xmlrpc/index.js';
import { encodeMessage } from './messageCodec.js';

/** From this length on an entry's bytes are made once, too; in UTF-16 code units. */
const LONG = 64 * 1024;
/** The texts of so many entries are kept for the other peers, and for so long. */
const KEPT_CHARS_MAX = 4 * 1024 * 1024;
const KEPT_MS = 2_000;

/** The entries that were sent last, as they stand in a message. */
const kept = new Map<Entry, string | Buffer>();
let keptChars = 0;
let forgetting: NodeJS.Timeout | undefined;

/**
 * A message as the parameter of a call. An entry is encoded once for all peers: to quote and to escape it takes most of the
 * time that a leader spends on a message.
 */
export function messageXml(message: Message): string | PrebuiltXml {
  if (message.type !== 'appendEntries' || message.entries.length === 0) return encodeMessage(message);
  const { entries, ...rest } = message;
  const pieces: (string | Uint8Array)[] = [];
  let text = `<value><string>${escapeText(carriedByXml(JSON.stringify(rest).slice(0, -1)))},"entries":[`;
  let length = 0;
  entries.forEach((entry, position) => {
    if (position > 0) text += ',';
    const encoded = encodedOf(entry);
    if (typeof encoded === 'string') text += encoded;
    else {
      pieces.push(text, encoded);
      length += text.length + encoded.length;
      text = '';
    }
  });
  text += ']}</string></value>';
  pieces.push(text);
  return new PrebuiltXml(() => pieces, length + text.length);
}

function encodedOf(entry: Entry): string | Buffer {
  let encoded = kept.get(entry);
  if (encoded !== undefined) return encoded;
  const text = escapeText(carriedByXml(JSON.stringify(entry)));
  encoded = text.length < LONG ? text : Buffer.from(text);
  if (keptChars > KEPT_CHARS_MAX) forget();
  kept.set(entry, encoded);
  keptChars += text.length;
  forgetting ??= setTimeout(forget, KEPT_MS).unref();
  return encoded;
}

function forget(): void {
  kept.clear();
  keptChars = 0;
  clearTimeout(forgetting);
  forgetting = undefined;
}
