import type { Scenario } from './scenario.js';

/** The evaluation that a sister assignment asks for: shut down leaders, and describe what happens. */
export const evaluation: Scenario = {
  name: 'evaluation',
  shows:
    'What happens when the leader, and then all but one server, are shut down and come back, told by their statuses.',
  serversMin: 3,
  needs: [],
  repeats: false,
  steps: [
    { expect: 'leader' },
    { put: 'a' },
    { wait: 0.5 },
    { show: 'Before', about: 'All servers are up.' },
    { crash: 'leader' },
    { expect: 'newLeader' },
    { show: 'After the leader was shut down', about: 'The servers that remain.' },
    { put: 'a' },
    { restore: 'all' },
    { wait: 1 },
    {
      show: 'After an update, and the return of the old leader',
      about: 'Whether the update was replicated.',
    },
    { get: 'a', at: 'oldLeader' },
    { get: 'a' },
    { crash: 'spareFollowers' },
    { wait: 0.5 },
    { show: 'After followers were shut down', about: 'A majority is left, the leader among it.' },
    { put: 'a' },
    { crash: 'leader' },
    { expect: 'noLeader' },
    {
      show: 'After the leader was shut down too',
      about: 'Less than a majority remains.',
    },
    { put: 'a' },
    { get: 'a' },
    { restore: 'all' },
    { expect: 'leader' },
    { wait: 1 },
    { show: 'After all were restarted', about: 'All servers are up again.' },
    { put: 'a' },
    { get: 'a' },
  ],
};
