import {
  FAULT_CODES,
  XmlRpcClient,
  XmlRpcFault,
  XmlRpcTransportError,
  type ParsedValue,
  type XmlRpcValue,
} from '../xmlrpc/index.js';
import { errorKindOf, errorTable } from '../node/errors.js';
import {
  errorPage,
  lostCall,
  refusal,
  serviceFailure,
  type Attempt,
  type AttemptLimits,
  type Carrier,
  type Failure,
} from './failure.js';
import type { ServerInfo } from './leaderFinder.js';
import { timerMs } from './timerMs.js';

/** A call of a method of the service. */
export interface MethodCall {
  readonly methodName: string;
  readonly params: readonly XmlRpcValue[];
}

/** The XML-RPC connections to all servers of a cluster. */
export class Connections implements Carrier<MethodCall, ParsedValue> {
  private readonly clients = new Map<number, XmlRpcClient>();

  constructor(servers: readonly ServerInfo[]) {
    for (const { id, host, port } of servers) this.clients.set(id, new XmlRpcClient({ host, port }));
  }

  async attempt(
    server: ServerInfo,
    { methodName, params }: MethodCall,
    { timeoutMs, headMs, signal }: AttemptLimits,
  ): Promise<Attempt<ParsedValue>> {
    const client = this.clients.get(server.id);
    if (client === undefined) throw new Error(`there is no server ${server.id}`);
    try {
      const timed = {
        ...(Number.isFinite(timeoutMs) ? { timeoutMs: timerMs(timeoutMs) } : {}),
        ...(Number.isFinite(headMs) ? { headMs: timerMs(headMs) } : {}),
      };
      const value = await client.call(
        methodName,
        params,
        signal === undefined ? timed : { ...timed, signal },
      );
      return { value };
    } catch (error) {
      return { failure: understand(error instanceof Error ? error : new Error(String(error))) };
    }
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
  }
}

function understand(error: Error): Failure {
  if (error instanceof XmlRpcFault) return understandFault(error);
  const status = error instanceof XmlRpcTransportError ? error.status : undefined;
  return status === undefined ? lostCall(error) : errorPage(error, status);
}

function understandFault(fault: XmlRpcFault): Failure {
  const kind = errorKindOf(fault.faultCode);
  // Services of another kind use small codes for anything.
  if (kind !== undefined && fault.faultString.startsWith(errorTable[kind].word))
    return serviceFailure(kind, fault, errorTable[kind].outcome);
  // An internal error may have come at any moment; the other faults outside the table refuse the call itself.
  return refusal(fault, fault.faultCode === FAULT_CODES.INTERNAL_ERROR ? 'unknown' : 'notDone');
}
