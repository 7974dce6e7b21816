import { checkFiles, type FileOperation } from '../verify/index.js';
import type { Operation } from './run.js';
import { SafetyViolation } from './safetyViolation.js';
import type { Outcome } from './simClient.js';

/**
 * The judgement over what the clients saw: their history must be linearizable. That covers the version rule, and that
 * outcomes were told honestly: what was reported as failed is never seen, what was acknowledged is never missing.
 *
 * @throws SafetyViolation with the operations that show it
 */
export function judgeHistory(operations: readonly Operation[]): void {
  const verdict = checkFiles(operations.map(toHistory));
  if (verdict.ok === true) return;
  const shown =
    verdict.ok === 'unknown' ? [] : verdict.operations.map((operation) => JSON.stringify(operation));
  throw new SafetyViolation('linearizability', [verdict.reason, ...shown].join('\n  '));
}

/** An operation of a run in the form that histories have everywhere. */
export function toHistory({ id, client, request, invokedAt, returnedAt, outcome }: Operation): FileOperation {
  const timed = { id, client: String(client), invokedAt, returnedAt };
  if (request.kind === 'readMap') {
    const { kind } = request;
    if (outcome?.kind === 'read')
      return { ...timed, kind, outcome: { status: 'ok', files: Object.fromEntries(outcome.files) } };
    return { ...timed, kind, outcome: withoutResult(outcome) };
  }
  if (outcome?.kind === 'updated')
    return { ...timed, ...request, outcome: { status: 'ok', applied: outcome.applied } };
  return { ...timed, ...request, outcome: withoutResult(outcome) };
}

function withoutResult(outcome: Outcome | null): { status: 'failed' | 'unknown'; reason: string } {
  if (outcome?.kind === 'failed') return { status: 'failed', reason: outcome.reason };
  return { status: 'unknown', reason: outcome?.kind === 'unknown' ? outcome.reason : 'never answered' };
}
