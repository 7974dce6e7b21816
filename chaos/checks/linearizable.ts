import { checkHistory, isFileOperation, type Operation } from '../../src/verify/index.js';
import type { CheckResult } from '../runRecord.js';
import type { RunFacts } from './facts.js';
import { counted } from './words.js';

/** Whether one server without faults, taking the calls one at a time, could have given the same answers. */
export function linearizable({ operations }: RunFacts): CheckResult {
  const name = 'linearizable';
  const verdict = checkHistory(operations);
  const answered = operations.filter(({ outcome }) => outcome.status === 'ok').length;
  const unknown = operations.filter(({ outcome }) => outcome.status === 'unknown').length;
  const onKeys = operations.filter((operation) => !isFileOperation(operation)).length;
  const figures = `${counted(operations.length, 'operation')} (${onKeys} of them on keys), ${answered} answered, ${unknown} of unknown outcome`;
  if (verdict.ok === false) {
    return {
      name,
      verdict: 'fail',
      summary: verdict.reason,
      details: [figures, ...verdict.operations.map(operationText)],
      operations: verdict.operations.map(({ id }) => id),
    };
  }
  if (verdict.ok === 'unknown')
    return { name, verdict: 'unknown', summary: `Not decided: ${verdict.reason}.`, details: [figures] };
  if (answered === 0)
    return { name, verdict: 'unknown', summary: `No operation was answered: ${figures}.`, details: [] };
  return {
    name,
    verdict: 'pass',
    summary: `There is an order that explains all answers: ${figures}.`,
    details: [],
  };
}

/** As in `#12 c3 update "file0" to version 4 ["c3-2"], 1203.4 to 1210.0 ms: applied`. */
function operationText(operation: Operation): string {
  const { id, client, invokedAt, returnedAt } = operation;
  const until = returnedAt === null ? 'never answered' : `${returnedAt.toFixed(1)} ms`;
  return `#${id} ${client} ${callText(operation)}, ${invokedAt.toFixed(1)} to ${until}: ${outcomeText(operation)}`;
}

function callText(operation: Operation): string {
  switch (operation.kind) {
    case 'update':
      return `update "${operation.file}" to version ${operation.version} ${operation.content}`;
    case 'readMap':
      return 'read the map';
    case 'readFile':
    case 'readVersion':
      return `read "${operation.file}"`;
    case 'kvPut':
      return `put ${JSON.stringify(operation.value)} under "${operation.key}"`;
    case 'kvAppend':
      return `append ${JSON.stringify(operation.value)} to "${operation.key}"`;
    case 'kvDelete':
      return `delete "${operation.key}"`;
    case 'kvGet':
      return `get "${operation.key}"`;
  }
}

function outcomeText(operation: Operation): string {
  const { outcome } = operation;
  if (outcome.status !== 'ok')
    return `${outcome.status}${outcome.reason === undefined ? '' : ` (${outcome.reason})`}`;
  if ('applied' in outcome) return outcome.applied ? 'applied' : 'refused';
  if (operation.kind === 'kvPut' || operation.kind === 'kvAppend') return 'done';
  if (operation.kind === 'kvGet') return 'value' in outcome ? JSON.stringify(outcome.value) : 'no such key';
  return JSON.stringify('files' in outcome ? outcome.files : outcome);
}
