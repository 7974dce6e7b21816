import { assertionsOf, type Assignment } from './assertion.js';

const status = 'The status for node 0 can be read with: GET http://localhost:8080/admin/status';
const put = 'Put(Key, Value) sets the value (a list) for the given key.';
const append =
  'Append(Key, Value) adds the value (a string) to the list of values for the given key. This operation acts like Put(Key, [Value]) if the current value for the key is empty or undefined.';
const three = 'Initialize three Raft servers [...] Then, perform HTTP queries to all the three servers.';
const tolerant =
  'To enable fault tolerance, the service can use Raft to replicate the key/value store across a group of servers.';
const shutDown = 'Shut down the server that acts as a leader.';
const two = 'Shut down two servers, including the leader — starting with the server that is not the leader.';

const service = assertionsOf('service', [
  [
    'starts',
    0.5,
    'three servers start, and take HTTP requests on their ports',
    'Initialize three Raft servers using your key/value service implementation',
    'print(status(0))',
  ],
  [
    'status-form',
    0.5,
    "/admin/status tells state, leader, raft_term and commit_idx, by PySyncObj's names",
    status,
    "print({name: status(0)[name] for name in ('state', 'leader', 'raft_term', 'commit_idx')})",
  ],
  [
    'one-leader',
    1,
    'one of three servers leads, and all name the same one',
    'Which server is the leader? Can there be multiple leaders?',
    "print([(status(i)['state'], status(i)['leader']) for i in range(3)])  # one 2",
  ],
  [
    'put',
    1,
    'PUT sets the list of a key, and GET gives it',
    put,
    "post(0, 'a', 'PUT', ['cat', 'dog']); print(get(0, 'a'))",
  ],
  [
    'put-replaces',
    0.5,
    'a second PUT replaces the list',
    put,
    "post(0, 'b', 'PUT', ['cat']); post(0, 'b', 'PUT', ['cow']); print(get(0, 'b'))",
  ],
  [
    'append',
    1,
    'APPEND adds a string at the end of the list',
    append,
    "post(0, 'c', 'PUT', ['cat']); post(0, 'c', 'APPEND', ['mouse']); print(get(0, 'c'))  # cat, mouse",
  ],
  [
    'append-creates',
    0.5,
    'APPEND to a key that was never written acts like PUT',
    append,
    "post(0, 'd', 'APPEND', ['mouse']); print(get(0, 'd'))  # mouse",
  ],
  [
    'missing-key',
    0.25,
    'GET of a key that was never written gives an error or nothing, and the server lives on',
    'Get(Key) returns the value associated with the key.',
    "get(0, 'never written')",
  ],
  [
    'get-form',
    0.5,
    'GET gives a list of strings',
    'The value is a list of strings.',
    "post(0, 'e', 'PUT', ['cat', 'dog']); print(json.loads(get(0, 'e')))  # a list",
  ],
  [
    'put-reaches-all',
    1,
    'a list that was put at one server is read at the others within two seconds',
    'You can use the Get operation on server 1 with the same key to verify that the put operation was replicated',
    "post(0, 'f', 'PUT', ['cat']); sleep(2); print(get(1, 'f'), get(2, 'f'))",
  ],
  [
    'any-server',
    1,
    'PUT and APPEND take effect at each server, whoever leads',
    three,
    "post(1, 'g', 'PUT', ['cat']); post(2, 'g', 'APPEND', ['dog']); sleep(2); print(get(0, 'g'))",
  ],
  [
    'status-moves',
    0.5,
    'a write moves commit_idx, and neither the term nor the leader',
    'Perform a Put request for the key “a” on the leader. What is the new status? What changes occurred and why (if any)?',
    "a = status(0); post(0, 'h', 'PUT', ['cat']); b = status(0); print(a['commit_idx'], b['commit_idx'], a['raft_term'], b['raft_term'])",
  ],
  [
    'concurrent-appends',
    1,
    'of strings that are appended at the same moment at all servers, each is there once, in the same order everywhere',
    'Append(Key, Value) adds the value (a string) to the list of values for the given key.',
    "from threading import Thread\nfor i in range(6): Thread(target=post, args=(i % 3, 'i', 'APPEND', [str(i)])).start()\nsleep(3); print([get(i, 'i') for i in range(3)])  # three times the same six",
  ],
]);

