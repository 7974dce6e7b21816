import { isRequest, type Message, type RequestMessage, type ResponseMessage } from '../../src/raft/types.js';
import { decodeRequest, decodeResponse, encodeMessage } from '../../src/transport/messageCodec.js';

/** The request as a peer reads it: through the codec, so that nothing is shared with the sender, and frozen. */
function requestOverTheWire(request: RequestMessage): RequestMessage {
  return deepFreeze(decodeRequest(encodeMessage(request)));
}

/** The response as a peer reads it. */
function responseOverTheWire(response: ResponseMessage): ResponseMessage {
  return deepFreeze(decodeResponse(encodeMessage(response)));
}

export function overTheWire(message: Message): Message {
  return isRequest(message) ? requestOverTheWire(message) : responseOverTheWire(message);
}

/** Makes every later change of `value`, at any depth, an error. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
