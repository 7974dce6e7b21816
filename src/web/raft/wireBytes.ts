import { carriedByXml, escapeText } from '../../xmlrpc/text.js';

const encoder = new TextEncoder();

/** Stands for the function of this name in src/transport, whose file needs parts of Node.js; scripts/bundle.mjs puts it in its place. */
export function bytesOnTheWire(command: string): number {
  return encoder.encode(escapeText(carriedByXml(JSON.stringify(command)))).length;
}
