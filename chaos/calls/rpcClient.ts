import { Agent } from 'node:http';
import xmlrpc from 'xmlrpc';
import { errorOfExchange, NoAnswerError, RpcFault } from './rpcError.js';

/** A parameter of a call. The package writes whole numbers as int and texts as string. */
export type RpcParameter = string | number | boolean | readonly RpcParameter[];

/**
 * Calls one server, through npm's `xmlrpc`: an implementation that is not ours, so that a misreading of the protocol that client and
 * server might share cannot hide. It keeps its connection; one call at a time.
 */
export class RpcClient {
  private readonly client: xmlrpc.Client;
  private readonly agent = new Agent({ keepAlive: true });

  constructor(host: string, port: number) {
    // The package hands its options on to `http.request`, the agent too, of which its types do not know.
    const options = { host, port, path: '/RPC2', agent: this.agent };
    this.client = xmlrpc.createClient(options);
  }

  /**
   * @param timeoutMs then the connection is closed, so that the server knows that nobody waits
   * @throws RpcFault, NotSentError, NoAnswerError
   */
  call(method: string, params: readonly RpcParameter[], timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new NoAnswerError(`no answer within ${timeoutMs / 1000} s`));
        this.hangUp();
      }, timeoutMs);
      // It may be called more than once, as when a connection breaks in the middle of an answer: the first time counts.
      this.client.methodCall(method, [...params], (error: unknown, value: unknown) => {
        clearTimeout(timer);
        if (isAbsent(error)) resolve(value);
        else reject(errorOf(error));
      });
    });
  }

  /** Closes the connection, and with it a call that is under way. */
  hangUp(): void {
    this.agent.destroy();
  }
}

function isAbsent(error: unknown): boolean {
  return error === null || error === undefined;
}

function errorOf(error: unknown): Error {
  if (!(error instanceof Error) || !('faultCode' in error)) return errorOfExchange(error);
  const text = 'faultString' in error ? String(error.faultString) : error.message;
  return new RpcFault(Number(error.faultCode), text);
}
