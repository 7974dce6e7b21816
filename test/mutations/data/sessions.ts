import type { Mutation } from '../mutation.js';

const sessions = 'src/stateMachine/sessions.ts';
const recentlyUsed = 'src/stateMachine/sessions.ts';
const keyValue = 'src/stateMachine/keyValue.ts';
const state = 'src/stateMachine/serviceState.ts';
const router = 'src/node/leaderRouter.ts';
const clientSessions = 'src/node/clientSessions.ts';
const clusterCaller = 'src/client/clusterCaller.ts';
const node = 'src/node/raftNode.ts';
const retries = 'ra#145, curvine#676';
const ours = 'ours';

/** Retries that take effect once, keys, and calls on any server. */
export const sessionMutations: readonly Mutation[] = [
  {
    id: 't40b',
    title: 'a retry is applied again',
    source: retries,
    edits: [{ file: sessions, find: 'isRetry ? known.result : run()', replace: 'run()' }],
  },
  {
    id: 't40c',
    title: 'the version check makes a refusal of a retried update',
    source: retries,
    edits: [
      {
        file: state,
        find: 'if (request === undefined) return this.run(command);',
        replace: "if (request === undefined || command.type === 'updateFile') return this.run(command);",
      },
    ],
  },
  {
    id: 's89',
    title: 'a retry is not told what became of the request',
    source: ours,
    edits: [{ file: sessions, find: 'isRetry ? known.result : run()', replace: "isRetry ? 'none' : run()" }],
  },
  {
    id: 's90',
    title: 'snapshots leave the sessions out',
    source: ours,
    edits: [
      {
        file: state,
        find: '      this.sessions.records(),\n',
        replace: '',
      },
    ],
  },
  {
    id: 's91',
    title: 'sessions of a snapshot come in the order of its records',
    source: ours,
    edits: [
      {
        file: sessions,
        find: '[...remembered].sort(([, a], [, b]) => a.usedAt - b.usedAt)',
        replace: '[...remembered]',
      },
    ],
  },
  {
    id: 's92',
    title:
      'the walk along the longest silent never begins anew, and holds every table that the map has outgrown',
    source: 'ours: found in review',
    edits: [
      {
        file: recentlyUsed,
        find: '    if (this.uses % USES_PER_WALK === 0) this.walk = undefined;\n',
        replace: '',
      },
    ],
  },
  {
    id: 's93',
    title: 'the newest session is forgotten instead of the oldest',
    source: ours,
    edits: [
      {
        file: recentlyUsed,
        find: 'const step = this.walk.next();',
        replace: 'const step = [...this.entries.entries()].slice(-1).values().next();',
      },
    ],
  },
  {
    id: 's94',
    title: 'the session that was opened first is forgotten, however lively it is',
    source: ours,
    edits: [{ file: recentlyUsed, find: '    this.entries.delete(key);\n', replace: '' }],
  },
  {
    id: 's95',
    title: 'an old request is applied after its successor',
    source: ours,
    edits: [
      {
        file: sessions,
        find: "    if (known !== undefined && sequence < known.sequence) return 'stale';\n",
        replace: '',
      },
    ],
  },
  {
    id: 's96',
    title: 'a request of a session that is not open is done',
    source: ours,
    edits: [
      {
        file: sessions,
        find: "    if (known === undefined && !isSingle) return 'sessionExpired';\n",
        replace: '',
      },
    ],
  },
  {
    id: 's97',
    title: 'another command with the same request id is taken for a retry',
    source: ours,
    edits: [
      {
        file: sessions,
        find: "    if (isRetry && known.print !== print) return 'reused';\n",
        replace: '',
      },
    ],
  },
  {
    id: 's98',
    title: 'a follower answers reads from what it has',
    source: ours,
    edits: [
      {
        file: router,
        find: "place === 'here' ? this.node.read() : this.readThrough(place),",
        replace:
          "place === 'here' ? this.node.read() : { promise: Promise.resolve(), cancel: () => undefined },",
      },
    ],
  },
  {
    id: 's99',
    title: "a follower does not wait until it has applied the leader's read index",
    source: ours,
    edits: [
      {
        file: router,
        find: 'this.node.whenApplied(confirmed)',
        replace: 'this.node.whenApplied(confirmed * 0)',
      },
    ],
  },
  {
    id: 's100',
    title: 'the leader gives its commit index for a read, and asks nobody',
    source: ours,
    edits: [
      {
        file: 'src/api/surfstoreMethods.ts',
        find: 'heard(from, () => waitFor(node.read(), call).then(() => node.lastApplied)),',
        replace: 'heard(from, () => Promise.resolve(call === undefined ? 0 : node.status.core.commitIndex)),',
      },
    ],
  },
  {
    id: 's101',
    title: 'who waits for an index to be applied is answered at once',
    source: ours,
    edits: [
      {
        file: node,
        find: '    this.pending.confirmRead(request, index);\n',
        replace: '    this.pending.mayRead(request, index * 0);\n',
      },
    ],
  },
  {
    id: 's102',
    title: 'a write that was passed on and not answered is said not to be done',
    source: ours,
    edits: [
      {
        file: router,
        find: "this.fail(new ServiceError('timedOut', explanation));",
        replace: "this.fail(new ServiceError('noLeader', explanation));",
      },
    ],
  },
  {
    id: 's103',
    title: 'the last refusal of a write hides that an attempt before it may have been done',
    source: ours,
    edits: [
      {
        file: router,
        find: 'if (!mayBeDone) return error;',
        replace: "if (!mayBeDone || error.outcome === 'notDone') return error;",
      },
    ],
  },
  {
    id: 's104',
    title: 'a result does not tell that an attempt before may have been done',
    source: ours,
    edits: [{ file: router, find: 'repeated: this.mayBeDone }', replace: 'repeated: false }' }],
  },
  {
    id: 's105',
    title: 'a write that was given to a leader which was replaced counts as not done',
    source: ours,
    edits: [
      {
        file: router,
        find: '      this.attempt.cancel();\n      this.mayBeDone = true;\n',
        replace: '      this.attempt.cancel();\n',
      },
    ],
  },
  {
    id: 's106',
    title: 'each attempt at a write is a request of its own',
    source: retries,
    edits: [
      {
        file: router,
        find: 'this.calls.propose(place, command)),',
        replace: 'this.calls.propose(place, command.replace(/,"request":[{][^}]*[}]/, ""))),',
      },
    ],
  },
  {
    id: 's107',
    title: 'a number is given to the next request although its own may still be done',
    source: ours,
    edits: [
      {
        file: clientSessions,
        find: "if (how === 'used') session.lastSequence = sequence;",
        replace: "if (how !== 'used') session.lastSequence = sequence - 1;",
      },
    ],
  },
  {
    id: 's108',
    title: 'a list that was read grows with later appends',
    source: ours,
    edits: [
      {
        file: keyValue,
        find: 'if (list.chars < SHARED_CHARS) return list.items.slice(0, list.length);',
        replace: 'if (list.chars < SHARED_CHARS) return list.items;',
      },
    ],
  },
  {
    id: 's109',
    title: 'a snapshot has only the beginning of a long list',
    source: ours,
    edits: [{ file: keyValue, find: ', ...others.map((more) => ({ more }))]', replace: ']' }],
  },
  {
    id: 's110',
    title: 'keys that are written while a snapshot is read show in it',
    source: ours,
    edits: [
      {
        file: keyValue,
        find: 'recordsFrom(this.keys.freeze(), recordsOfKey)',
        replace:
          'recordsFrom(Object.assign(this.keys.entries(), { release: () => undefined }), recordsOfKey)',
      },
    ],
  },
  {
    id: 's111',
    title: 'items that are appended while a snapshot is read show in it',
    source: ours,
    edits: [
      { file: keyValue, find: 'of items.slice(0, length)) {', replace: 'of length < 0 ? [] : items) {' },
    ],
  },
  {
    id: 's112',
    title: 'a server remembers one session less than it may',
    source: ours,
    edits: [
      {
        file: recentlyUsed,
        find: 'if (this.entries.size > this.max) this.forgetOldest();',
        replace: 'if (this.entries.size >= this.max) this.forgetOldest();',
      },
    ],
  },
  {
    id: 's113',
    title: 'an append to what is no list replaces it',
    source: ours,
    edits: [
      {
        file: keyValue,
        find: "if (!('list' in stored)) return 'notAList';",
        replace: "if (!('list' in stored)) return this.put({ key, value: items });",
      },
    ],
  },
  {
    id: 's114',
    title: 'lists grow without a limit',
    source: ours,
    edits: [
      {
        file: keyValue,
        find: "    if (stored.list.chars + charsOf(items) > LIST_CHARS_MAX) return 'tooLarge';\n",
        replace: '',
      },
    ],
  },
  {
    id: 's115',
    title: 'a write goes on waiting for a leader that was replaced',
    source: ours,
    edits: [
      {
        file: router,
        find: "if (this.attempt?.place === 'here') return;",
        replace: 'if (this.attempt !== undefined) return;',
      },
    ],
  },
  {
    id: 's116',
    title: 'a connection to the leader that broke is said to have carried nothing',
    source: 'hashicorp PR#561, Jepsen Redis-Raft',
    edits: [
      {
        file: 'src/api/leaderCalls.ts',
        find: "wasSent ? 'timedOut' : 'noLeader'",
        replace: "wasSent && leader < 0 ? 'timedOut' : 'noLeader'",
      },
    ],
  },
  {
    id: 's117',
    title: 'a read through the leader joins the call that is under way already',
    source: 'etcd#20418',
    edits: [
      {
        file: 'src/node/sharedReadIndex.ts',
        find: 'const round = this.next ?? this.openRound();',
        replace: 'const round = this.underWay ?? this.next ?? this.openRound();',
      },
    ],
  },
  {
    id: 's118',
    title:
      'a write whose name was forgotten is sent under a new one, whatever an attempt before may have done',
    source: ours,
    edits: [
      {
        file: 'src/api/keyValueService.ts',
        find: 'if (!isForgotten || routed.repeated)',
        replace: 'if (!isForgotten)',
      },
    ],
  },
  {
    id: 's119',
    title: 'the number of a write that may have been done is used for the next one',
    source: ours,
    edits: [
      {
        file: 'src/api/keyValueService.ts',
        find: "call.end(isCertainlyNotDone(error) ? 'unused' : 'used');",
        replace: "call.end('unused');",
      },
    ],
  },
  {
    id: 's120',
    title: 'requests with a name of their own have sessions forgotten',
    source: 'ours: found in review',
    edits: [{ file: sessions, find: 'isSingle ? this.singles : this.opened', replace: 'this.opened' }],
  },
  {
    id: 's121',
    title: 'any number of calls may wait for a leader',
    source: 'etcd MaxUncommittedEntriesSize, scylladb PR#31402',
    edits: [
      {
        file: router,
        find: 'if (this.open.size >= callsMax || this.waitingChars + chars > charsMax)',
        replace: 'if (this.open.size >= callsMax && this.waitingChars + chars > charsMax)',
      },
    ],
  },
  {
    id: 's150',
    title: 'the first request of a session that is not open is taken for that of a new client',
    source: 'ours: a hole that was documented',
    edits: [
      {
        file: sessions,
        find: 'known === undefined && !isSingle',
        replace: 'known === undefined && sequence > 1',
      },
    ],
  },
  {
    id: 's151',
    title: 'the id of a session is the number of those that are open',
    source: ours,
    edits: [
      {
        file: sessions,
        find: 'const sessionId = String(index);',
        replace: 'const sessionId = String(this.opened.size + 1);',
      },
    ],
  },
  {
    id: 's152',
    title: 'snapshots leave out sessions that have had no request',
    source: ours,
    edits: [
      {
        file: sessions,
        find: '[{ s: fieldsOf(id, session) }]',
        replace: 'session.sequence === 0 ? [] : [{ s: fieldsOf(id, session) }]',
      },
    ],
  },
  {
    id: 's153',
    title: 'sessions are forgotten by the time of a server, not by the order of the log',
    source: ours,
    edits: [{ file: sessions, find: 'print: 0, usedAt: index }', replace: 'print: 0, usedAt: Date.now() }' }],
  },
  {
    id: 's154',
    title: 'a session that is opened is not counted among those that are remembered',
    source: ours,
    edits: [
      {
        file: sessions,
        find: 'this.opened.use(sessionId, {',
        replace: 'new RecentlyUsed<Remembered>(this.sessionsMax).use(sessionId, {',
      },
    ],
  },
  {
    id: 's155',
    title: 'a client sends a write in a new session although it may have been done in the old one',
    source: ours,
    edits: [
      {
        file: clusterCaller,
        find: "if (!write.leaveSession() || operation.outcome === 'unknown') return attempt;",
        replace: 'if (!write.leaveSession()) return attempt;',
      },
    ],
  },
  {
    id: 's156',
    title: 'a client uses a session again that is forgotten',
    source: ours,
    edits: [
      {
        file: clientSessions,
        find: "if (how === 'expired') {",
        replace: "if (how === 'expired' && !ended) {",
      },
    ],
  },
  {
    id: 's157',
    title: 'a write without a request id is sent again although it may have been done',
    source: ours,
    edits: [
      {
        file: clusterCaller,
        find: "if ('value' in attempt || attempt.failure.outcome === 'notDone') return attempt;",
        replace: 'if (server.id >= 0) return attempt;',
      },
    ],
  },
  {
    id: 's158',
    title: 'a write counts as possibly done because the opening of its session may have been',
    source: ours,
    edits: [
      {
        file: clusterCaller,
        find: "return { failure: { ...failure, outcome: 'notDone' } };",
        replace: 'return { failure };',
      },
    ],
  },
  {
    id: 's159',
    title: 'a server says that a write may have been done when it could not open a session for it',
    source: ours,
    edits: [
      {
        file: 'src/api/keyValueService.ts',
        find: 'throw error instanceof ServiceError ? asNotDone(error) : error;',
        replace: 'throw error instanceof ServiceError && error.code === 0 ? asNotDone(error) : error;',
      },
    ],
  },
];
