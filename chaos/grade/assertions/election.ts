import type { Assertion } from './assertion.js';

const timing =
  'When a majority of the nodes are up and running and can communicate with each other, one of those nodes should be elected as leader within 5 seconds';

/** The assertions on leader election, in the order in which they are judged. */
export const electionAssertions: readonly Assertion[] = [
  election(
    'starts',
    0.5,
    'a server starts from a config file and its number, and listens on its port',
    'Would start the server with a configuration file of myconfig.txt. It would tell the newly started server that it is server #3 in the set of processes.',
    '# ./run-server.sh myconfig.txt 0 &\nprint(s[0].isLeader())',
  ),
  election(
    'alone',
    0.25,
    'one server of five does not lead',
    'Start one instance. It should start up, become a candidate, but not become a leader',
    '# start server 0 alone\nsleep(2.5); print(s[0].isLeader())  # False',
  ),
  election(
    'two-of-five',
    0.5,
    'two servers of five elect nobody',
    'Start a second instance, it should also not become leader',
    '# start servers 0 and 1\nsleep(2.5); print([x.isLeader() for x in s[:2]])  # [False, False]',
  ),
  election(
    'third-elects',
    1,
    'with the third of five servers there is one leader within 5 s',
    'Start the third instance. At this point, one of the three nodes should be elected leader (since now a majority of the 5 nodes are up, i.e., 3).',
    '# start servers 0, 1 and 2\nsleep(5); print([x.isLeader() for x in s[:3]])  # one True',
  ),
  election(
    'leader-remains',
    0.25,
    'the leader remains when the fourth and the fifth server start',
    'Start the fourth and fifth nodes. These nodes should become followers, and the previously elected leader should remain the leader.',
    '# start servers 3 and 4\nsleep(2); print([x.isLeader() for x in s])  # the same one',
  ),
  election(
    'stable',
    0.5,
    'without failures the leader stays the leader',
    'sufficient for a single leader to be elected and—in the absence of failures—stay the leader',
    'for _ in range(20): print([x.isLeader() for x in s]); sleep(0.5)',
  ),
  election(
    'few-rpcs',
    0.25,
    'servers send each other few messages when nobody calls',
    'A single node should be able to handle up to O(10) RPC calls per second. Do not create an implementation with an excessive number of RPC calls (well above this limit)',
    '# count the calls of appendEntries in your server for ten seconds',
  ),
  election(
    'little-cpu',
    0.25,
    'servers do not burn the processor when nobody calls',
    'RPC limits: [...] as that might cause our testing framework to malfunction',
    '# top -p $(pgrep -d, -f server)\n# a thread that runs `while True: pass` shows there',
  ),
  election(
    'little-log',
    0.25,
    'servers write few lines to their log',
    'try to minimize excessive logging. If there is a ton of log messages, it can interfere with the grader.',
    '# ./run-server.sh myconfig.txt 0 | pv -l > /dev/null',
  ),
  election(
    'hooks-form',
    0.25,
    'isLeader and isCrashed answer True or False, crash and restore answer without a fault',
    'isleader(): True if the server thinks it is a leader. Always returns the correct answer',
    'print(s[0].isLeader(), s[0].isCrashed(), s[0].crash(), s[0].isCrashed(), s[0].restore())',
  ),
  election(
    'crash-state',
    0.5,
    'a crashed server answers, and says that it is crashed and does not lead',
    'iscrashed(): True if the server is in a crashed state. Always returns the correct answer. Crashing a server that is already crashed has no effect',
    's[0].crash(); print(s[0].isCrashed(), s[0].isLeader())  # True False\ns[0].crash(); print(s[0].isCrashed()); s[0].restore()',
  ),
  election(
    'restored-answers',
    0.25,
    'a restored server answers its first call, and says that it is no longer crashed',
    'restore(): Causes the server to recover and no longer be crashed',
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
    'Kill the leader. One of the remaining (N-1) nodes should be elected to leader within 5 seconds',
    'leader().crash(); sleep(5); print([x.isLeader() for x in s])  # another one',
  ),
  election(
    'restored-follows',
    0.25,
    'a leader that crashed comes back as a follower',
    'isleader(): True if the server thinks it is a leader. Always returns the correct answer',
    'l = leader(); l.crash(); sleep(5); l.restore(); print(l.isLeader())  # False',
  ),
  election(
    'no-majority-no-leader',
    0.5,
    'once a majority is crashed nobody becomes leader',
    'Once you kill enough leaders that a majority of the nodes are no longer up, then no nodes should become leader',
    'for _ in range(3): leader().crash(); sleep(5)\nprint([x.isLeader() for x in s])  # all False',
  ),
  election(
    'unknown-method',
    0.25,
    'a call of a method that does not exist ends in a fault, and the server lives on',
    'Our autograding code will call the isleader/crash/restore/iscrashed methods as part of testing your codebase.',
    's[0].noSuchMethod()  # a Fault\nprint(s[0].isLeader())',
  ),
  election(
    'killed-leaders',
    0.5,
    'leaders that are killed have successors, until the majority is gone',
    'Kill the next leader. Continue doing this, noting that new leaders will get elected within 5 seconds',
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
    'Implementing leader election and heartbeats (empty AppendEntries calls) should be sufficient for a single leader to be elected',
    '# while servers are crashed and restored, ask all of them:\nprint([x.isLeader() for x in s])  # never two for long',
  ),
  election(
    'leader-in-time',
    0.5,
    'under faults there is a leader within 5 s whenever a majority is up',
    timing,
    '# while servers are crashed and restored:\nprint([x.isLeader() for x in s])',
  ),
];

function election(id: string, weight: number, title: string, source: string, python: string): Assertion {
  return { id, part: 'election', title, weight, source, python };
}
