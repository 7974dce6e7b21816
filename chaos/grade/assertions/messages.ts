import { assertionsOf, type Assignment } from './assertion.js';

const put =
  'PUT (key, value) -> success/failure: add a key-value pair to the data store. Overwrite previous value if one exists.';
const get =
  'GET (key) -> value/error: retrieve the value corresponding to the given key from the KV store. Return an error if the key could not be found or the value could not be returned.';
const redirect =
  'Extend your KV store interface such that your server can reply with a redirect message. That is, when the client sends a PUT/GET request to a server that is not the leader you can reply with a redirect message to the appropriate leader.';
const conflict =
  'Your implementation should provide a way to speak to a leader (or similar) such that we can ensure that we cannot have conflicting operations';
const replicate =
  'Your implementation should provide a way to replicate the contents of the KV store across several nodes';
const quorum =
  'Note, when distributing the log you will need to share it to a quorum of other servers so as to ensure that there is no potential for inconsistency.';
const calls =
  'Given a call to GET or PUT, the call must eventually succeed or return an error message. Either call can be delayed in the presence of failures but, in the absence of failures, all calls must eventually succeed.';
const tolerant =
  'Your KV store should be fault tolerant. That is, it should be resistant to failure of one or more nodes';

const basic = assertionsOf('basic', [
  [
    'starts',
    0.5,
    'five servers start, and answer JSON messages',
    'you should provide a JSON-based interface to your KV store. Each instance of your KV store should be able to accept and reply to these messages',
    "print(ask(0, type='get', payload={'key': 'a'}))",
  ],
  ['put', 1, 'PUT is answered with the code success', put, "print(put('a', '1'))  # {'code': 'success'}"],
  [
    'get',
    1,
    'GET gives the value that was put',
    get,
    "put('b', '1'); print(get('b')['payload']['value'])  # 1",
  ],
  [
    'put-replaces',
    0.5,
    'a second PUT overwrites the value',
    put,
    "put('c', '1'); put('c', '2'); print(get('c')['payload']['value'])  # 2",
  ],
  [
    'missing-key',
    0.5,
    'GET of a key that was never put is answered with the code fail',
    get,
    "print(get('never put'))  # 'code': 'fail'",
  ],
  [
    'get-form',
    0.5,
    'the answer to GET has key and value in its payload',
    "Returns: { code: 'success'/'fail', 'payload': { 'message': 'optional', 'key': 'k', 'value': 'v' }",
    "put('d', '1'); print(get('d'))  # 'payload': {'key': 'd', 'value': '1'}",
  ],
  [
    'values',
    0.5,
    'values with blanks, quotes, letters of other alphabets, and of 10,000 characters come back as they were put',
    'the flexibility of the storage system for arbitrary data',
    "put('e', 'two words, \"quoted\", äöü'); print(get('e')['payload']['value'])",
  ],
  [
    'lives-on',
    0.25,
    'a message that makes no sense does not end the server',
    'Each instance of your KV store should be able to accept and reply to these messages',
    "ask(0, type='no such type'); print(ask(0, type='get', payload={'key': 'a'}))",
  ],
]);

const safety = assertionsOf('safety', [
  [
    'every-server',
    1,
    'from each server a client comes to one that takes PUT and GET',
    redirect,
    "print([ask(i, type='put', payload={'key': 'f', 'value': '1'}) for i in range(5)])",
  ],
  [
    'same-answers',
    1,
    'whichever server a client begins at, it gets the value that was put last',
    conflict,
    "put('g', '1'); put('g', '2')\nprint([ask(i, type='get', payload={'key': 'g'}) for i in range(5)])",
  ],
  [
    'concurrent-puts',
    1,
    'of values that are put under one key at the same moment one stays, the same for all clients',
    conflict,
    "from threading import Thread\nfor i in range(8): Thread(target=put, args=('h', str(i))).start()\nsleep(2); print([ask(i, type='get', payload={'key': 'h'}) for i in range(5)])",
  ],
  [
    'new-leader',
    1,
    'after the server that takes PUT was ended another one does, within ten seconds',
    'Test your server by removing leaders and validating that a new leader takes over.',
    "# end the server that answers success\nsleep(5); print(put('i', '1'))",
  ],
]);

