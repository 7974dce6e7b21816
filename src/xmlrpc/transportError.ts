import { HttpError } from '../http/client.js';

/**
 * Given to the caller of a client when there is no answer to go by. Beside the codes of {@link HttpError}:
 *
 * - `EHTTP`: a response with an HTTP status other than 200, which is `status`
 * - `EPROTO` also stands for a response that is not valid XML-RPC
 */
export class XmlRpcTransportError extends HttpError {
  override readonly name = 'XmlRpcTransportError';
}
