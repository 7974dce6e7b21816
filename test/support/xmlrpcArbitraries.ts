import fc from 'fast-check';
import type { XmlRpcValue } from '../../src/xmlrpc/index.js';

/** Strings of any code units at all, lone surrogates and control characters included. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.string({
    unit: fc.constantFrom('&', '<', '>', '\r', '\n', ']', ' ', 'a', '"', '\u0000', '\ud800', '\ufffe'),
  }),
);

/** Strings that XML 1.0 can carry. */
export const xmlText: fc.Arbitrary<string> = anyText.map(carried);

/** The text with what XML 1.0 cannot carry replaced, written without regard to speed. */
export function carried(text: string): string {
  return Array.from(text, (character) =>
    isCarried(character.codePointAt(0) ?? 0) ? character : '\ufffd',
  ).join('');
}

function isCarried(codePoint: number): boolean {
  if (codePoint < 0x20) return [0x09, 0x0a, 0x0d].includes(codePoint);
  return !(codePoint >= 0xd800 && codePoint <= 0xdfff) && codePoint !== 0xfffe && codePoint !== 0xffff;
}

/** Values that are read again exactly as they were written, built from these strings. */
export function values(text: fc.Arbitrary<string>): fc.Arbitrary<XmlRpcValue> {
  return fc.letrec<{ value: XmlRpcValue }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      text,
      fc.boolean(),
      fc.integer(),
      fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
    ),
  })).value;
}
