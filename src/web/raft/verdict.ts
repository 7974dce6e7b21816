import { majorityOf } from '../../raft/config.js';
import type { NodeId } from '../../raft/types.js';

const numberWords = ['none', 'one', 'two', 'three', 'four'];

/** The part of a server's state that the verdict needs. */
interface Judged {
  readonly id: NodeId;
  readonly condition: string;
  readonly role: string;
  readonly term: number;
  readonly waitingCalls: number;
}

/** The state of a cluster in one sentence, with what to do next. */
interface HealthVerdict {
  readonly word: 'healthy' | 'degraded' | 'no leader' | 'no majority';
  readonly text: string;
}

export function verdictOn(servers: readonly Judged[]): HealthVerdict {
  const running = servers.filter(({ condition }) => condition === 'running');
  const down = servers.filter(({ condition }) => condition !== 'running');
  const needed = majorityOf(servers.length);
  const waiting = servers.reduce((sum, { waitingCalls }) => sum + waitingCalls, 0);
  if (running.length < needed) {
    const calls = waiting === 0 ? '' : `${waiting === 1 ? '1 call waits' : `${waiting} calls wait`}; `;
    const ids = down.map(({ id }) => id).join(', ');
    return {
      word: 'no majority',
      text: `${running.length} of ${servers.length} run: ${calls}bring back ${needed - running.length} of ${ids}`,
    };
  }
  const leader = running.filter(({ role }) => role === 'leader').sort((a, b) => b.term - a.term)[0];
  if (leader === undefined) {
    return { word: 'no leader', text: `${running.length} of ${servers.length} run; an election will come` };
  }
  const spare = running.length - needed;
  const more = spare === 0 ? 'none may fail now' : `${numberWords[spare] ?? spare} may fail`;
  return {
    word: down.length === 0 ? 'healthy' : 'degraded',
    text: `server ${leader.id} leads in term ${leader.term}, ${running.length} of ${servers.length} run, ${more}`,
  };
}
