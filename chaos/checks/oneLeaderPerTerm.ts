import type { CheckResult, ServerId } from '../runRecord.js';
import type { RunFacts } from './facts.js';
import { counted } from './words.js';

/** Whether at most one server was ever seen to lead each term (election safety, paper 5.2). */
export function oneLeaderPerTerm({ samples }: RunFacts): CheckResult {
  const name = 'one leader per term';
  const leaders = new Map<number, Set<ServerId>>();
  for (const { role, term, server } of samples) {
    if (role === 'leader') leaders.set(term, (leaders.get(term) ?? new Set<ServerId>()).add(server));
  }
  const terms = [...leaders]
    .sort(([a], [b]) => a - b)
    // In order, whichever of them was looked at first.
    .map(([term, servers]) => ({ term, servers: [...servers].sort((a, b) => a - b) }));
  const details = terms.map(({ term, servers }) => `term ${term}: server ${servers.join(' and server ')}`);
  const doubled = terms.find(({ servers }) => servers.length > 1);
  if (doubled !== undefined) {
    const { term, servers } = doubled;
    const summary = `Term ${term} had ${servers.length} leaders: servers ${servers.join(' and ')}.`;
    return { name, verdict: 'fail', summary, details };
  }
  if (terms.length === 0) return { name, verdict: 'unknown', summary: 'Nobody was seen to lead.', details };
  return { name, verdict: 'pass', summary: `${counted(terms.length, 'term')} had one leader each.`, details };
}
