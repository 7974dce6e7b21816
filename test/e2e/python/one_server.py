"""One server: every call of a tester answers soon, with something that can be printed."""

import time
import xmlrpc.client

from surf import Cluster, check, equal, main


def run(addresses):
    cluster = Cluster(addresses)
    [server] = cluster.servers

    def call(method, *args):
        """The answer or the fault, as a tester prints it."""
        started_at = time.monotonic()
        try:
            answer = getattr(server, method)(*args)
        except xmlrpc.client.Fault as fault:
            answer = fault
        check(str(answer) != "", "%s gives something to print" % method)
        check(time.monotonic() - started_at < 2, "%s answers at once" % method)
        return answer

    cluster.leader()
    equal(call("ping"), True, "ping")
    equal(call("isLeader"), True, "isLeader")
    equal(call("isCrashed"), False, "isCrashed")
    equal(call("crash"), True, "crash")
    equal(call("isCrashed"), True, "isCrashed after crash")
    equal(call("isLeader"), False, "isLeader after crash")
    equal(call("restore"), True, "restore")
    equal(call("isCrashed"), False, "isCrashed after restore")
    # It is its own majority: restored, it leads at once.
    equal(call("isLeader"), True, "isLeader after restore")
    equal(call("tester_getversion", "Test.txt"), 0, "version of a file never written")
    equal(call("updatefile", "Test.txt", 3, [1, 2, 3]), False, "a version that is not the next one")
    equal(call("tester_getversion", "Test.txt"), 0, "version after a refused update")
    equal(call("updatefile", "Test.txt", 1, [1, 2, 3]), True, "the first version")
    equal(call("tester_getversion", "Test.txt"), 1, "version after the update")
    equal(call("getfileinfomap"), {"Test.txt": [1, [1, 2, 3]]}, "the map")


main(run)
