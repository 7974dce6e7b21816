export {
  XmlRpcClient,
  XmlRpcTransportError,
  type CallOptions,
  type Done,
  type PendingRequest,
  type RequestOptions,
  type XmlRpcClientOptions,
} from './client.js';
export { decodeBody } from './encoding.js';
export { carriedByXml, escapeText } from './text.js';
export { FAULT_CODES, XmlRpcFault, XmlRpcParseError, type ParseFaultCode } from './faults.js';
export {
  CALL_LIMITS,
  parseMethodCall,
  parseMethodResponse,
  RESPONSE_LIMITS,
  type MethodCall,
  type MethodResponse,
  type ParserLimits,
} from './parser.js';
export {
  handleXmlRpc,
  type CallContext,
  type Connection,
  type Dispatch,
  type XmlRpcServerOptions,
} from './server.js';
export {
  methodResponsePieces,
  serializeFault,
  serializeMethodCall,
  serializeMethodResponse,
  serializeValue,
  serializeValuePieces,
} from './writer.js';
export {
  PrebuiltXml,
  XmlRpcDateTime,
  XmlRpcDouble,
  type ParsedValue,
  type XmlRpcStruct,
  type XmlRpcValue,
} from './types.js';
