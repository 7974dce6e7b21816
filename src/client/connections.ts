import {
  FAULT_CODES,
  XmlRpcClient,
  XmlRpcFault,
  type ParsedValue,
  type XmlRpcValue,
} from '../xmlrpc/index.js';
import { errorKindOf, errorTable, leaderIn, type Outcome } from '../node/errors.js';
import type { ServerInfo } from './leaderFinder.js';

/** How one attempt at one server ended without a value. */
export interface Failure {
  readonly error: Error;
  readonly outcome: Outcome;
  /** Whether asking again, here or elsewhere, can help. */
  readonly retriable: boolean;
  /** Whether the call was still waiting when its time was up. */
  readonly timedOut: boolean;
  /** Id of the leader, when the failure names it. */
  readonly leader: number | undefined;
}

export type Attempt = { readonly value: ParsedValue } | { readonly failure: Failure };

/** What bounds an attempt. */
export interface AttemptLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The connections to all servers of a cluster; each attempt ends in a value or in a failure that has been understood. */
export class Connections {
  private readonly clients = new Map<number, XmlRpcClient>();

  constructor(servers: readonly ServerInfo[]) {
    for (const { id, host, port } of servers) this.clients.set(id, new XmlRpcClient({ host, port }));
  }

  async attempt(
    server: ServerInfo,
    methodName: string,
    params: readonly XmlRpcValue[],
    { timeoutMs, signal }: AttemptLimits,
  ): Promise<Attempt> {
    const client = this.clients.get(server.id);
    if (client === undefined) throw new Error(`there is no server ${server.id}`);
    try {
      const timed = Number.isFinite(timeoutMs) ? { timeoutMs: timerMs(timeoutMs) } : {};
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

/** A time that a timer of Node can count: beyond 2^31 - 1 ms it would go off at once. */
function timerMs(ms: number): number {
  return Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(ms)));
}

function understand(error: Error): Failure {
  if (error instanceof XmlRpcFault) return understandFault(error);
  const sent = !('sent' in error) || error.sent !== false;
  const code = 'code' in error ? error.code : undefined;
  return {
    error,
    outcome: sent ? 'unknown' : 'notDone',
    retriable: true,
    timedOut: code === 'ETIMEDOUT' && sent,
    leader: undefined,
  };
}

/** An internal error may have come at any moment; the other faults outside the table refuse the call itself. */
function outcomeOfForeign({ faultCode }: XmlRpcFault): Outcome {
  return faultCode === FAULT_CODES.INTERNAL_ERROR ? 'unknown' : 'notDone';
}

function understandFault(fault: XmlRpcFault): Failure {
  const kind = errorKindOf(fault.faultCode);
  return {
    error: fault,
    outcome: kind === undefined ? outcomeOfForeign(fault) : errorTable[kind].outcome,
    retriable: kind !== undefined && kind !== 'blockNotFound' && kind !== 'blockStoreFull',
    timedOut: false,
    leader: leaderIn(fault.faultString)?.id,
  };
}
