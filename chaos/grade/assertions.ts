/** The parts of the assignment's rubric. */
export const parts = ['election', 'replication'] as const;
export type Part = (typeof parts)[number];

/** Something that a server must do, and that is worth points. */
export interface Assertion {
  readonly id: string;
  readonly part: Part;
  /** As a sentence about the servers. */
  readonly title: string;
  /** Its share of the points of its part, beside the others. */
  readonly weight: number;
  /** The words of the assignment that it comes from. */
  readonly source: string;
  /** What repeats it by hand, after the two lines of `pythonPreamble`. */
  readonly python: string;
}

/** Makes `s`, the servers of the config file of the assignment, and `leader()`. */
export const pythonPreamble =
  'from xmlrpc.client import ServerProxy; from time import sleep\n' +
  "s = [ServerProxy(f'http://localhost:{9001 + i}/RPC2').surfstore for i in range(5)]; leader = lambda: next(x for x in s if x.isLeader())";

const timing = 'one of those nodes should be elected as leader within 5 seconds';
const block = 'clients should block and not receive a response until a majority are restored';
const strawman = '"Strawman" testing strategy';

function election(id: string, weight: number, title: string, source: string, python: string): Assertion {
  return { id, part: 'election', title, weight, source, python };
}

function replication(id: string, weight: number, title: string, source: string, python: string): Assertion {
  return { id, part: 'replication', title, weight, source, python };
}

