import type { RequestMessage } from '../raft/types.js';
import { carriedByXml, escapeText, FAULT_CODES, XmlRpcFault } from '../xmlrpc/index.js';
import { decodeRequest, encodeMessage, MessageError } from './messageCodec.js';
import type { PeerRequestHandler } from './transport.js';

/**
 * Where the requests of peers arrive: the other end of `RpcTransport`.
 *
 * @param text a request as JSON
 * @param heard told of the request before it is handed over
 * @returns the answer as JSON; rejected with fault -32602 for a text that is no request and -32600 for a request that
 * deserves no answer, or with the handler's own error
 */
export function answerPeer(
  handler: PeerRequestHandler,
  text: string,
  heard: (request: RequestMessage) => void = () => undefined,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = readRequest(text);
    heard(request);
    handler.receive(request, (response) => {
      if (response !== null) resolve(encodeMessage(response));
      else reject(new XmlRpcFault(FAULT_CODES.INVALID_REQUEST, 'this server has no answer to this message'));
    });
  });
}

/** Bytes that a command takes in a request: quoted as JSON, then escaped as XML. */
export function bytesOnTheWire(command: string): number {
  return Buffer.byteLength(escapeText(carriedByXml(JSON.stringify(command))));
}

function readRequest(text: string): ReturnType<typeof decodeRequest> {
  try {
    return decodeRequest(text);
  } catch (error) {
    if (!(error instanceof MessageError)) throw error;
    throw new XmlRpcFault(FAULT_CODES.INVALID_PARAMS, `message: ${error.message}`);
  }
}
