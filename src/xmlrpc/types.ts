/**
 * The values of XML-RPC as this service sees them: what it writes ({@link XmlRpcValue}) and what it reads
 * ({@link ParsedValue}). The two differ on purpose: it writes a small dialect that every client understands and reads
 * everything that clients are known to send.
 */

/** A struct to be written: member names in the order in which they are written. */
export type XmlRpcStruct = ReadonlyMap<string, XmlRpcValue>;

/**
 * A value to be written. A `number` stands for an integer; one that is not an integer is written as its decimal text in
 * a `<string>`, because the dialect has no `<double>`; only a double that a client sent is given back as one. A
 * `bigint` outside 64 bits is written as a `<string>` as well.
 */
export type XmlRpcValue =
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | XmlRpcDouble
  | PrebuiltXml
  | readonly XmlRpcValue[]
  | XmlRpcStruct;

/**
 * A value that was read. `<int>`, `<i4>` and `<i8>` are a `number` when that is exact, else a `bigint`; `<base64>` is a
 * `Buffer`; `<nil/>` is `null`. A struct is always a `Map`, so that no member name has a meaning of its own; of members
 * with the same name the last one counts. Strings may share memory with the document they were read from.
 */
export type ParsedValue =
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | null
  | XmlRpcDouble
  | XmlRpcDateTime
  | ParsedValue[]
  | Map<string, ParsedValue>;

/** A `<double>`, kept apart from integers so that `1.0` is not mistaken for `1`. */
export class XmlRpcDouble {
  /** @param text the decimal number as it was written: some clients take a hash such as `1e5` for a double */
  constructor(
    readonly value: number,
    readonly text = String(value),
  ) {}
}

/**
 * A `<dateTime.iso8601>` as it was written: the format names no time zone, so it is not turned into a point in time.
 */
export class XmlRpcDateTime {
  constructor(readonly text: string) {}
}

/**
 * A value whose XML, `<value>...</value>` with everything inside it, is ready made. The pieces are asked for once per
 * serialisation and are written unchanged; their producer must make them well-formed. Bytes are UTF-8 that
 * must not change: all replies that hold them share them. An empty piece lets other work in between.
 */
export class PrebuiltXml {
  /** @param bytes about how many there are in all */
  constructor(
    readonly pieces: () => Iterable<string | Uint8Array>,
    readonly bytes = 0,
  ) {}
}
