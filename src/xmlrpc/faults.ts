/** The codes of the XML-RPC fault interop convention, as far as this library and its users need them. */
export const FAULT_CODES = {
  /** The document is not well-formed XML. */
  NOT_WELL_FORMED: -32700,
  /** The document is in an encoding that is not supported. */
  UNSUPPORTED_ENCODING: -32701,
  /** The document is well-formed XML but not valid XML-RPC. */
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
} as const;

/**
 * A fault: thrown by a dispatch function to answer a call with `faultCode` and `faultString`, and given to the caller
 * of a client when the server answered so.
 */
export class XmlRpcFault extends Error {
  constructor(
    readonly faultCode: number,
    readonly faultString: string,
  ) {
    super(faultString);
    this.name = 'XmlRpcFault';
  }
}

/** The fault codes that reading a document can give. */
export type ParseFaultCode =
  | typeof FAULT_CODES.NOT_WELL_FORMED
  | typeof FAULT_CODES.UNSUPPORTED_ENCODING
  | typeof FAULT_CODES.INVALID_REQUEST;

/**
 * Thrown when a document cannot be read: -32700 when it is not well-formed XML or its bytes do not fit its encoding,
 * -32701 when the encoding is not supported, -32600 when it is well-formed but not valid XML-RPC or exceeds a limit.
 * The document is read once from front to back and the first error decides. `message` is one sentence that says what
 * was wrong and where.
 */
export class XmlRpcParseError extends Error {
  constructor(
    readonly faultCode: ParseFaultCode,
    message: string,
  ) {
    super(message);
    this.name = 'XmlRpcParseError';
  }
}
