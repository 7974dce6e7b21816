"""A follower that is crashed while the others go on has what it missed one second after it is restored."""

import time

from surf import CATCH_UP_S, Cluster, equal, main


def run(addresses):
    cluster = Cluster(addresses)
    leader = cluster.leader()
    third = 3 if leader != 3 else 2
    name = "crashed_follower.txt"

    equal(cluster[leader].updatefile(name, 1, ["a"]), True, "version 1")
    time.sleep(CATCH_UP_S)
    equal(cluster[third].tester_getversion(name), 1, "version on the follower")

    equal(cluster[third].crash(), True, "crash")
    equal(cluster[leader].updatefile(name, 2, ["b"]), True, "version 2 without the follower")
    equal(cluster[third].tester_getversion(name), 1, "version on the crashed follower")

    equal(cluster[third].restore(), True, "restore")
    time.sleep(CATCH_UP_S)
    equal(cluster[third].tester_getversion(name), 2, "version on the restored follower")
    equal(cluster[leader].isLeader(), True, "the leader still leads")


main(run)
