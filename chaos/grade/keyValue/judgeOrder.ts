import { checkKeyValues, type Operation } from '../../../src/verify/index.js';
import { operationText } from '../../checks/linearizable.js';
import type { Verdicts } from '../steps/step.js';

/** Whether one server that takes the calls one at a time could have given the same answers. */
export function judgeOrder(
  verdicts: Verdicts,
  operations: readonly Operation[],
  say: (line: string) => void,
): void {
  const verdict = checkKeyValues(operations);
  if (verdict.ok === true) {
    verdicts.pass(
      'linearizable',
      `There is an order that explains the answers to ${operations.length} calls.`,
    );
  } else if (verdict.ok === false) {
    for (const operation of verdict.operations) say(operationText(operation));
    verdicts.fail('linearizable', `No order explains all answers: ${verdict.reason}.`);
  } else verdicts.notMeasured('linearizable', `Not decided: ${verdict.reason}.`);
}
