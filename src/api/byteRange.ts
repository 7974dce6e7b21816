/** A part of a body: its first and its last byte. */
interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The single part that a `Range` header asks for (RFC 9110, section 14.2); undefined without one, and for anything that
 * is no such header or asks for several parts: the whole is the answer then.
 *
 * @param size of the whole, in bytes
 */
export function rangeOf(header: string | undefined, size: number): ByteRange | 'not satisfiable' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'not satisfiable' : { from: size - length, to: size - 1 };
  }
  const from = Number(first);
  const to = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < from) return undefined;
  return from >= size ? 'not satisfiable' : { from, to };
}
