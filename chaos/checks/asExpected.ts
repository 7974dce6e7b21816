import type { CheckResult } from '../runRecord.js';
import type { RunFacts } from './facts.js';
import { counted, duration } from './words.js';

/** Whether everything that the story expects came true; of no use to a story that expects nothing. */
export function asExpected({ expectations }: RunFacts): CheckResult {
  const name = 'the story goes as expected';
  const details = expectations.map(
    ({ at, isMet, text }) => `${duration(at)}: ${isMet ? 'yes' : 'NO'}: ${text}`,
  );
  const wrong = expectations.filter(({ isMet }) => !isMet);
  if (wrong.length > 0) {
    const summary = `${wrong.length} of ${counted(expectations.length, 'expectation')} did not come true: ${wrong[0]?.text ?? ''}.`;
    return { name, verdict: 'fail', summary, details };
  }
  return {
    name,
    verdict: 'pass',
    summary: `${counted(expectations.length, 'expectation')} came true.`,
    details,
  };
}
