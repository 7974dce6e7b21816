import type { CheckResult } from '../runRecord.js';
import type { RunFacts } from './facts.js';
import { duration } from './words.js';

/** "A node receives on the order of 10 RPCs per second or fewer." */
const PER_SECOND_MAX = 10;

/** Whether the servers leave each other alone when nobody calls. */
export function idleTraffic({ idle }: RunFacts): CheckResult {
  const name = 'few messages when idle';
  if (idle === undefined) {
    const summary =
      'Not measured: servers do not count their messages; with --managed they are counted on the way.';
    return { name, verdict: 'unknown', summary, details: [] };
  }
  const rates = idle.received.map((count) => (1_000 * count) / idle.durationMs);
  const most = Math.max(...rates);
  const details = rates.map((rate, server) => `server ${server}: ${rate.toFixed(1)} per second`);
  const summary =
    `No server received more than ${most.toFixed(1)} messages per second from the others in ` +
    `${duration(idle.durationMs)} without clients; ${PER_SECOND_MAX} are allowed.`;
  if (most <= PER_SECOND_MAX) return { name, verdict: 'pass', summary, details };
  return {
    name,
    verdict: 'fail',
    summary: summary.replace('No server received more than', 'A server received'),
    details,
  };
}
