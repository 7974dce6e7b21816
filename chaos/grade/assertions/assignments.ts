import type { Assignment, AssignmentName } from './assertion.js';
import { electionAssertions } from './election.js';
import { keysAssignment } from './keys.js';
import { messagesAssignment } from './messages.js';
import { replicationAssertions } from './replication.js';

/** "Fault-tolerant SurfStore metadata": XML-RPC, and hooks that crash servers. */
const surfstoreAssignment: Assignment = {
  name: 'surfstore',
  parts: [
    { id: 'election', title: 'Leader election', points: 7.5 },
    { id: 'replication', title: 'Replication', points: 7.5 },
  ],
  assertions: [...electionAssertions, ...replicationAssertions],
  caps: [
    // Whoever elects nobody also elects nobody without a majority; whoever answers nothing says nothing wrong.
    { unless: 'third-elects', part: 'election', atMost: 1.5 },
    { unless: 'first-update', part: 'replication', atMost: 0 },
  ],
  consistency: 'linearizable',
  // Makes `s`, the servers of the config file of the assignment, and `leader()`.
  preamble:
    'from xmlrpc.client import ServerProxy; from time import sleep\n' +
    "s = [ServerProxy(f'http://localhost:{9001 + i}/RPC2').surfstore for i in range(5)]; leader = lambda: next(x for x in s if x.isLeader())",
};

export const assignments: Readonly<Record<AssignmentName, Assignment>> = {
  surfstore: surfstoreAssignment,
  keys: keysAssignment,
  messages: messagesAssignment,
};
