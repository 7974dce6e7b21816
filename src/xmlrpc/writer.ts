import { escapeText } from './text.js';
import { PrebuiltXml, XmlRpcDouble, type XmlRpcStruct, type XmlRpcValue } from './types.js';

/*
 * The dialect: `<int>` within 32 bits and `<i8>` outside, `<boolean>` as 0 or 1, `<string>` always spelled out, base64,
 * array and struct; entities and never CDATA; no white space between tags; never `<nil/>` or `<double>`. Every function
 * here is total: what a value cannot say in this dialect is said by the nearest string, nothing throws. (Only the
 * pieces of a PrebuiltXml are beyond it: when making them throws, so does the function that asks for them.)
 */

const HEADER = '<?xml version="1.0"?>';

/** A `<methodCall>`. */
export function serializeMethodCall(name: string, params: readonly XmlRpcValue[]): string {
  return Buffer.concat(methodCallBody(name, params)).toString();
}

/** The bytes of {@link serializeMethodCall}, in pieces; those of ready-made values are shared and not copied. */
export function methodCallBody(name: string, params: readonly XmlRpcValue[]): Buffer[] {
  const body: Buffer[] = [];
  let text = `${HEADER}<methodCall><methodName>${escapeText(name)}</methodName><params>`;
  for (const param of params) {
    for (const piece of writePieces('<param>', param, '</param>')) {
      if (typeof piece === 'string') {
        text += piece;
        continue;
      }
      body.push(Buffer.from(text), Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      text = '';
    }
  }
  body.push(Buffer.from(`${text}</params></methodCall>`));
  return body;
}

/** A `<methodResponse>` that holds a value. */
export function serializeMethodResponse(value: XmlRpcValue): string {
  return joined(methodResponsePieces(value));
}

/** A `<methodResponse>` that holds a fault. */
export function serializeFault(faultCode: number, faultString: string): string {
  const fault = new Map<string, XmlRpcValue>([
    ['faultCode', faultCode],
    ['faultString', faultString],
  ]);
  return `${HEADER}<methodResponse><fault>${serializeValue(fault)}</fault></methodResponse>`;
}

/** A `<value>`. */
export function serializeValue(value: XmlRpcValue): string {
  return joined(serializeValuePieces(value));
}

/**
 * The text of {@link serializeMethodResponse} in pieces of about 16 KiB, made when they are asked for; a longer single
 * string comes as one piece. The value must not change in between.
 */
export function methodResponsePieces(value: XmlRpcValue): Iterable<string | Uint8Array> {
  return writePieces(`${HEADER}<methodResponse><params><param>`, value, '</param></params></methodResponse>');
}

/** The text of {@link serializeValue} in pieces, as with {@link methodResponsePieces}. */
export function serializeValuePieces(value: XmlRpcValue): Iterable<string | Uint8Array> {
  return writePieces('', value, '');
}

function joined(pieces: Iterable<string | Uint8Array>): string {
  let text = '';
  for (const piece of pieces) text += typeof piece === 'string' ? piece : Buffer.from(piece).toString();
  return text;
}

/** Length at which a piece is given out, in UTF-16 code units. */
const PIECE_LENGTH = 16 * 1024;
/** How deep arrays and structs are written; one that lies deeper is replaced by a string that says so. */
const WRITE_DEPTH_MAX = 512;

const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;
const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;

/**
 * Gives `opening`, the value and `closing` in pieces of about 16 KiB; a longer single string comes as one piece, and
 * bytes of a ready-made value as they are. The
 * stack is explicit: depth costs no call frames, and the caller can stop between any two pieces.
 */
function* writePieces(
  opening: string,
  value: XmlRpcValue,
  closing: string,
): Generator<string | Uint8Array, void, undefined> {
  const output = new Output(opening);
  try {
    output.add(value);
    while (output.step()) {
      if (output.piece.length >= PIECE_LENGTH || output.bytes !== undefined || output.takesTime)
        yield output.take();
      output.takesTime = false;
      if (output.bytes === undefined) continue;
      yield output.bytes;
      output.bytes = undefined;
    }
    yield output.take() + closing;
  } finally {
    output.abandon();
  }
}

/** An array, struct or ready-made value of which a part has been written. */
interface Frame {
  /** Writes the next child, or the end. False once the end is written. */
  step(output: Output): boolean;
  /** Called when nothing more will be written. */
  abandon?(): void;
}

/** The text that is being put together, and what is still to be written after it. */
class Output {
  /** Ready-made bytes that come after the piece. */
  bytes: Uint8Array | undefined;
  /** The last step was long, although nothing may have been written. */
  takesTime = false;
  private readonly frames: Frame[] = [];

  constructor(public piece: string) {}

  /** Writes a scalar, or the start of anything else. */
  add(value: XmlRpcValue): void {
    if (typeof value === 'string') this.piece += `<value><string>${escapeText(value)}</string></value>`;
    else if (typeof value === 'number') this.piece += numberXml(value);
    else if (typeof value === 'boolean') this.piece += `<value><boolean>${value ? 1 : 0}</boolean></value>`;
    else if (typeof value === 'bigint') this.piece += bigintXml(value);
    else this.addObject(value);
  }

  /** Writes a little more. False when everything is written. */
  step(): boolean {
    const frame = this.frames.at(-1);
    if (frame === undefined) return false;
    if (!frame.step(this)) this.frames.pop();
    return true;
  }

  /** Gives what has been written since the last call. */
  take(): string {
    const piece = this.piece;
    this.piece = '';
    return piece;
  }

  abandon(): void {
    for (const frame of this.frames.splice(0)) frame.abandon?.();
  }

  private addObject(
    value: Uint8Array | XmlRpcDouble | PrebuiltXml | readonly XmlRpcValue[] | XmlRpcStruct,
  ): void {
    if (value instanceof Uint8Array) this.piece += base64Xml(value);
    else if (value instanceof XmlRpcDouble)
      this.piece += `<value><double>${escapeText(value.text)}</double></value>`;
    else if (this.frames.length >= WRITE_DEPTH_MAX) this.add('[nested too deeply]');
    else if (value instanceof PrebuiltXml) this.frames.push(new PrebuiltFrame(value));
    else if (Array.isArray(value)) this.enter('<value><array><data>', new ArrayFrame(value));
    else if (value instanceof Map) this.enter('<value><struct>', new StructFrame(value));
    else this.add('[not a value of XML-RPC]');
  }

  private enter(opening: string, frame: Frame): void {
    this.piece += opening;
    this.frames.push(frame);
  }
}

class ArrayFrame implements Frame {
  private index = 0;

  constructor(private readonly items: readonly XmlRpcValue[]) {}

  step(output: Output): boolean {
    const item = this.items[this.index];
    if (item === undefined) {
      output.piece += '</data></array></value>';
      return false;
    }
    this.index += 1;
    output.add(item);
    return true;
  }
}

class StructFrame implements Frame {
  private readonly entries: Iterator<[string, XmlRpcValue]>;
  private closing = '';

  constructor(struct: XmlRpcStruct) {
    this.entries = struct.entries();
  }

  step(output: Output): boolean {
    output.piece += this.closing;
    this.closing = '</member>';
    const entry = this.entries.next();
    if (entry.done === true) {
      output.piece += '</struct></value>';
      return false;
    }
    const [name, value] = entry.value;
    output.piece += `<member><name>${escapeText(name)}</name>`;
    output.add(value);
    return true;
  }
}

class PrebuiltFrame implements Frame {
  private readonly pieces: Iterator<string | Uint8Array>;

  constructor(xml: PrebuiltXml) {
    this.pieces = xml.pieces()[Symbol.iterator]();
  }

  step(output: Output): boolean {
    const piece = this.pieces.next();
    if (piece.done === true) return false;
    if (typeof piece.value === 'string') output.piece += piece.value;
    else output.bytes = piece.value;
    output.takesTime = piece.value.length === 0;
    return true;
  }

  abandon(): void {
    this.pieces.return?.();
  }
}

function numberXml(value: number): string {
  if (value >= INT_MIN && value <= INT_MAX && Number.isInteger(value))
    return `<value><int>${value}</int></value>`;
  return Number.isInteger(value) ? bigintXml(BigInt(value)) : `<value><string>${value}</string></value>`;
}

function bigintXml(value: bigint): string {
  if (value >= INT_MIN && value <= INT_MAX) return `<value><int>${value}</int></value>`;
  const type = value >= LONG_MIN && value <= LONG_MAX ? 'i8' : 'string';
  return `<value><${type}>${value}</${type}></value>`;
}

function base64Xml(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return `<value><base64>${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}</base64></value>`;
}