/** All assertions, in the order in which they are judged and shown. */
export const assertions: readonly Assertion[] = [
  election(
    'starts',
    0.5,
    'a server starts from a config file and its number, and listens on its port',
    'run-server.sh myconfig.txt 3 would start the server with a configuration file of myconfig.txt',
    '# ./run-server.sh myconfig.txt 0 &\nprint(s[0].isLeader())',
  ),
  election(
    'alone',
    0.25,
    'one server of five does not lead',
    `${strawman}: start one instance. It should become a candidate, but not become a leader`,
    '# start server 0 alone\nsleep(2.5); print(s[0].isLeader())  # False',
  ),
  election(
    'two-of-five',
    0.5,
    'two servers of five elect nobody',
    `${strawman}: start a second instance, it should also not become leader`,
    '# start servers 0 and 1\nsleep(2.5); print([x.isLeader() for x in s[:2]])  # [False, False]',
  ),
  election(
    'third-elects',
    1,
    'with the third of five servers there is one leader within 5 s',
    `${strawman}: start the third instance. At this point, one of the three nodes should be elected leader`,
    '# start servers 0, 1 and 2\nsleep(5); print([x.isLeader() for x in s[:3]])  # one True',
  ),
  election(
    'leader-remains',
    0.25,
    'the leader remains when the fourth and the fifth server start',
    `${strawman}: these nodes should become followers, and the previously elected leader should remain the leader`,
    '# start servers 3 and 4\nsleep(2); print([x.isLeader() for x in s])  # the same one',
  ),
  election(
    'stable',
    0.5,
    'without failures the leader stays the leader',
    'a single leader to be elected and, in the absence of failures, stay the leader',
    'for _ in range(20): print([x.isLeader() for x in s]); sleep(0.5)',
  ),
  election(
    'few-rpcs',
    0.25,
    'servers send each other few messages when nobody calls',
    'A single node should be able to handle up to O(10) RPC calls per second. Do not create an implementation with an excessive number of RPC calls',
    '# count the calls of appendEntries in your server for ten seconds',
  ),
  election(
    'little-cpu',
    0.25,
    'servers do not burn the processor when nobody calls',
    'this might cause our testing framework to malfunction (RPC limits)',
    '# top -p $(pgrep -d, -f server)\n# a thread that runs `while True: pass` shows there',
  ),
  election(
    'little-log',
    0.25,
    'servers write few lines to their log',
    'If there is a ton of log messages, it can interfere with the grader',
    '# ./run-server.sh myconfig.txt 0 | pv -l > /dev/null',
  ),
  election(
    'hooks-form',
    0.25,
    'isLeader and isCrashed answer True or False, crash and restore answer without a fault',
    'isleader(): True if the server thinks it is a leader; always returns the correct answer',
    'print(s[0].isLeader(), s[0].isCrashed(), s[0].crash(), s[0].isCrashed(), s[0].restore())',
  ),
  election(
    'crash-state',
    0.5,
    'a crashed server answers, and says that it is crashed and does not lead',
    'iscrashed(): True if the server is in a crashed state; always returns the correct answer',
    's[0].crash(); print(s[0].isCrashed(), s[0].isLeader())  # True False\ns[0].crash(); print(s[0].isCrashed()); s[0].restore()',
  ),
  election(
    'restored-answers',
    0.25,
    'a restored server answers its first call, and says that it is no longer crashed',
    'restore(): causes the server to recover and no longer be crashed',
    's[0].crash(); s[0].restore(); print(s[0].isCrashed())  # False, at once',
  ),
  election(
    'restored-is-quiet',
    0.25,
    'a follower that comes back from a crash does not depose the leader',
    'if it gets any append or requestvote calls, it should just reply back that it is crashed and not update its internal state',
    'f = next(x for x in s if not x.isLeader()); l = leader(); f.crash(); sleep(3); f.restore()\nsleep(2); print(l.isLeader())  # True',
  ),
  election(
    'next-leader',
    1,
    'after the leader crashed another one leads within 5 s, again and again',
    `${strawman}: kill the leader. One of the remaining (N-1) nodes should be elected to leader within 5 seconds`,
    'leader().crash(); sleep(5); print([x.isLeader() for x in s])  # another one',
  ),
  election(
    'restored-follows',
    0.25,
    'a leader that crashed comes back as a follower',
    'Always returns the correct answer (isleader), when another server leads meanwhile',
    'l = leader(); l.crash(); sleep(5); l.restore(); print(l.isLeader())  # False',
  ),
  election(
    'no-majority-no-leader',
    0.5,
    'once a majority is crashed nobody becomes leader',
    `${strawman}: once a majority of the nodes are no longer up, then no nodes should become leader`,
    'for _ in range(3): leader().crash(); sleep(5)\nprint([x.isLeader() for x in s])  # all False',
  ),
  election(
    'unknown-method',
    0.25,
    'a call of a method that does not exist ends in a fault, and the server lives on',
    'we will call isleader/crash/restore/iscrashed as part of testing your codebase',
    's[0].noSuchMethod()  # a Fault\nprint(s[0].isLeader())',
  ),
  election(
    'killed-leaders',
    0.5,
    'leaders that are killed have successors, until the majority is gone',
    `${strawman}: continue doing this, noting that new leaders will get elected within 5 seconds`,
    '# kill -9 the process of the leader\nsleep(5)  # then ask the others',
  ),
  election(
    'even-number',
    0.5,
    'with four servers two elect nobody, and three do',
    'Make sure to test with an even number of servers',
    '# M: 4, start servers 0 and 1\nsleep(3); print([x.isLeader() for x in s[:2]])  # [False, False]',
  ),
  election(
    'one-of-one',
    0.25,
    'a single server is its own majority: it leads, takes updates, and leads again after a crash',
    'You should be able to handle a variable number of servers',
    '# M: 1, start server 0\nsleep(5); print(s[0].isLeader(), s[0].updatefile("a", 1, ["h"]))',
  ),
  election(
    'one-leader',
    0.5,
    'under faults there is one leader at a time',
    'Implementing leader election and heartbeats should be sufficient for a single leader to be elected',
    '# while servers are crashed and restored, ask all of them:\nprint([x.isLeader() for x in s])  # never two for long',
  ),
  election(
    'leader-in-time',
    0.5,
    'under faults there is a leader within 5 s whenever a majority is up',
    timing,
    '# while servers are crashed and restored:\nprint([x.isLeader() for x in s])',
  ),

  replication(
    'first-update',
    0.5,
    'the leader takes the first version of a file',
    'updatefile(): if the node is the leader, and if a majority of the nodes are working, should return the correct answer',
    "print(leader().updatefile('a', 1, ['h1']))  # True",
  ),
  replication(
    'update-form',
    0.25,
    'updatefile answers True or False',
    'Updates a file’s metadata [...] should return the correct answer',
    "print(repr(leader().updatefile('b', 1, ['h1'])))  # True, not None",
  ),
  replication(
    'map-form',
    0.25,
    'getfileinfomap answers a map of name to [version, hash list]',
    'getFileinfoMap(): returns metadata from the filesystem',
    "leader().updatefile('c', 1, ['h1', 'h2'])\nprint(leader().getfileinfomap()['c'])  # [1, ['h1', 'h2']]",
  ),
  replication(
    'hashes-returned',
    0.25,
    'a hash list is returned as it was written',
    'getFileinfoMap(): should return the correct answer',
    "leader().updatefile('d', 1, ['h1', 'h2'])\nprint(leader().getfileinfomap()['d'][1] == ['h1', 'h2'])  # True",
  ),
  replication(
    'version-form',
    0.25,
    'tester_getversion answers a whole number',
    'tester_getversion(): returns the version of the given file in the server’s metadata map',
    "leader().updatefile('e', 1, ['h1'])\nprint(repr(leader().tester_getversion('e')))  # 1",
  ),
  replication(
    'version-of-missing',
    0.25,
    'tester_getversion answers 0 (or None) for a file that was never written',
    'the followers (and leaders) need always implement GetVersion',
    "print(s[0].tester_getversion('never written'))  # 0",
  ),
  replication(
    'followers-refuse',
    0.5,
    'a server that does not lead answers updates and reads with a fault',
    'Any clients that interact with a non-leader should get an error message',
    'f = next(x for x in s if not x.isLeader())\nf.getfileinfomap()  # a Fault',
  ),
  replication(
    'versions-checked',
    0.5,
    'only the version that is exactly one higher is applied',
    'updatefile() should only be applied when the given version number is exactly one higher than the version stored in the leader',
    "l = leader(); print([l.updatefile('f', v, ['h']) for v in (1, 1, 5, 2)])  # [True, False, False, True]",
  ),
  replication(
    'versions-count',
    0.5,
    'an update moves the version by one, and the map shows it',
    'should only be applied when the given version number is exactly one higher',
    "leader().updatefile('g', 1, ['h'])\nprint(leader().tester_getversion('g'), leader().getfileinfomap()['g'][0])  # 1 1",
  ),
  replication(
    'replicated',
    0.5,
    'an update reaches all servers within two seconds',
    'When the leader successfully issues the commit to a majority of the followers, then it can reply back to the client',
    "leader().updatefile('h', 1, ['h'])\nsleep(2); print([x.tester_getversion('h') for x in s])  # [1, 1, 1, 1, 1]",
  ),
  replication(
    'one-of-concurrent',
    0.5,
    'of updates with the same version at the same moment exactly one is applied',
    'multiple clients can update the metadata of a file in a concurrent manner; updatefile() should only be applied when [...]',
    "from threading import Thread; r = []; url = 'http://localhost:9001/RPC2'  # of the leader\nfor i in range(6): Thread(target=lambda: r.append(ServerProxy(url).surfstore.updatefile('i', 1, ['h']))).start()\nsleep(2); print(r)  # one True",
  ),
  replication(
    'crashed-refuses',
    0.25,
    'a crashed server answers updates and reads with a fault, and still tells versions',
    'If a client tries to contact a crashed node, it should just return an error indicating it is crashed',
    "s[0].crash(); print(s[0].tester_getversion('h'))  # 1\ns[0].getfileinfomap()  # a Fault",
  ),
  replication(
    'stands-still',
    0.5,
    'the versions of a crashed server do not move',
    'it should just reply back that it is crashed and not update its internal state',
    "f = next(x for x in s if not x.isLeader()); f.crash(); leader().updatefile('h', 2, ['h'])\nsleep(1); print(f.tester_getversion('h'))  # 1",
  ),
  replication(
    'catches-up',
    0.5,
    'a restored server catches up within two seconds',
    'The leader should attempt to bring it up to date each heartbeat, meaning that every half second the leader should call into the follower with updated information',
    "f.restore(); sleep(2); print(f.tester_getversion('h'))  # 2",
  ),
  replication(
    'survives-leader',
    0.5,
    'what was acknowledged is there after the leader crashed, and updates go on',
    'Replicating state to the followers and recovering from leader failure',
    "leader().updatefile('j', 1, ['h']); leader().crash(); sleep(5)\nprint(leader().tester_getversion('j'), leader().updatefile('j', 2, ['h']))  # 1 True",
  ),
  replication(
    'update-waits',
    0.75,
    'without a majority no update is answered',
    block,
    "for x in [x for x in s if not x.isLeader()][:3]: x.crash()\nleader().updatefile('k', 1, ['h'])  # waits until one is restored",
  ),
  replication(
    'map-waits',
    0.5,
    'without a majority no read is answered',
    `Every operation, including updatefile() and getfileinfo() needs to involve talking to a majority; ${block}`,
    'for x in [x for x in s if not x.isLeader()][:3]: x.crash()\nleader().getfileinfomap()  # waits until one is restored',
  ),
  replication(
    'refusal-waits',
    0.25,
    'without a majority no version is refused either',
    'Every operation, including updatefile() and getfileinfo() needs to involve talking to a majority of the nodes (why is that?)',
    "for x in [x for x in s if not x.isLeader()][:3]: x.crash()\nleader().updatefile('k', 7, ['h'])  # waits, then False",
  ),
  replication(
    'others-served',
    0.5,
    'while an update waits, the other calls are answered',
    'Always returns the correct answer (isleader, iscrashed); GetVersion even when they are crashed',
    "# while the update waits, in another terminal:\nprint([x.isLeader() for x in s], leader().tester_getversion('k'))  # at once, 0",
  ),
  replication(
    'waiting-ends',
    0.5,
    'calls that waited are answered rightly within 5 s once a majority is back',
    'if a majority of the nodes are crashed, should block until a majority recover',
    '# while the update waits, in another terminal:\nnext(x for x in s if x.isCrashed()).restore()',
  ),
  replication(
    'keeps-all',
    0.5,
    'when all servers are crashed and restored nothing acknowledged is lost',
    'crash() and restore() only simulate a crash: the log is kept, so you do not need to persist it',
    "leader().updatefile('l', 1, ['h']); [x.crash() for x in s]; [x.restore() for x in s]; sleep(5)\nprint(leader().tester_getversion('l'))  # 1",
  ),
  replication(
    'old-terms',
    0.5,
    'an entry of an earlier term is not committed by counting its holders',
    'The RAFT paper, section 5.4.2 and figure 8 (sections 5 and 8 are required reading)',
    '# docs/grading.md tells the six crashes of figure 8',
  ),
  replication(
    'calls-answered',
    0.5,
    'under faults the leader answers calls while a majority is up',
    'As long as a majority of the nodes are up and not in a crashed state, the clients should be able to interact with the system successfully',
    '# the report of the concurrent part has every call that was not',
  ),
  replication(
    'linearizable',
    1,
    'under faults and with many clients all answers fit one order of the operations',
    'stays consistent regardless of failures [...] replicated state machine',
    '# the report of the concurrent part draws the shortest bad history',
  ),
  replication(
    'nothing-lost',
    0.5,
    'under faults no acknowledged update is lost',
    'stays consistent regardless of failures',
    '# the report of the concurrent part names the update',
  ),
  replication(
    'no-early-answers',
    0.25,
    'under faults nothing is answered without a majority',
    block,
    '# the report of the concurrent part names the call',
  ),
  replication(
    'replicas-equal',
    0.5,
    'in the end all servers have the same versions, and each still runs',
    'The leader should attempt to bring it up to date each heartbeat',
    "print([x.tester_getversion('h') for x in s])",
  ),
];

export function assertionOf(id: string): Assertion {
  const found = assertions.find((assertion) => assertion.id === id);
  if (found === undefined) throw new Error(`there is no assertion ${id}`);
  return found;
}