const failures = assertionsOf('failures', [
  [
    'next-leader',
    1,
    'after the leader was shut down another server leads, in a later term',
    shutDown,
    "# shut down the server whose state is 2\nsleep(5); print(status(0)['state'], status(1)['state'], status(1)['raft_term'])",
  ],
  [
    'keeps-acknowledged',
    1,
    'what was written before the leader was shut down is still there',
    tolerant,
    "post(0, 'j', 'PUT', ['cat'])  # then shut down the leader\nsleep(5); print(get(1, 'j'))",
  ],
  [
    'two-serve',
    1,
    'with two of three servers PUT, APPEND and GET are served',
    'Perform a Put request for the key “a”.',
    "# with one server shut down\npost(1, 'k', 'PUT', ['cat']); print(get(2, 'k'))",
  ],
  [
    'returns-quietly',
    0.5,
    'the old leader comes back as a follower, and causes no election',
    'Indicate which steps lead to a new election and which ones do not. Justify your answer using the statuses returned by the servers.',
    "# start the server again\nsleep(3); print([(status(i)['state'], status(i)['raft_term']) for i in range(3)])",
  ],
  [
    'catches-up',
    1,
    'the old leader has, within ten seconds, what was put while it was down',
    'Indicate the result of a Get request for the key “a” to the previous leader. Has the Put request been replicated?',
    "# start the server again\nsleep(10); print(get(0, 'k'))",
  ],
  [
    'nothing-lost',
    1,
    'while the leader is shut down under many clients, nothing acknowledged is lost or doubled',
    tolerant,
    '# append numbers from several threads, shut down the leader, and look for what is missing',
  ],
  [
    'reads-plausible',
    0.5,
    'every list that is read then is a beginning of the list in the end',
    tolerant,
    '# the details name the GET whose list had something that is not there later',
  ],
  [
    'linearizable',
    1,
    'all answers of these clients fit one order of the operations',
    'Only with --consistency linearizable: the assignment asks for replicas, not for reads that are never old.',
    '# the details name the operations',
  ],
  [
    'minority-no-leader',
    0.5,
    'one server of three does not lead',
    two,
    "# with two servers shut down\nsleep(5); print(status(0)['state'])  # not 2",
  ],
  [
    'minority-no-writes',
    1,
    'one server of three acknowledges no PUT and no APPEND',
    'Can you perform Get, Put, or Append requests in this system state? Justify your answer.',
    "# with two servers shut down\npost(0, 'l', 'PUT', ['cat'])  # an error, or it waits",
  ],
  [
    'minority-no-reads',
    0.5,
    'one server of three answers no GET',
    'Only with --consistency linearizable: one server cannot know whether others have written since.',
    "# with two servers shut down\nget(0, 'k')  # an error, or it waits",
  ],
  [
    'serves-again',
    1,
    'when they are started again, one leads and writes are served',
    'Restart the servers and note down the new status. Describe what happened.',
    "# start both servers again\nsleep(5); post(0, 'm', 'PUT', ['cat']); print(get(1, 'm'))",
  ],
]);

/** "Fault-Tolerant Key/Value Service": HTTP, with PySyncObj or another Raft behind it. */
export const keysAssignment: Assignment = {
  name: 'keys',
  parts: [
    { id: 'service', title: 'Key/value service', points: 2.5 },
    { id: 'failures', title: 'Under failures', points: 2 },
  ],
  assertions: [...service, ...failures],
  // A service that stores nothing also loses nothing.
  caps: [{ unless: 'put', part: 'failures', atMost: 0 }],
  consistency: 'eventual',
  preamble:
    'import json; from time import sleep; from urllib.request import Request, urlopen\n' +
    "url = lambda i, path: f'http://localhost:{8080 + i}/{path}'; get = lambda i, key: urlopen(url(i, f'keys/{key}')).read()\n" +
    "status = lambda i: json.load(urlopen(url(i, 'admin/status'))); post = lambda i, key, type, value: urlopen(Request(url(i, f'keys/{key}'), json.dumps({'type': type, 'value': value}).encode(), {'Content-Type': 'application/json'}))",
};
