"""A file that was never written has version 0 on every server, crashed ones included."""

from surf import Cluster, equal, fault_of, main


def run(addresses):
    cluster = Cluster(addresses)
    leader = cluster.leader()
    crashed = cluster.followers(leader)[0]
    equal(cluster.versions("never written"), [0] * len(addresses), "versions")
    equal(cluster[crashed].crash(), True, "crash")
    equal(cluster.versions("never written"), [0] * len(addresses), "versions, one server crashed")
    equal(cluster[crashed].isCrashed(), True, "isCrashed")
    fault_of(cluster[crashed].getfileinfomap)
    equal(cluster[crashed].restore(), True, "restore")
    equal(cluster.versions("never written"), [0] * len(addresses), "versions after restore")


main(run)
