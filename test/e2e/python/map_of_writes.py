"""Only the leader takes updates, and the map is what was written."""

from surf import Cluster, check, equal, fault_of, main


def run(addresses):
    cluster = Cluster(addresses)
    leader = cluster.leader()
    before = cluster[leader].getfileinfomap()
    written = {"map_%d.txt" % i: [1, ["hash %d" % i, "h" * i]] for i in range(10)}

    for server in cluster.followers(leader):
        fault = fault_of(cluster[server].updatefile, "map_0.txt", 1, ["from a follower"])
        check(fault.faultString.startswith("notLeader"), "not the leader: %r" % fault)
        check(addresses[leader] in fault.faultString, "the fault names the leader: %r" % fault)
        fault_of(cluster[server].getfileinfomap)
    for name, (version, hashes) in written.items():
        equal(cluster[leader].updatefile(name, version, hashes), True, name)

    equal(cluster[leader].getfileinfomap(), {**before, **written}, "the map")


main(run)
