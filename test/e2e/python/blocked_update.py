"""Three of five servers are up and one of them is crashed: an update waits. The leader is crashed: it ends."""

import time

from surf import Cluster, Waiting, check, equal, main


def run(addresses):
    up = range(3)
    cluster = Cluster(addresses)
    leader = cluster.leader(up)
    follower = next(i for i in up if i != leader)
    equal(cluster[leader].updatefile("blocked.txt", 1, []), True, "an update with three of five up")

    equal(cluster[follower].crash(), True, "crash of a follower")
    update = Waiting(addresses[leader], "updatefile", "blocked.txt", 2, ["x"])
    listing = Waiting(addresses[leader], "getfileinfomap")
    update.still_waits_after(10.5)
    listing.still_waits_after(0)
    equal(cluster[leader].isLeader(), True, "the leader keeps leading")
    equal(cluster[leader].tester_getversion("blocked.txt"), 1, "no version without a majority")

    equal(cluster[leader].crash(), True, "crash of the leader")
    crashed_at = time.monotonic()
    for call in (update, listing):
        fault = call.fault(1.0, "the call on the crashed leader ends")
        check(fault.faultString.startswith("isCrashed"), "the fault says why: %r" % fault)
    check(time.monotonic() - crashed_at < 1.0, "the calls end at once")


main(run)
