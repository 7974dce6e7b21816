import type { ServerView } from '../../dashboard/sample.js';

/** How a server is drawn and named: a role of Raft, or why it has none. A leader is unheard when no majority answers it. */
export type ShownRole = 'leader' | 'unheard' | 'follower' | 'candidate' | 'crashed' | 'gone' | 'unknown';

export const roleWords: Readonly<Record<ShownRole, string>> = {
  leader: 'leader',
  unheard: 'leader, unheard',
  follower: 'follower',
  candidate: 'candidate',
  crashed: 'crashed',
  gone: 'no answer',
  unknown: 'not asked yet',
};

export function roleOf({ sample, failure }: ServerView): ShownRole {
  if (failure !== null) return 'gone';
  if (sample === null) return 'unknown';
  switch (sample.lifecycle) {
    case 'running':
      if (sample.role === 'leader') return sample.hasQuorum ? 'leader' : 'unheard';
      return sample.role === 'preCandidate' ? 'candidate' : sample.role;
    case 'crashed':
    case 'restoring':
      return 'crashed';
    case 'starting':
    case 'failed':
    case 'stopped':
      return 'gone';
  }
}
