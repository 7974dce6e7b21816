import type { ServerRequest } from '../http/message.js';
import type { Registry } from 'prom-client';
import type { CallMeasure } from '../api/callMeasure.js';
import type { Route } from '../api/surfaces.js';
import type { XmlRpcSurface } from '../api/xmlrpcSurface.js';
import type { Dispatch } from '../xmlrpc/index.js';
import { ABANDONED, CallMeter, onceForEach, type Now } from './callMeter.js';
import { CALL_SECONDS } from './nodeMetrics.js';
import { outcomeOf } from './outcome.js';
import { TallyCounter, TallyHistogram } from './tallies.js';

/** The label of all methods that there are none of: clients may send any name. */
const UNKNOWN = 'unknown';
const HTTP_METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'POST']);

/** All that is counted and timed about the calls of clients and peers, on whatever surface they come. */
export class SurfaceMetrics {
  private readonly meterOf: (surface: string) => (method: string) => CallMeter;

  constructor(registry: Registry, now: Now) {
    const handled = new TallyCounter(
      {
        name: 'surfstore_rpc_handled_total',
        help: 'Calls of clients and peers, by what became of them',
        labelNames: ['surface', 'method', 'outcome'],
      },
      registry,
    );
    const durations = new TallyHistogram(
      {
        name: 'surfstore_rpc_duration_seconds',
        help: 'Seconds from a call, all of it received, until its answer',
        labelNames: ['surface', 'method'],
      },
      CALL_SECONDS,
      registry,
    );
    this.meterOf = onceForEach((surface) =>
      onceForEach(
        (method) =>
          new CallMeter(
            onceForEach((outcome) => handled.labels(surface, method, outcome)),
            durations.labels(surface, method),
            now,
          ),
      ),
    );
  }

  /** XML-RPC. A multicall counts as one call. */
  dispatch({ call, canonicalName }: Pick<XmlRpcSurface, 'call' | 'canonicalName'>): Dispatch {
    const meterOf = this.meterOf('xmlrpc');
    return (name, params, context) => {
      const measured = meterOf(canonicalName(name) ?? UNKNOWN).begin();
      const fail = (error: unknown): void => measured.answered(outcomeOf(error));
      try {
        const result = call(name, params, context);
        if (result instanceof Promise) {
          context.onHangUp(() => measured.ended(ABANDONED));
          result.then(() => measured.answered('ok'), fail);
        } else measured.answered('ok');
        return result;
      } catch (error) {
        fail(error);
        throw error;
      }
    };
  }

  /** A surface whose calls are HTTP requests; what became of them is the status. */
  route(surface: string, route: Route): Route {
    const meterOf = this.meterOf(surface);
    return {
      matches: (path) => route.matches(path),
      handle(request, response) {
        const measured = meterOf(httpMethod(request)).begin();
        response.once('close', () => {
          if (response.writableFinished) measured.answered(String(response.statusCode));
          else measured.ended(ABANDONED);
        });
        route.handle(request, response);
      },
    };
  }

  /** A surface that says itself what its calls are and what became of them. */
  measure(surface: string): CallMeasure {
    const meterOf = this.meterOf(surface);
    return (method) => {
      const measured = meterOf(method).begin();
      return {
        answered: (outcome) => measured.answered(outcome),
        abandoned: () => measured.ended(ABANDONED),
      };
    };
  }
}

function httpMethod({ method }: ServerRequest): string {
  return method !== undefined && HTTP_METHODS.has(method) ? method : UNKNOWN;
}
