import type { Assertion } from './assertion.js';

const block = 'clients should block and not receive a response until a majority are restored';
const majority =
  'Every operation, including updatefile() and getfileinfo() needs to involve talking to a majority of the nodes (why is that?)';
const consistent =
  'To ensure that the Metadata store is fault tolerant and stays consistent regardless of failures, we can implement it as a replicated state machine design';

/** The assertions on replication, in the order in which they are shown. */
export const replicationAssertions: readonly Assertion[] = [
  replication(
    'first-update',
    0.5,
    'the leader takes the first version of a file',
    'updatefile(): If the node is the leader, and if a majority of the nodes are working, should return the correct answer',
    "print(leader().updatefile('a', 1, ['h1']))  # True",
  ),
  replication(
    'update-form',
    0.25,
    'updatefile answers True or False',
    'updatefile(): Updates a file’s metadata [...] should return the correct answer',
    "print(repr(leader().updatefile('b', 1, ['h1'])))  # True, not None",
  ),
  replication(
    'map-form',
    0.25,
    'getfileinfomap answers a map of name to [version, hash list]',
    'getFileinfoMap(): Returns metadata from the filesystem',
    "leader().updatefile('c', 1, ['h1', 'h2'])\nprint(leader().getfileinfomap()['c'])  # [1, ['h1', 'h2']]",
  ),
  replication(
    'hashes-returned',
    0.25,
    'a hash list is returned as it was written',
    'getFileinfoMap(): [...] should return the correct answer',
    "leader().updatefile('d', 1, ['h1', 'h2'])\nprint(leader().getfileinfomap()['d'][1] == ['h1', 'h2'])  # True",
  ),
  replication(
    'version-form',
    0.25,
    'tester_getversion answers a whole number',
    'tester_getversion(): Returns the version of the given file in the server’s metadata map, even if the server is in a crashed state.',
    "leader().updatefile('e', 1, ['h1'])\nprint(repr(leader().tester_getversion('e')))  # 1",
  ),
  replication(
    'version-of-missing',
    0.25,
    'tester_getversion answers 0 (or None) for a file that was never written',
    'Note that the followers (and leaders) need always implement GetVersion, even when they are crashed.',
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
    'updatefile() should only be applied when the given version number is exactly one higher than the version stored in the leader.',
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
    'multiple clients can update the Metadata of a file in a concurrent manner.',
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
    majority,
    'for x in [x for x in s if not x.isLeader()][:3]: x.crash()\nleader().getfileinfomap()  # waits until one is restored',
  ),
  replication(
    'refusal-waits',
    0.25,
    'without a majority no version is refused either',
    majority,
    "for x in [x for x in s if not x.isLeader()][:3]: x.crash()\nleader().updatefile('k', 7, ['h'])  # waits, then False",
  ),
  replication(
    'others-served',
    0.5,
    'while an update waits, the other calls are answered',
    'isleader(), iscrashed(): Always returns the correct answer',
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
    'Because we’re only simulating crashes, you do not need to persist your replicated log on the filesystem',
    "leader().updatefile('l', 1, ['h']); [x.crash() for x in s]; [x.restore() for x in s]; sleep(5)\nprint(leader().tester_getversion('l'))  # 1",
  ),
  replication(
    'old-terms',
    0.5,
    'an entry of an earlier term is not committed by counting its holders',
    'The RAFT paper: Section 1, 2, 4, 5, 8, and 11 are required reading (this is figure 8, section 5.4.2)',
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
    consistent,
    '# the report of the concurrent part draws the shortest bad history',
  ),
  replication(
    'nothing-lost',
    0.5,
    'under faults no acknowledged update is lost',
    consistent,
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

function replication(id: string, weight: number, title: string, source: string, python: string): Assertion {
  return { id, part: 'replication', title, weight, source, python };
}