const replication = assertionsOf('replication', [
  [
    'kept',
    1,
    'thirty keys are all there after the leader was ended',
    replicate,
    "for i in range(30): put(f'key{i}', str(i))\n# end the leader\nsleep(5); print([get(f'key{i}') for i in range(30)])",
  ],
  [
    'newest-kept',
    1,
    'of a key that was put ten times the last value is there after the leader was ended',
    replicate,
    "for i in range(10): put('j', str(i))\n# end the leader\nsleep(5); print(get('j'))  # 9",
  ],
  [
    'follower-ended',
    0.5,
    'when a server that does not lead is ended, PUT and GET go on',
    tolerant,
    "# end a server that does not lead\nprint(put('k', '1'), get('k'))",
  ],
  [
    'second-leader',
    0.5,
    'after a second leader was ended, with three of five servers left, everything is still there',
    quorum,
    "# end two leaders, one after the other\nsleep(5); print(get('key7'), put('l', '1'))",
  ],
]);

const faults = assertionsOf('faults', [
  [
    'all-succeed',
    1,
    'without failures each of a hundred calls of four clients succeeds',
    calls,
    "print([put('m', str(i))['code'] for i in range(100)])",
  ],
  [
    'calls-end',
    1,
    'while leaders are ended, each call ends within ten seconds, with success or an error',
    calls,
    "# while the leader is ended\nprint(put('n', '1'))",
  ],
  [
    'succeeds-again',
    1,
    'within ten seconds after a leader was ended calls succeed again',
    calls,
    "# after the leader was ended\nsleep(10); print(put('o', '1'))",
  ],
  [
    'nothing-lost',
    1,
    'while leaders are ended under many clients, no value that was acknowledged is replaced by an older one',
    calls,
    '# put rising numbers from several threads, end the leader, and compare with the last that succeeded',
  ],
  [
    'minority-no-success',
    0.5,
    'with two of five servers left no PUT succeeds',
    quorum,
    "# end three servers, leaders first\nprint(put('p', '1'))  # fail, or no answer",
  ],
  [
    'linearizable',
    1,
    'all answers of the many clients fit one order of the operations',
    'Only with --consistency linearizable: "consistent (that the service provides the most recent state when read)"',
    '# the details name the operations',
  ],
]);

/** "Distributed key-value store": JSON messages; servers that fail do not come back. */
export const messagesAssignment: Assignment = {
  name: 'messages',
  parts: [
    { id: 'basic', title: 'Basic KV store', points: 20 },
    { id: 'safety', title: 'Basic safety', points: 20 },
    { id: 'replication', title: 'Basic replication', points: 20 },
    { id: 'faults', title: 'Fault tolerance', points: 20 },
  ],
  assertions: [...basic, ...safety, ...replication, ...faults],
  // A store that takes nothing also loses nothing.
  caps: [
    { unless: 'put', part: 'replication', atMost: 0 },
    { unless: 'put', part: 'faults', atMost: 0 },
  ],
  consistency: 'eventual',
  preamble:
    'import json, socket; from time import sleep\n' +
    'def ask(i, **message):\n' +
    "    with socket.create_connection(('localhost', 9001 + i)) as s: s.sendall(json.dumps(message).encode() + b'\\n'); return json.loads(s.makefile().readline())\n" +
    "call = lambda **message: next(r for r in (ask(i, **message) for i in range(5)) if r['code'] != 'redirect')\n" +
    "put = lambda key, value: call(type='put', payload={'key': key, 'value': value}); get = lambda key: call(type='get', payload={'key': key})",
};
