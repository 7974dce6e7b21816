"""What holds for a cluster of any size: elections, majorities, blocked calls and catching up."""

import time

from surf import CATCH_UP_S, Cluster, Waiting, check, equal, fault_of, main


def run(addresses):
    cluster = Cluster(addresses)
    leader = cluster.leader()
    check_roles(cluster, leader)
    version = check_minority(cluster, leader)
    if len(addresses) > 1:
        check_blocked(cluster, leader, version)
    check_leaders_crashed(cluster, leader)
    leader = cluster.restore_all()
    equal(cluster[leader].getfileinfomap(), expected_map(version), "the map after all crashes")
    equal(cluster[leader].updatefile("any.txt", version + 1, []), True, "an update after all crashes")


def expected_map(version):
    return {"any.txt": [version, ["v%d" % version]]}


def update(cluster, leader, version):
    equal(cluster[leader].updatefile("any.txt", version, ["v%d" % version]), True, "version %d" % version)


def check_roles(cluster, leader):
    equal(cluster.versions("any.txt"), [0] * len(cluster.servers), "versions before any update")
    for server in cluster.followers(leader):
        for call in (fault_of(cluster[server].updatefile, "any.txt", 1, []), fault_of(cluster[server].getfileinfomap)):
            check(call.faultString.startswith("notLeader"), "not the leader: %r" % call)
    equal(cluster[leader].getfileinfomap(), {}, "the map before any update")
    update(cluster, leader, 1)
    reached = sum(version == 1 for version in cluster.versions("any.txt"))
    check(reached >= cluster.majority, "version 1 on %d servers when updatefile has replied" % reached)
    equal(cluster[leader].getfileinfomap(), expected_map(1), "the map")
    for wrong in (0, 1, 3, -1):
        equal(cluster[leader].updatefile("any.txt", wrong, ["wrong"]), False, "wrong version %d" % wrong)


def check_minority(cluster, leader):
    """All but a bare majority are crashed: the service goes on, and they catch up."""
    version = 1
    crashed = cluster.followers(leader)[: len(cluster.servers) - cluster.majority]
    for server in crashed:
        equal(cluster[server].crash(), True, "crash")
        version += 1
        update(cluster, leader, version)
        equal(cluster[server].tester_getversion("any.txt"), version - 1, "version on the crashed server")
    equal(cluster[leader].getfileinfomap(), expected_map(version), "the map with a bare majority")
    for server in crashed:
        equal(cluster[server].restore(), True, "restore")
    time.sleep(CATCH_UP_S)
    equal(cluster.versions("any.txt"), [version] * len(cluster.servers), "versions one second later")
    return version


def check_blocked(cluster, leader, version):
    """One more is crashed: calls wait, until one comes back."""
    followers = cluster.followers(leader)
    crashed = followers[: len(cluster.servers) - cluster.majority + 1]
    for server in crashed:
        equal(cluster[server].crash(), True, "crash")
    stale = Waiting(cluster.addresses[leader], "updatefile", "any.txt", version, ["stale"])
    listing = Waiting(cluster.addresses[leader], "getfileinfomap")
    stale.still_waits_after(1.5)
    listing.still_waits_after(0)
    equal(cluster[crashed[0]].restore(), True, "restore")
    equal(stale.result(1.0, "the update once a majority is back"), False, "a wrong version that waited")
    equal(listing.result(1.0, "the listing once a majority is back"), expected_map(version), "the map that waited")
    for server in crashed:
        equal(cluster[server].restore(), True, "restore")


def check_leaders_crashed(cluster, leader):
    """Each crash of a leader brings a new one in time, until there is no majority any more."""
    for up in range(len(cluster.servers) - 1, -1, -1):
        equal(cluster[leader].crash(), True, "crash of the leader")
        equal(cluster[leader].isLeader(), False, "isLeader of a crashed server")
        if up < cluster.majority:
            cluster.nobody_leads(2.5)
            return
        leader = cluster.leader(other_than=leader)


main(run)
